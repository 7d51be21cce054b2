"""Whom the CRLs of a server keep out, though nothing else speaks against them."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.nginx.chain_check import ChainCheck
from mtls_lint.nginx.material import CrlFile, ServerCertificate, TrustFile, ca_files, opened_ca_files
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.pki.client_trust import is_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.verify import Verdict
    from mtls_lint.pki.verify_errors import VerifyError


class LockOut(Struct, frozen=True):
    """A CRL error that keeps out every client of ``ca``, or the client whose own certificate that is.

    ``checked`` is the certificate of its chain for which no good CRL is there; ``issuer`` the CA whose CRL it
    needs, None where that is not in the chain.
    """

    ca: "Certificate"
    error: "VerifyError"
    checked: "Certificate"
    issuer: "Certificate | None"

    @property
    def issuer_name(self) -> str:
        """How the CA whose CRL is wanted is called."""
        return self.issuer.display_name if self.issuer is not None else self.checked.issuer


class CheckedClients(Struct, frozen=True):
    """Servers that check the same clients alike.

    ``given`` are the certificates of the file that is meant for clients: of ``ssl_client_certificate``, and
    only without it of ``ssl_trusted_certificate``, which else is there for stapling or to end chains.
    """

    check: ChainCheck
    given: "tuple[Certificate, ...]"
    servers: tuple[VirtualServer, ...]

    def locked_out(self, now: datetime, *, deltas: bool = True) -> tuple[LockOut, ...]:
        """Every CRL error that keeps out the clients of a CA; ``deltas`` are read as older OpenSSL does."""
        check = self.check if deltas else self.check.without_deltas
        found: list[LockOut] = []
        for ca in self.given:
            if ca.is_ca and check.without_crls.clients_of(ca, now).ok:
                found += _lock_outs(ca, check.clients_of(ca, now))
        return tuple(found)

    def pinned_out(self, now: datetime) -> "Iterator[LockOut]":
        """The client certificates that are pinned and kept out, with the first error each."""
        for certificate in self.given:
            if is_pinned(certificate) and not certificate.is_ca:
                alone = (certificate,)
                if self.check.without_crls.verify(alone, now).ok:
                    yield from _lock_outs(certificate, self.check.verify(alone, now))[:1]

    def knows_issuer(self, crl: "RevocationList") -> bool:
        """Whether some trusted certificate can have issued the CRL."""
        return any(crl.may_be_issued_by(certificate) for certificate in self.check.store)


def checked_clients(crl_file: CrlFile, ctx: Context) -> tuple[CheckedClients, ...]:
    """The servers of a CRL file, those that check alike together; what is not known is recorded, left out."""
    groups: dict[tuple[ChainCheck, tuple[Certificate, ...]], list[VirtualServer]] = {}
    for server in crl_file.servers:
        check = ctx.chain_check(server)
        files = ca_files(ctx.configuration, server)
        given = ctx.certificates(files[0]) if check is not None and files else None
        if check is not None and given is not None:
            groups.setdefault((check, tuple(dict.fromkeys(given))), []).append(server)
    return tuple(CheckedClients(check, given, tuple(all_)) for (check, given), all_ in groups.items())


def passing_intermediates(server: VirtualServer, ctx: Context) -> "tuple[Certificate, ...]":
    """The intermediates of the server's CA files whose clients get in, revocation apart."""
    check = ctx.chain_check(server)
    if check is None:
        return ()
    checked = check.without_crls
    return tuple(
        ca for ca in check.store if ca.is_ca and not ca.self_signed and checked.clients_of(ca, ctx.now).ok
    )


def issuer_at_hand(
    leaf: "Certificate", pair: ServerCertificate, server: VirtualServer, ctx: Context
) -> bool | None:
    """Whether nginx has the certificate of the leaf's issuer, which it needs for stapling.

    It looks behind the leaf in its file, and among the CAs that the server has opened
    (ngx_ssl_stapling_issuer). None (and recorded) when a file is not there.
    """
    file = ctx.readable(pair.certificate)
    if file is None:
        return None
    if any(one.may_have_issued(leaf) for one in file.chain[1:]):
        return True
    for trust in _opened_by(ctx.configuration).get(server, ()):
        certificates = ctx.certificates(trust.reference)
        if certificates is None:
            return None
        if any(one.may_have_issued(leaf) for one in certificates):
            return True
    return False


@kept
def _opened_by(configuration: Configuration) -> dict[VirtualServer, list[TrustFile]]:
    """The CA files that each server opens."""
    found: dict[VirtualServer, list[TrustFile]] = {}
    for trust in opened_ca_files(configuration):
        for server in trust.servers:
            found.setdefault(server, []).append(trust)
    return found


def _lock_outs(ca: "Certificate", verdict: "Verdict") -> list[LockOut]:
    return [
        LockOut(ca, error, checked, next((c for c in verdict.chain if c.may_have_issued(checked)), None))
        for error, checked in verdict.errors
    ]
