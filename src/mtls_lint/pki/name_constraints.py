"""Name constraints, tested as OpenSSL does (crypto/x509/v3_ncons.c)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from mtls_lint.expressions import expression
from mtls_lint.pki import names
from mtls_lint.pki.verify_errors import VerifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.extensions import GeneralNames

_DNS_LIKE = expression(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+"
)
_EMAIL_ATTRIBUTE = "1.2.840.113549.1.9.1"


def violations(chain: Sequence[Certificate]) -> Iterator[tuple[VerifyError, Certificate]]:
    """Every violation in a chain, leaf first, in the order in which OpenSSL finds them.

    The constraints of the anchor count too; a self-issued CA is not tested, only a leaf is.
    """
    for depth in reversed(range(len(chain))):
        certificate = chain[depth]
        if depth and certificate.self_issued:
            continue
        for issuer in reversed(chain[depth + 1 :]):
            error = _violation(certificate, issuer, leaf=depth == 0)
            if error is not None:
                yield error, certificate


def _violation(certificate: Certificate, issuer: Certificate, *, leaf: bool) -> VerifyError | None:
    permitted, excluded = issuer.extensions.permitted, issuer.extensions.excluded
    if permitted is None and excluded is None:
        return None
    for kind, name in _names(certificate, leaf=leaf):
        bases = _of_kind(permitted, kind) if permitted is not None else ()
        if bases and not any(_within(kind, name, base) for base in bases):
            return VerifyError.PERMITTED_VIOLATION
        if excluded is not None and any(_within(kind, name, base) for base in _of_kind(excluded, kind)):
            return VerifyError.EXCLUDED_VIOLATION
    return None


def _names(certificate: Certificate, *, leaf: bool) -> Iterator[tuple[str, object]]:
    """Subject, its e-mail attributes, SANs; for a leaf without dNSName, common names that look like one."""
    if certificate.canonical_subject:
        yield "directory", certificate.canonical_subject
    for address in certificate.subject_values(_EMAIL_ATTRIBUTE):
        yield "email", address
    alternatives = certificate.extensions.alternative_names
    for kind in _WITHIN:
        for value in _of_kind(alternatives, kind):
            yield kind, value
    if leaf and not alternatives.dns:
        for name in certificate.subject_values(names.COMMON_NAME):
            if _DNS_LIKE.fullmatch(name):
                yield "dns", name


def _of_kind(found: GeneralNames, kind: str) -> Sequence[object]:
    values: Sequence[object] = getattr(found, kind)
    return values


def _within(kind: str, name: object, base: object) -> bool:
    return _WITHIN[kind](name, base)


def _dns_within(name: str, base: str) -> bool:
    name, base = name.lower(), base.lower()
    if not base or name == base:
        return True
    return name.endswith(base) and (base.startswith(".") or name[-len(base) - 1] == ".")


def _host_within(host: str, base: str) -> bool:
    host, base = host.lower(), base.lower()
    if base.startswith("."):
        return len(host) > len(base) and host.endswith(base)
    return host == base


def _email_within(name: str, base: str) -> bool:
    local, _, host = name.rpartition("@")
    wanted, at, wanted_host = base.rpartition("@")
    if at:
        return (not wanted or local == wanted) and host.lower() == wanted_host.lower()
    return _host_within(host, base)


def _uri_within(name: str, base: str) -> bool:
    _, separator, rest = name.partition("://")
    host = re.split(r"[:/]", rest, maxsplit=1)[0]
    return bool(separator and host) and _host_within(host, base)


def _ip_within(name: str, base: str) -> bool:
    address, network = ipaddress.ip_address(name), ipaddress.ip_network(base)
    return address.version == network.version and address in network


def _directory_within(name: names.CanonicalName, base: names.CanonicalName) -> bool:
    return name[: len(base)] == base


_WITHIN: dict[str, Callable[..., bool]] = {
    "directory": _directory_within,
    "email": _email_within,
    "dns": _dns_within,
    "uri": _uri_within,
    "ip": _ip_within,
}
