"""Clients that connect: with a real chain, verified by what the configuration's files hold."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.nginx.asking import asks_ocsp
from mtls_lint.nginx.chain_check import DELTA_DOUBT, Reader, chain_check
from mtls_lint.nginx.decision import Verdict
from mtls_lint.nginx.material import TrustFile, checks_crls
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.pki.name_forms import as_legacy, as_rfc2253, name_of, read_name
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtls_lint.pki.certificate import Certificate


class ChainClient(Struct, frozen=True):
    """A client that sends ``chain`` (leaf first); ``read`` gives the files the configuration names."""

    configuration: Configuration
    chain: "Sequence[Certificate]"
    read: Reader

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:
        """The verdict OpenSSL gives for ``server``; ``unknown`` when a file it needs is not there."""
        check = chain_check(self.configuration, server, [one.reference for one in trust], self.read)
        if isinstance(check, Unknown):
            return Verdict(ok=False, text="not evaluated", unknown=check.reason)
        verdict = check.verify(self.chain, now)
        text = verdict.text.removeprefix("FAILED:")
        unknown = None
        if verdict.ok and asks_ocsp(server):
            unknown = "ssl_ocsp: a responder says whether the certificate is good"
        has_delta = any(crl.is_delta for crl in check.crls or ())
        if has_delta and check.without_deltas.verify(self.chain, now).error is not verdict.error:
            unknown = DELTA_DOUBT
        return Verdict(verdict.ok, text, verdict.sentence, verdict.soft, unknown)

    def variables(self) -> dict[str, str | Unknown]:
        """What nginx's variables say of the certificate."""
        leaf = self.chain[0]
        subject, issuer = name_of(leaf.native.subject), name_of(leaf.native.issuer)
        return {
            "ssl_client_s_dn": as_rfc2253(subject),
            "ssl_client_i_dn": as_rfc2253(issuer),
            "ssl_client_s_dn_legacy": as_legacy(subject),
            "ssl_client_i_dn_legacy": as_legacy(issuer),
            "ssl_client_serial": leaf.serial,
            "ssl_client_fingerprint": leaf.sha1,
        }


_CLIENT_FACTS = ("s_dn", "i_dn", "s_dn_legacy", "i_dn_legacy", "serial", "fingerprint")


class ClassClient(Struct, frozen=True):
    """Any client whose chain ends at a CA of the file ``ca``; at none that is trusted where it is None.

    ``verdict`` is what the chain check says of the class where its CA is trusted (and of one that needs no
    CA, such as what has expired): without it the certificates are in order.
    """

    ca: str | None
    verdict: Verdict | None = None

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:  # noqa: ARG002
        """Whether the server trusts the class, and if so what else speaks against it."""
        if self.ca is None and self.verdict is not None:
            return self.verdict
        if self.ca is not None and any(one.reference.path == self.ca for one in trust):
            return self.verdict or Verdict(ok=True)
        return Verdict(ok=False, text="unable to verify the first certificate", soft=True)

    def variables(self) -> dict[str, str | Unknown]:
        """Of a class of clients no name is known."""
        unknown = Unknown("the certificate's name is that of any client of its CA")
        return dict.fromkeys((f"ssl_client_{name}" for name in _CLIENT_FACTS), unknown)


SOMEBODY_ELSE = "CN=somebody else"
"""A name that no configuration knows."""

NO_FINGERPRINT = "0" * 40
"""A fingerprint that no configuration knows."""

FRESH_SERIAL = "5D0C6A1F92E3B7485A60D1C39F7E2B84"
"""A serial number as CAs choose them by lot, which no configuration knows."""


class Facts(Struct, frozen=True):
    """What a certificate says: names in the form of ``$ssl_client_s_dn``, serial number, fingerprint.

    The ``issuer`` is None where it is not known.
    """

    subject: str
    issuer: str | None = None
    serial: str = FRESH_SERIAL
    fingerprint: str = NO_FINGERPRINT

    def variables(self) -> dict[str, str | Unknown]:
        """The values of nginx's variables, without ``$``."""
        unknown = Unknown("which CA issues the certificate is not known")
        return {
            "ssl_client_s_dn": self.subject,
            "ssl_client_i_dn": unknown if self.issuer is None else self.issuer,
            "ssl_client_s_dn_legacy": as_legacy(read_name(self.subject) or ()),
            "ssl_client_i_dn_legacy": (
                unknown if self.issuer is None else as_legacy(read_name(self.issuer) or ())
            ),
            "ssl_client_serial": self.serial,
            "ssl_client_fingerprint": self.fingerprint,
        }


class KnownClient(Struct, frozen=True):
    """A client with a certificate of a CA in the file ``ca``, of which everything is known.

    ``supposed`` is a variable (without ``$``) with a value that it shall have, whatever the certificate says.
    """

    ca: str | None
    facts: Facts
    supposed: tuple[str, str] | None = None

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:
        """As for any client of the CA."""
        return ClassClient(self.ca).verify(server, trust, now)

    def variables(self) -> dict[str, str | Unknown]:
        """What the certificate says, but for what is supposed."""
        known = self.facts.variables()
        if self.supposed is not None:
            known[self.supposed[0]] = self.supposed[1]
        return known


class Stranger(Struct, frozen=True):
    """A client with a certificate of its own making, which nobody vouches for.

    ``subject``, ``issuer`` and ``serial`` are what it likes, in the form of nginx's variables. Without an
    ``issuer`` it is self-signed. Where ``ssl_crl`` is set, that is refused for want of a CRL, but a
    certificate whose CA is not sent is not (docs/evidence.md: trust).
    """

    subject: str = "CN=stranger"
    issuer: str | None = None
    serial: str | None = None

    def verify(self, server: VirtualServer, trust: tuple[TrustFile, ...], now: datetime) -> Verdict:  # noqa: ARG002
        """Never trusted; as a rule with an error that ``optional_no_ca`` lets pass."""
        if self.issuer is not None:
            return Verdict(ok=False, text="unable to verify the first certificate", soft=True)
        if checks_crls(server):
            return Verdict(ok=False, text="unable to get certificate CRL")
        return Verdict(ok=False, text="self-signed certificate", soft=True)

    def variables(self) -> dict[str, str | Unknown]:
        """What it likes; the fingerprint is one that no configuration knows."""
        return Facts(self.subject, self.issuer or self.subject, self.serial or FRESH_SERIAL).variables()
