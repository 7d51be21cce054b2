"""What one server's handshake checks the chains of clients with, and one place those of its backends."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.nginx.material import FileReference, crl_file
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.tls import security_level
from mtls_lint.nginx.upstream_tls import UpstreamPass
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.pki.peer import Peer
from mtls_lint.pki.pem import BlockKind
from mtls_lint.pki.store import FileState, PemFile, PemStore
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.anchors import Anchors
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.client_trust import ClientTrust
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.verify import Verdict

Reader = Callable[[FileReference], PemFile | None]
"""Gives the file that a configuration names; None when its path is not known."""


def reader(store: PemStore) -> Reader:
    """Read through ``store``."""
    return lambda reference: None if reference.path is None else store.read(reference.path)


_DEFAULT_SECURITY_LEVEL = 2
"""Of OpenSSL since 3.2 and of Debian's builds (docs/evidence.md: trust)."""


DELTA_DOUBT = "ssl_crl holds a delta CRL: older OpenSSL takes it for complete, newer passes over it"
"""Why a verdict is not certain where ``without_deltas`` comes to another one."""


class ChainCheck(Struct, frozen=True, dict=True):
    """The trusted certificates, the CRLs (None: revocation is not checked), the depth and the level.

    ``peer`` says whose chains are checked: those of clients, or those of upstream servers.
    """

    store: "tuple[Certificate, ...]"
    crls: "tuple[RevocationList, ...] | None"
    depth: int
    level: int
    peer: Peer = Peer.CLIENT

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # A store may have hundreds of certificates, and thousands of servers ask by their check.
        return hash((self.store, self.crls, self.depth, self.level, self.peer))

    def verify(self, chain: "Sequence[Certificate]", now: datetime) -> "Verdict":
        """What OpenSSL says of a peer that sends ``chain``, leaf first."""
        from mtls_lint.pki.verify import verify  # noqa: PLC0415 - cryptography, only when a chain is checked

        return verify(chain, self.anchors, self.depth, now, self.crls, self.level, self.peer)

    def clients_of(self, ca: "Certificate", now: datetime, sent: "tuple[Certificate, ...]" = ()) -> "Verdict":
        """What OpenSSL says of a client (or server) with a flawless certificate that ``ca`` has issued.

        Thousands of servers trust one file, by checks of their own, and many rules ask this of each: the CA
        keeps the answers, and with them the objects that they are known by.
        """
        terms = (self._terms, now, tuple(map(id, sent)))
        known = ca.verdicts.get(terms)
        if known is None:
            from mtls_lint.pki.verify import can_anything_pass  # noqa: PLC0415

            verdict = can_anything_pass(
                self.anchors, ca, self.depth, now, self.crls, self.level, sent, self.peer
            )
            known = ca.verdicts[terms] = ((self, sent), verdict)
        return known[1]

    @cached_property
    def _terms(self) -> tuple[object, ...]:
        # Certificates that are equal may differ in what a TRUSTED CERTIFICATE says: the very objects count.
        crls = None if self.crls is None else tuple(map(id, self.crls))
        return tuple(map(id, self.store)), crls, self.depth, self.level, self.peer.name

    @cached_property
    def anchors(self) -> "Anchors":
        """The trusted certificates, found by their names."""
        from mtls_lint.pki.anchors import Anchors  # noqa: PLC0415

        return Anchors(self.store)

    @cached_property
    def without_deltas(self) -> "ChainCheck":
        """The check as an OpenSSL makes it that passes over delta CRLs (docs/evidence.md: trust)."""
        complete = tuple(crl for crl in self.crls if not crl.is_delta) if self.crls is not None else None
        return replace(self, crls=complete)

    @cached_property
    def without_crls(self) -> "ChainCheck":
        """The check without revocation."""
        return self if self.crls is None else replace(self, crls=None)

    @cached_property
    def trust(self) -> "ClientTrust":
        """What each of the trusted certificates is good for."""
        from mtls_lint.pki.client_trust import ClientTrust  # noqa: PLC0415

        return ClientTrust(self.store)

    @cached_property
    def subjects(self) -> frozenset[object]:
        """The names of the trusted certificates, in either form."""
        return frozenset(name for one in self.store for name in (one.subject_der, one.canonical_subject))

    def may_pass(self, chain: "Sequence[Certificate]") -> bool:
        """Whether a chain of what a peer sends may end here, by the names alone: to ask before ``verify``."""
        return any(one.issuer_der in self.subjects or one.canonical_issuer in self.subjects for one in chain)

    def without(self, certificates: "Iterable[Certificate]") -> "ChainCheck":
        """The same check, with these certificates not trusted."""
        left_out = set(certificates)
        return replace(self, store=tuple(one for one in self.store if one not in left_out))


