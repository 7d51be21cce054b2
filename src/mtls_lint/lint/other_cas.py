"""Certificates of another CA than the one that is meant, which a check of identity takes for the same."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.lint.holders import Holder, Issuer, Reception, was_judged
from mtls_lint.nginx.anonymous import Served
from mtls_lint.nginx.clients import SOMEBODY_ELSE
from mtls_lint.nginx.identity_tests import SERIAL, IdentityTest
from mtls_lint.pki.names import values
from mtls_lint.pki.partners import shared_ca
from mtls_lint.pki.public_cas import public_cas

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate

_ORGANIZATION = "2.5.4.10"
_GENERATION = expression(r"[\s\-_]*\(?\b(?:[GRXEV]?\d+|new|old|next|previous)\)?$", re.IGNORECASE)
"""What tells the generations of one CA apart: ``G2``, ``R3``, ``2026``."""

_BY_LOT = 8
"""Hexadecimal digits from which on two CAs do not come upon one serial number by counting."""


class Double(Struct, frozen=True):
    """``impostor`` gets the ``place`` as the ``holder`` does, whose CA is another one."""

    test: IdentityTest
    holder: Holder
    impostor: Holder
    place: Served


def doubles(reception: Reception, *, by_serial: bool) -> Iterator[Double]:
    """The tests that take certificates of two CAs for the same, each with the first example.

    Tests of the serial number alone where ``by_serial``, else those of the client's name. CAs of the web, and
    a partner's that all of his customers trust, have rules of their own.
    """
    about = reception.sample(is_serial if by_serial else is_client_name)
    if not about:
        return
    read = [issuer.certificate for issuer in reception.issuers if issuer.certificate is not None]
    known = public_cas(read)
    private = [
        issuer
        for issuer in reception.issuers
        if issuer.certificate is not None
        and issuer.certificate not in known
        and shared_ca(issuer.certificate) is None
    ]
    if len(private) < 2:
        return
    for test in about:
        for value in test.passing[:1]:
            found = _double(test, value, reception, private)
            if found is not None:
                yield found


def is_serial(test: IdentityTest) -> bool:
    """Whether a test is about the serial number."""
    return test.variable == SERIAL


def is_client_name(test: IdentityTest) -> bool:
    """Whether a test is about the client's name."""
    return test.is_name and not test.of_issuer


def _double(test: IdentityTest, value: str, reception: Reception, issuers: list[Issuer]) -> Double | None:
    holder = reception.privileged(test, value)
    if holder is None:
        return None
    privileges = reception.privileges(holder, test)
    counted = test.variable == SERIAL and len(value) < _BY_LOT
    for issuer in reversed(issuers):
        if not _differ(holder.issuer, issuer, issuers, counted=counted):
            continue
        subject = SOMEBODY_ELSE if test.variable == SERIAL else holder.facts.subject
        impostor = holder.another(subject, issuer)
        gained = reception.privileges(impostor, test)
        for uri in sorted(privileges.keys() & gained.keys()):
            if was_judged(test, gained[uri]) and not _enters_anyway(reception, issuer):
                return Double(test, holder, impostor, gained[uri])
    return None


def _enters_anyway(reception: Reception, issuer: Issuer) -> bool:
    """Whether a CA of a second file lets anybody in: that is trusted-certificate-widens-trust's."""
    second = issuer.reference is not reception.issuers[0].reference
    return second and bool(reception.given(reception.anybody(issuer).client))


def _differ(one: Issuer, other: Issuer, issuers: list[Issuer], *, counted: bool) -> bool:
    """Whether two CAs are different ones, and in different hands where serial numbers are drawn by lot."""
    first, second = one.certificate, other.certificate
    if first is None or second is None or first == second or _same_key(first, second):
        return False
    if _is_above(first, second) or _is_above(second, first):
        return False
    if counted:
        return True
    tops = (_top(first, issuers), _top(second, issuers))
    return not (_same_key(*tops) or _same_owner(*tops))


def _same_key(one: "Certificate", other: "Certificate") -> bool:
    return one.canonical_subject == other.canonical_subject or (
        one.public_key is not None and one.public_key == other.public_key
    )


def _is_above(one: "Certificate", other: "Certificate") -> bool:
    """Whether one CA has issued the other: it is then there for CAs, and both are in the same hands."""
    return not other.self_signed and one.may_have_issued(other)


def _top(certificate: "Certificate", issuers: list[Issuer]) -> "Certificate":
    """The certificate of the configuration at which its chain ends."""
    for _ in issuers:
        above = (i.certificate for i in issuers if i.certificate is not None)
        found = next((one for one in above if one != certificate and _is_above(one, certificate)), None)
        if found is None:
            break
        certificate = found
    return certificate


def _same_owner(one: "Certificate", other: "Certificate") -> bool:
    """Whether the names say so: one organisation, or one CA and its successor."""
    organizations = [
        {value.casefold() for value in values(certificate.native.subject, _ORGANIZATION)}
        for certificate in (one, other)
    ]
    if organizations[0] & organizations[1]:
        return True
    names = [
        _GENERATION.sub("", certificate.common_name or "").strip().casefold() for certificate in (one, other)
    ]
    return bool(names[0]) and names[0] == names[1] and not (organizations[0] or organizations[1])
