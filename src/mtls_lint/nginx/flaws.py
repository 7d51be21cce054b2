"""Certificates that one server refuses, though it trusts their CA, and the handshake of another lets pass."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.nginx.asking import asks_ocsp
from mtls_lint.nginx.chain_check import DELTA_DOUBT, Reader, chain_check, trusts_all, verify_depth
from mtls_lint.nginx.material import FileReference, ca_files, crl_file
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.crl import RevocationList

EXPIRED, REVOKED, TOO_DEEP = "expired", "revoked", "too deep"


class Flaw(Struct, frozen=True):
    """What is wrong with a certificate: one of the words above.

    A revoked one is listed in the file ``crl`` (None: OCSP says so), one that is too deep has
    ``intermediates`` or more between it and the trusted CA.
    """

    kind: str
    crl: str | None = None
    intermediates: int = 0


def passing_flaws(
    configuration: Configuration,
    server: VirtualServer,
    judge: VirtualServer,
    read: Reader,
    now: datetime,
) -> Iterator[tuple[Flaw, str | None]]:
    """The flaws for which ``server`` refuses a certificate that the handshake with ``judge`` lets pass.

    With each flaw comes the reason why that is not certain, None where it is. That both trust the
    certificate's CA is for the caller to know.
    """
    asking = "off" not in {server.verify_client, judge.verify_client}
    if server is judge or not asking or judge.setting("ssl_reject_handshake").is_on:
        return
    yield from _revoked(configuration, server, judge, read, now)
    depth = verify_depth(server)
    if verify_depth(judge) > depth and _allows(configuration, judge, depth + 1, read):
        yield Flaw(TOO_DEEP, intermediates=depth + 1), _doubt("ssl_verify_depth", server, judge)


def shared_cas(
    configuration: Configuration, server: VirtualServer, judge: VirtualServer, read: Reader
) -> Iterator[str]:
    """The files of CAs of ``judge`` whose CAs ``server`` trusts all, perhaps by another file."""
    own = ca_files(configuration, server)
    for reference in ca_files(configuration, judge):
        if reference.path is not None:
            alike = trusts_all(own, (reference,), read)
            if alike and not isinstance(alike, Unknown):
                yield reference.path


def _revoked(
    configuration: Configuration,
    server: VirtualServer,
    judge: VirtualServer,
    read: Reader,
    now: datetime,
) -> Iterator[tuple[Flaw, str | None]]:
    own, ocsp = crl_file(configuration, server), asks_ocsp(server)
    # Where the judge asks OCSP the CA itself tells it, and who gets no good answer is refused.
    if (own is None and not ocsp) or asks_ocsp(judge):
        return
    there = crl_file(configuration, judge)
    flaw = Flaw(REVOKED, own.path if own is not None else None)
    doubt = _doubt("ssl_crl", server, judge) or _doubt("ssl_ocsp", server, judge)
    if there is None or doubt is not None:
        yield flaw, doubt
    elif own is not None and own.path != there.path:
        escapes = _escapes(configuration, server, judge, read, now)
        if escapes:
            yield flaw, escapes.reason if isinstance(escapes, Unknown) else None
    elif ocsp:
        reason = f"whether {there.written} lists what OCSP says is revoked is known to the CA alone"
        yield Flaw(REVOKED), reason


def _escapes(
    configuration: Configuration,
    server: VirtualServer,
    judge: VirtualServer,
    read: Reader,
    now: datetime,
) -> bool | Unknown:
    """Whether the CRLs of ``server`` list a certificate that those of ``judge`` let pass.

    Of a CA without a current CRL the judge lets nobody pass; of several OpenSSL takes the newest
    (docs/evidence.md: trust).
    """
    both = judge.scope.version < (1, 27, 2)
    listed = _crls(configuration, server, (), read)
    others = _crls(configuration, judge, ca_files(configuration, judge) if both else (), read)
    if isinstance(listed, Unknown):
        return listed
    if isinstance(others, Unknown):
        return others
    known = _newest([crl for crl in others if crl.is_current(now)])
    for issuer, crl in _newest(listed).items():
        its = known.get(issuer)
        if its is not None and crl.revoked_serials - its.revoked_serials:
            return True
    return False


def _crls(
    configuration: Configuration, server: VirtualServer, trust: Sequence[FileReference], read: Reader
) -> "Sequence[RevocationList] | Unknown":
    check = chain_check(configuration, server, trust, read)
    if isinstance(check, Unknown):
        return check
    crls = check.crls or ()
    if any(crl.is_delta for crl in crls):
        return Unknown(DELTA_DOUBT)
    return crls


def _newest(crls: "Sequence[RevocationList]") -> "dict[object, RevocationList]":
    ordered = sorted(crls, key=lambda crl: crl.last_update)
    return {crl.canonical_issuer: crl for crl in ordered}


def _allows(configuration: Configuration, server: VirtualServer, intermediates: int, read: Reader) -> bool:
    """Whether some CA of the server may have so many intermediates below it, as far as can be read."""
    check = chain_check(configuration, server, ca_files(configuration, server), read)
    if isinstance(check, Unknown):
        return True
    lengths = [anchor.path_length for anchor in check.trust.anchors]
    return any(length is None or length >= intermediates for length in lengths)


def _doubt(name: str, *servers: VirtualServer) -> str | None:
    unknown = (server.setting(name).unknown for server in servers)
    return next((one.reason for one in unknown if one is not None), None)