def verify_depth(server: VirtualServer) -> int:
    """How many intermediates the server allows in a client's chain."""
    value = server.setting("ssl_verify_depth").value or ""
    return int(value) if value.isdecimal() else 1


def crl_file_defect(file: PemFile, version: NginxVersion) -> str | None:
    """Why nginx of this version refuses a file that was read as that of ``ssl_crl``; None when it loads.

    Before 1.27.2 it is read for certificates and CRLs, and either will do (docs/evidence.md: trust).
    """
    if version >= (1, 27, 2):
        return file.crl_defect
    kinds = {block.kind for block in file.blocks}
    if kinds & {BlockKind.CERTIFICATE, BlockKind.TRUSTED_CERTIFICATE}:
        return file.certificate_defect or (file.crl_defect if BlockKind.CRL in kinds else None)
    return file.crl_defect


def chain_check(
    configuration: Configuration, server: VirtualServer, trust: Sequence[FileReference], read: Reader
) -> ChainCheck | Unknown:
    """The check of ``server``, which trusts the files ``trust``; Unknown when a file of it is not there."""
    material = _material(trust, crl_file(configuration, server), configuration.version, read)
    if isinstance(material, Unknown):
        return material
    return ChainCheck(*material, verify_depth(server), _level(security_level(server)))


def upstream_check(passing: UpstreamPass, read: Reader) -> ChainCheck | Unknown:
    """The check of one place's backends; Unknown when a file is not there, or a command replaces it.

    The files are read, and chains verified, by the same functions as those of clients
    (ngx_ssl_trusted_certificate, ngx_ssl_crl; docs/evidence.md: upstreams).
    """
    for command in ("VerifyCAFile", "VerifyCAPath", "VerifyCAStore"):
        if passing.conf_commands(command):
            name = passing.name_of("ssl_conf_command")
            return Unknown(f"{name} {command} replaces what is trusted for upstreams")
    if passing.trusted is None:
        return Unknown(f"{passing.name_of('ssl_trusted_certificate')} names no file")
    material = _material((passing.trusted,), passing.crl, passing.configuration.version, read)
    if isinstance(material, Unknown):
        return material
    return ChainCheck(*material, passing.depth, _level(passing.security_level), Peer.SERVER)


def _level(given: int | None) -> int:
    return _DEFAULT_SECURITY_LEVEL if given is None else given


def _material(
    trust: Sequence[FileReference], crl: FileReference | None, version: NginxVersion, read: Reader
) -> "tuple[tuple[Certificate, ...], tuple[RevocationList, ...] | None] | Unknown":
    """The trusted certificates and the CRLs (None without a file of them)."""
    store: dict[Certificate, None] = {}
    crls: list[RevocationList] | None = None
    for reference in (*trust, *([crl] if crl is not None else [])):
        file = _file(reference, read)
        if isinstance(file, Unknown):
            return file
        # Before 1.27.2 one lookup reads both kinds from each of the files (docs/evidence.md: trust).
        both = version < (1, 27, 2)
        if reference is not crl or both:
            store.update(dict.fromkeys(file.certificates))
        if reference is crl or (both and crl is not None):
            crls = [*(crls or ()), *file.crls]
    return tuple(store), tuple(crls) if crls is not None else None


def trusts_all(own: Sequence[FileReference], others: Sequence[FileReference], read: Reader) -> bool | Unknown:
    """Whether every certificate of the files ``others`` is in the files ``own`` too.

    Files are read only where their paths do not say it; Unknown when one of them is not there.
    """
    paths = {reference.path for reference in own}
    wanted: dict[Certificate, None] = {}
    for reference in others:
        if reference.path is None or reference.path not in paths:
            file = _file(reference, read)
            if isinstance(file, Unknown):
                return file
            wanted.update(dict.fromkeys(file.certificates))
    if not wanted:
        return True
    trusted: set[Certificate] = set()
    for reference in own:
        file = _file(reference, read)
        if isinstance(file, Unknown):
            return file
        trusted.update(file.certificates)
    return wanted.keys() <= trusted


def _file(reference: FileReference, read: Reader) -> PemFile | Unknown:
    file = read(reference)
    if file is None:
        reason = reference.unknown.reason if reference.unknown is not None else "not known"
        return Unknown(f"{reference.written}: {reason}")
    if file.state is not FileState.READ:
        return Unknown(f"{reference.written}: {file.reason}")
    return file
