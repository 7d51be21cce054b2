"""Certificate files as rules see them: read once, and an answer of their own when they are not there."""

import os.path
from collections.abc import Callable, Collection
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.lint.accounts import worker
from mtls_lint.lint.file_access import GROUP_WRITES, Writer, writers
from mtls_lint.lint.running import CLOCKS_DIFFER, Master, Unloaded
from mtls_lint.nginx.chain_check import ChainCheck, chain_check, verify_depth
from mtls_lint.nginx.file_uses import FileUse, Purpose, file_uses
from mtls_lint.nginx.material import (
    FileReference,
    KeyPair,
    TrustFile,
    ca_files,
    client_trust,
    crl_file,
    opened_ca_files,
    server_certificates,
)
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.passage import Barrier, barriers
from mtls_lint.nginx.tls import conf_commands, security_level
from mtls_lint.nginx.upstream_certificates import upstream_certificates
from mtls_lint.nginx.upstream_tls import UpstreamPass, upstream_passes
from mtls_lint.nginx.webroots import Webroots
from mtls_lint.pki.permissions import Access, AccessStore, Account
from mtls_lint.pki.store import FileState, PemFile, PemStore
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.chain import ChainReport
    from mtls_lint.pki.client_trust import ClientTrust
    from mtls_lint.pki.key import PrivateKey
    from mtls_lint.pki.ocsp import StapledResponse
    from mtls_lint.pki.partners import Partner, PartnerCA
    from mtls_lint.pki.validity import LifetimeState


_TRUST = (
    "ssl_verify_client", "ssl_client_certificate", "ssl_trusted_certificate", "ssl_crl", "ssl_verify_depth",
    "ssl_ciphers", "ssl_conf_command",
)  # fmt: skip
"""The settings that decide whom a server trusts, and how it checks them."""


class Unanswered(Struct, frozen=True):
    """No answer: what was not evaluated, where, and why; each rule that asks records that in its own name."""

    reasons: tuple[tuple[Span, str], ...]


class Evidence:
    """The files that a configuration names, read through one store."""

    def __init__(
        self,
        configuration: Configuration,
        store: PemStore,
        running: Callable[[Configuration], Master | None] | None = None,
    ) -> None:
        """``running`` finds the nginx that runs by the configuration; without it none is looked for."""
        self._configuration = configuration
        self._find_running = running
        self._store = store
        self._access = AccessStore()
        self.chains: dict[str | None, ChainReport] = {}
        """What was found in the certificate files that could be read, by path."""
        self._closed: set[tuple[int, ...]] = set()
        # By settings that are the same objects, and checks by what they come to as well.
        self._trusts: dict[tuple[object, ...], ClientTrust] = {}
        self._checks: dict[tuple[object, ...], ChainCheck] = {}
        self.lifetimes: dict[tuple[datetime, int | None], dict[Certificate, LifetimeState]] = {}
        """Where a moment stands in each certificate's lifetime, by that moment and the horizon."""
        self.unreadable = False
        """Whether some file that is there could not be read."""

    def read(self, reference: FileReference) -> PemFile | None:
        """The file; None when its path cannot be known."""
        path = reference.path
        if path is None:
            return None
        file = self._store.known.get(path) or self._store.read(path)
        if file.state is FileState.UNREADABLE:
            self.unreadable = True
        return file

    @kept
    def _trusting(self, server: VirtualServer) -> tuple[object, ...]:
        """What decides whom a server trusts and how it checks them: equal for servers that do alike."""
        return (server.module, *[id(server.setting(name)) for name in _TRUST])

    @kept
    def client_trust(self, server: VirtualServer) -> "ClientTrust | Unanswered":
        """Everything a server trusts for its clients."""
        alike = self._trusting(server)
        answer = self._trusts.get(alike) or self._client_trust(server)
        if not isinstance(answer, Unanswered):
            self._trusts[alike] = answer
        return answer

    def _client_trust(self, server: VirtualServer) -> "ClientTrust | Unanswered":
        for command in ("VerifyCAFile", "VerifyCAPath", "VerifyCAStore"):
            for directive in conf_commands(server, command):
                reason = f"ssl_conf_command {command} replaces what is trusted for clients"
                return Unanswered(((directive.span, reason),))
        settings = [server.setting(name) for name in ("ssl_client_certificate", "ssl_trusted_certificate")]
        for setting in settings:
            if setting.unknown is not None:
                return Unanswered(((server.span, setting.unknown.reason),))
        references = client_trust(self._configuration, server)
        for reference in references:
            file = self.read(reference)
            if file is None:
                return Unanswered(((reference.span, _no_path(reference)),))
            refused: str | None = file.reason if file.state is not FileState.READ else None
            if file.doubts or (file.certificate_defect and reference.directive.name != "ssl_crl"):
                refused = file.certificate_defect or file.doubts[0]
            if refused is not None:
                return Unanswered(((reference.span, f"{reference.written}: {refused}"),))
        complete = not any(setting.assumed for setting in settings)
        return self._trust_in(tuple(reference.path or "" for reference in references), complete)

    @kept
    def _trust_in(self, paths: tuple[str, ...], complete: bool) -> "ClientTrust":
        """Thousands of servers trust the same files: what they trust is one object."""
        from mtls_lint.pki.client_trust import ClientTrust  # noqa: PLC0415 - only where there are files

        certificates = (certificate for path in paths for certificate in self._store.read(path).certificates)
        return ClientTrust(tuple(dict.fromkeys(certificates)), complete=complete)

    @kept
    def certificates_at(self, paths: tuple[str, ...]) -> "frozenset[Certificate]":
        """All certificates of the files at these paths; one object, however many servers trust them."""
        return frozenset(one for path in paths for one in self._store.read(path).certificates)

    @kept
    def chain_check(self, server: VirtualServer) -> ChainCheck | Unanswered:
        """What a server's handshake checks chains with; one object for all servers that check alike."""
        alike = self._trusting(server)
        answer = self._checks.get(alike) or self._chain_check(server)
        if not isinstance(answer, Unanswered):
            self._checks[alike] = answer
        return answer

    def _chain_check(self, server: VirtualServer) -> ChainCheck | Unanswered:
        trust = self.client_trust(server)
        if isinstance(trust, Unanswered):
            return trust
        files, crl = ca_files(self._configuration, server), crl_file(self._configuration, server)
        alike = (
            tuple(reference.path for reference in files),
            crl.path if crl is not None else None,
            verify_depth(server),
            security_level(server),
        )
        known = self._checks.get(alike)
        if known is not None:
            return known
        check = chain_check(self._configuration, server, files, self.read)
        if isinstance(check, Unknown):
            reasons = [(server.setting("ssl_crl").span or server.span, check.reason)]
            if crl is not None and crl.path is None:
                reasons.append((crl.span, _no_path(crl)))
            return Unanswered(tuple(reasons))
        self._checks[alike] = check
        return check

    @kept
    def chain_checks(self, trust: TrustFile) -> "dict[ChainCheck, tuple[VirtualServer, ...]]":
        """The chain checks that are known of the servers that trust a file, each with these servers."""
        found: dict[ChainCheck, list[VirtualServer]] = {}
        for server in trust.servers:
            check = self.chain_check(server)
            if not isinstance(check, Unanswered):
                found.setdefault(check, []).append(server)
        return {check: tuple(servers) for check, servers in found.items()}

    @kept
    def barriers(
        self, path: str, check: ChainCheck, now: datetime, *, soft_passes: bool
    ) -> "tuple[Barrier, ...]":
        """The CAs of a file by which nobody gets in (see ``passage.barriers``)."""
        return barriers(check, self._store.read(path).certificates, now, soft_passes=soft_passes)

    def key(self, pair: KeyPair) -> "PrivateKey | None":
        """The key nginx uses for ``pair``, opened with its passwords where they fit; None without one."""
        return self.opened_key(pair.key, pair.passwords) if pair.key is not None else None

    def opened_key(self, key: FileReference, passwords: FileReference | None) -> "PrivateKey | None":
        """The key nginx takes from a file, opened with ``passwords`` where they fit; None without one."""
        file = self.read(key)
        if file is None or not file.keys:
            return None
        if not file.keys[0].encrypted or passwords is None or passwords.path is None:
            return file.keys[0]
        from mtls_lint.pki.key import load_keys, passwords_from  # noqa: PLC0415 - only for encrypted keys

        data = self._store.bytes_of(passwords.path)
        return load_keys(file, passwords_from(data) if data is not None else ())[0]

    def stapled(self, reference: FileReference) -> "StapledResponse":
        """The OCSP response in a file that could be read; ValueError says why there is none in it."""
        from mtls_lint.pki.ocsp import StapledResponse  # noqa: PLC0415 - cryptography: only where it is asked

        return StapledResponse.from_der(self._store.bytes_of(reference.path or "") or b"")

    def is_missing(self, reference: FileReference) -> bool:
        """Whether an absent file is really missing, not just left out of a copy of the configuration.

        In repositories certificates are usually absent, and that says nothing. A file is missing where
        its neighbours are: when another file that the configuration names stands in the same directory,
        or when the configuration is linted in the very place that the (absolute) path points into.
        """
        file = self.read(reference)
        if file is None or reference.path is None or file.state is not FileState.ABSENT:
            return False
        if self._store.place_of(reference.path) is None:
            return False
        tree = self._configuration.tree
        if not tree.is_fragment and reference.written.startswith("/"):
            home = os.path.abspath(tree.main_directory)
            if os.path.commonpath((home, reference.path)) == home != "/":
                return True
        return os.path.dirname(reference.path) in self._inhabited

    def access(self, reference: FileReference) -> Access | str:
        """Who may read and replace the file, or why that is not known.

        In a working copy the permissions are those of a checkout, whatever they are on the server. A path
        that is absolute in the configuration names the file that nginx opens itself.
        """
        if reference.path is None:
            return _no_path(reference)
        if not reference.written.startswith("/") and self._is_working_copy:
            return "it lies in a working copy, whose permissions are not those of the server"
        if self._store.place_of(reference.path) != reference.path:
            return "it is a copy, whose permissions are not those of the server"
        return self._access.of(reference.path)

    def writers(self, access: Access) -> tuple[Writer | Unknown, ...]:
        """Who else can write a file or what is above it (see ``file_access.writers``).

        Where it is nobody, the same holds for all files of that directory with the same owner and mode.
        """
        file = access.file
        listed = bool(file.mode & GROUP_WRITES) and file.acl
        alike = (id(access.directories), file.owner, file.group, file.mode, listed)
        if alike in self._closed:
            return ()
        found = tuple(writers(access, self.worker))
        if not found:
            self._closed.add(alike)
        return found

    def unloaded(self, reference: FileReference) -> Unloaded | None:
        """Whether the nginx that runs here has read the file before it was last changed.

        None where no nginx runs by this configuration, and where the file is not its own.
        """
        master = self._running
        access = self.access(reference) if master is not None else ""
        if master is None or not isinstance(access, Access):
            return None
        changed = datetime.fromtimestamp(access.changed, timezone.utc)
        return Unloaded(master, changed) if changed - master.loaded > CLOCKS_DIFFER else None

    @cached_property
    def _running(self) -> Master | None:
        return self._find_running(self._configuration) if self._find_running is not None else None

    @cached_property
    def uses(self) -> tuple[FileUse, ...]:
        """Every use of every file; worked out once."""
        return file_uses(self._configuration)

    def uses_for(self, purposes: Collection[Purpose]) -> list[FileUse]:
        """The uses of files that nginx opens for these purposes, in their order."""
        opened = self._opened
        return [use for _, use in sorted(pair for one in purposes for pair in opened.get(one, ()))]

    @cached_property
    def _opened(self) -> dict[Purpose, list[tuple[int, FileUse]]]:
        found: dict[Purpose, list[tuple[int, FileUse]]] = {}
        for index, use in enumerate(self.uses):
            if use.opened:
                found.setdefault(use.purpose, []).append((index, use))
        return found

    @cached_property
    def passes(self) -> tuple[UpstreamPass, ...]:
        """Every place that hands requests on; worked out once."""
        return upstream_passes(self._configuration)

    @cached_property
    def webroots(self) -> Webroots:
        """The document roots of the configuration."""
        return Webroots(self._configuration)

    @cached_property
    def worker(self) -> Account | Unknown:
        """The user of nginx's workers."""
        return worker(self._configuration)

    @cached_property
    def _is_working_copy(self) -> bool:
        home = os.path.abspath(self._configuration.tree.main_directory)
        # etckeeper keeps /etc itself under version control.
        while home != os.path.dirname(home) and home != "/etc":
            if any(os.path.exists(os.path.join(home, name)) for name in (".git", ".hg", ".svn")):
                return True
            home = os.path.dirname(home)
        return False

    def chain(self, reference: FileReference) -> "ChainReport | None":
        """What the certificate file holds, in its order: ``chains`` keeps it.

        An intermediate that is not in it is looked for in all files that the configuration names.
        """
        file = self.read(reference)
        if file is None or reference.path is None:
            return None
        from mtls_lint.pki.chain import inspect_chain  # noqa: PLC0415 - only where there are certificates

        report = self.chains[reference.path] = inspect_chain(file.chain, self._issuers)
        return report

    @kept
    def partner_cas(self, path: str) -> "tuple[tuple[Partner, PartnerCA, bool], ...]":
        """The CAs of partners in the file at ``path``, and whether only its name tells (``known_cas``)."""
        from mtls_lint.pki.partners import known_cas  # noqa: PLC0415 - only where there are certificates

        file = self._store.read(path)
        return known_cas(path, file.certificates, absent=file.state is FileState.ABSENT)

    @kept
    def _issuers(self, certificate: "Certificate") -> "tuple[Certificate, ...]":
        """Who of all files that the configuration names issued a certificate; thousands have the same."""
        from mtls_lint.pki.chain import issuers_of  # noqa: PLC0415 - as above

        names = dict.fromkeys((certificate.canonical_issuer, certificate.issuer_der))
        return issuers_of(certificate, dict.fromkeys(c for n in names for c in self._by_subject.get(n, ())))

    @cached_property
    def _by_subject(self) -> "dict[object, list[Certificate]]":
        """Every certificate in the files that the configuration names, by name in either form.

        With thousands of servers, looking through all of them for each issuer would be quadratic.
        """
        found: dict[object, list[Certificate]] = {}
        for certificate in self._certificates():
            for name in {certificate.canonical_subject, certificate.subject_der}:
                found.setdefault(name, []).append(certificate)
        return found

    @cached_property
    def _pairs(self) -> tuple[KeyPair, ...]:
        """The certificates that nginx presents, to clients and to backends."""
        return (*server_certificates(self._configuration), *upstream_certificates(self._configuration))

    def _certificates(self) -> "tuple[Certificate, ...]":
        references = [pair.certificate for pair in self._pairs]
        references += [trust.reference for trust in opened_ca_files(self._configuration)]
        # A file that thousands of servers name is gone through once.
        files = {file.path: file for reference in references if (file := self.read(reference)) is not None}
        return tuple(dict.fromkeys(one for file in files.values() for one in file.certificates))

    @cached_property
    def _inhabited(self) -> frozenset[str]:
        references: list[FileReference | None] = []
        for pair in self._pairs:
            references += (pair.certificate, pair.key, pair.passwords)
        references += (trust.reference for trust in opened_ca_files(self._configuration))
        return frozenset(
            os.path.dirname(reference.path)
            for reference in references
            if reference is not None
            and reference.path is not None
            and self._store.read(reference.path).state is FileState.READ
        )


def _no_path(reference: FileReference) -> str:
    return reference.unknown.reason if reference.unknown is not None else "no path"
