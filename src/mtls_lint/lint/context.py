"""What a rule gets beside the thing it visits."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast, overload

from mtls_lint.lint.evidence import Evidence, Unanswered
from mtls_lint.lint.file_access import Readers, Writer, readers
from mtls_lint.lint.finding import NotEvaluated, Related
from mtls_lint.lint.running import Unloaded
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.chain_check import ChainCheck, crl_file_defect, upstream_check
from mtls_lint.nginx.clients import ClassClient
from mtls_lint.nginx.decision import Client
from mtls_lint.nginx.file_uses import FileUse, Purpose
from mtls_lint.nginx.inheritance import Holder
from mtls_lint.nginx.material import (
    FileReference,
    KeyPair,
    ServerCertificate,
    TrustFile,
    client_trust,
    reference_to,
)
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.passage import Barrier
from mtls_lint.nginx.upstream_tls import UpstreamPass
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.nginx.webroots import Webroot
from mtls_lint.pki.client_trust import ClientTrust
from mtls_lint.pki.permissions import Access
from mtls_lint.pki.store import FileState, PemFile
from mtls_lint.pki.validity import LifetimeState, crl_state, lifetime_state
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.chain import ChainReport
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.key import PrivateKey
    from mtls_lint.pki.partners import Partner, PartnerCA


_Answer = TypeVar("_Answer")


class Context:
    """The run as one rule sees it: the model, the certificate files, the settings and the clock.

    A rule opens no file and reads no clock: it asks here. Each question that finds no answer records, in
    the rule's name, that something was not evaluated and why, and returns None; the rule just goes on.
    """

    def __init__(
        self,
        rule: str,
        configuration: Configuration,
        evidence: Evidence,
        settings: Settings,
        now: datetime,
        record: Callable[[NotEvaluated], None],
    ) -> None:
        self.rule = rule
        self.configuration = configuration
        self.settings = settings
        self.now = now
        """The moment the run speaks of, with its time zone (``--now``)."""
        self._evidence = evidence
        self._lifetimes = evidence.lifetimes.setdefault((now, settings.expiry_days), {})
        self._record = record
        self._of_files: dict[tuple[str | None, object], object] = {}

    @property
    def version(self) -> NginxVersion:
        """The nginx version the run speaks of."""
        return self.configuration.version

    def not_evaluated(self, span: Span, reason: str) -> None:
        """Record that this rule could not decide something at ``span``, and why."""
        self._record(NotEvaluated(self.rule, span.path, span.line, reason))

    def version_unknown(self) -> None:
        """Record, once for all rules of versions, that something depends on which nginx it is.

        Nobody said; that the newest stable one is assumed says nothing about advisories.
        """
        span = self.configuration.tree.directives[0].span
        reason = "the version of nginx is not known: give --nginx-version or --nginx-binary"
        self._record(NotEvaluated("versions", span.path, span.line, reason))

    def carries_fix(self, cve: str) -> bool | None:
        """Whether the build that was asked has the fix of an advisory, whatever its number.

        None where no build was asked, or its makers' changelog does not tell.
        """
        return None if self.settings.build is None else self.settings.build.carries_fix(cve)

    def file(self, reference: FileReference) -> PemFile | None:
        """The file as it was found, whatever its state; None (and recorded) when its path is unknown."""
        file = self._evidence.read(reference)
        if file is None:
            self.not_evaluated(reference.span, reference.unknown.reason if reference.unknown else "no path")
        return file

    def is_missing(self, reference: FileReference) -> bool:
        """Whether an absent file is really missing here (see ``Evidence.is_missing``)."""
        return self._evidence.is_missing(reference)

    def files(self, purposes: Collection[Purpose]) -> Iterator[tuple[FileUse, tuple[Related, ...]]]:
        """Each file that nginx opens for these purposes: its first use, and the other places that name it."""
        by_path: dict[str, list[FileUse]] = {}
        for use in self._evidence.uses_for(purposes):
            by_path.setdefault(use.reference.path or use.reference.written, []).append(use)
        for first, *others in by_path.values():
            if not others:
                yield first, ()
                continue
            spans = dict.fromkeys(use.reference.span for use in others)
            yield (
                first,
                tuple(Related(span, "also used here") for span in spans if span != first.reference.span),
            )

    def partner_cas(self, reference: FileReference) -> "tuple[tuple[Partner, PartnerCA, bool], ...]":
        """The CAs of partners in a file (see ``partners.known_cas``); () where its path is not known."""
        if self.file(reference) is None or reference.path is None:
            return ()
        return self._evidence.partner_cas(reference.path)

    def webroots(self, reference: FileReference, limit: int = 3) -> tuple[Webroot, ...]:
        """Document roots above a file, with the URIs it has there; () too where its path is not known."""
        if reference.path is None:
            return ()
        return tuple(islice(self._evidence.webroots.above(reference.path), limit))

    def readers(self, reference: FileReference) -> Readers | None:
        """Who can read a file that only root should; None when nobody else, or (recorded) when not known."""
        access = self._evidence.access(reference)
        found = readers(access, self._evidence.worker) if isinstance(access, Access) else Unknown(access)
        if isinstance(found, Unknown):
            self.not_evaluated(reference.span, f"{reference.written}: {found.reason}")
            return None
        return found

    def writers(self, reference: FileReference) -> tuple[Writer, ...]:
        """Who besides root and the owner can replace a file; what is not known is recorded."""
        access = self._evidence.access(reference)
        if not isinstance(access, Access):
            self.not_evaluated(reference.span, f"{reference.written}: {access}")
            return ()
        found = self._evidence.writers(access)
        if not found:
            return ()
        for one in found:
            if isinstance(one, Unknown):
                self.not_evaluated(reference.span, f"{reference.written}: {one.reason}")
        return tuple(one for one in found if isinstance(one, Writer))

    def unloaded(self, reference: FileReference) -> Unloaded | None:
        """Whether the nginx that runs here by this configuration read the file before its last change.

        None, and nothing is recorded, where no such nginx runs: that is so wherever configurations are
        only kept.
        """
        return self._evidence.unloaded(reference)

    def readable(self, reference: FileReference) -> PemFile | None:
        """The file when it could be read; None (and recorded) otherwise."""
        file = self._evidence.read(reference) or self.file(reference)
        if file is None or file.state is FileState.READ:
            return file
        self.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
        return None

    def certificates(self, reference: FileReference) -> "tuple[Certificate, ...] | None":
        """The certificates nginx reads from the file; None (and recorded) when it cannot read any."""
        file = self.readable(reference)
        if file is None:
            return None
        facts = file.facts
        if facts.certificate_defect is not None:
            self.not_evaluated(reference.span, f"{reference.written}: {facts.certificate_defect}")
            return None
        return facts.certificates

    def of_file(
        self,
        reference: FileReference,
        question: "Callable[[tuple[Certificate, ...], Context], _Answer]",
    ) -> _Answer | None:
        """What ``question`` says of the certificates of a file; None (and recorded) when it has none.

        It is asked once, however many servers name the file: a function of the rule's module, which is told
        this context, too.
        """
        certificates = self.certificates(reference)
        if certificates is None:
            return None
        key = (reference.path, question)
        if key not in self._of_files:
            self._of_files[key] = question(certificates, self)
        return cast("_Answer", self._of_files[key])

    def certificates_in(self, references: Iterable[FileReference]) -> "frozenset[Certificate] | None":
        """All certificates of these files together; None when one of them is not there to be read.

        For comparisons that have an answer without the files too: their absence is not recorded.
        """
        paths = []
        for reference in references:
            file = self.file(reference)
            if file is None or file.state is not FileState.READ:
                return None
            paths.append(file.path)
        return self._evidence.certificates_at(tuple(paths))

    def crls(self, reference: FileReference) -> "tuple[RevocationList, ...] | None":
        """The CRLs nginx reads from the file of ``ssl_crl``; None (and recorded) when it cannot read it."""
        file = self.readable(reference)
        if file is None:
            return None
        reason = crl_file_defect(file, self.version) or next(iter(file.doubts), None)
        if reason is not None:
            self.not_evaluated(reference.span, f"{reference.written}: {reason}")
            return None
        return file.crls

    def leaf(self, reference: FileReference) -> "Certificate | None":
        """The first certificate of the file: the one nginx presents; None (and recorded) without one."""
        certificates = self.certificates(reference)
        return certificates[0] if certificates else None

    def replacement(self, pair: ServerCertificate) -> FileReference | None:
        """The certificate that takes this one's place; None where it keeps it.

        OpenSSL has one place for each kind of key, and of several certificates for it the last one stays
        (docs/evidence.md: certificates).
        """
        later = pair.listed[pair.listed.index(pair.directive) + 1 :]
        own = self.leaf(pair.certificate) if later else None
        if own is None:
            return None
        for directive in reversed(later):
            reference = reference_to(self.configuration, directive)
            other = self.leaf(reference)
            if other is not None and other.key_kind == own.key_kind:
                return reference
        return None

    @overload
    def presenters(self, pair: ServerCertificate) -> tuple[VirtualServer, ...]: ...

    @overload
    def presenters(self, pair: KeyPair) -> tuple[Holder, ...]: ...

    def presenters(self, pair: KeyPair) -> tuple[Holder, ...]:
        """The places that may show this certificate to somebody; none where another one replaces it."""
        if isinstance(pair, ServerCertificate) and len(pair.listed) > 1 and pair.presenters:
            return () if self.replacement(pair) is not None else pair.presenters
        return pair.presenters

    def chain(self, pair: KeyPair) -> "ChainReport | None":
        """What the certificate file of a pair holds, in its order; None (and recorded) without one.

        An intermediate that is not in it is looked for in all files that the configuration names.
        """
        reference = pair.certificate
        known = self._evidence.chains.get(reference.path)
        if known is not None or self.certificates(reference) is None:
            return known
        return self._evidence.chain(reference)

    def lifetime(self, certificate: "Certificate") -> LifetimeState:
        """Where the run's moment stands in the certificate's lifetime, by the horizon of the settings."""
        known = self._lifetimes.get(certificate)
        if known is None:
            known = self._lifetimes[certificate] = lifetime_state(
                certificate.not_before, certificate.not_after, self.now, self.settings.expiry_days
            )
        return known

    def crl_lifetime(self, crl: "RevocationList") -> LifetimeState:
        """Where the run's moment stands in the time of a CRL, by the horizon of the settings."""
        return crl_state(crl.last_update, crl.next_update, self.now, self.settings.expiry_days)

    def client_trust(self, server: VirtualServer) -> ClientTrust | None:
        """Everything a server trusts for its clients; None (and recorded) when part of it is not known."""
        return self._answered(self._evidence.client_trust(server))

    def chain_check(self, server: VirtualServer) -> ChainCheck | None:
        """What a server's handshake checks chains with; None (and recorded) when part of it is not known."""
        return self._answered(self._evidence.chain_check(server))

    def _answered(self, answer: _Answer | Unanswered) -> _Answer | None:
        if isinstance(answer, Unanswered):
            for span, reason in answer.reasons:
                self.not_evaluated(span, reason)
            return None
        return answer

    @property
    def upstream_passes(self) -> tuple[UpstreamPass, ...]:
        """Every place that hands requests on, in file order."""
        return self._evidence.passes

    def upstream_check(self, passing: UpstreamPass) -> ChainCheck | None:
        """What a place verifies its backends with; None (and recorded) when part of it is not known."""
        for name in ("ssl_trusted_certificate", "ssl_crl", "ssl_conf_command"):
            unknown = passing.setting(name).unknown
            if unknown is not None:
                self.not_evaluated(passing.span, unknown.reason)
                return None
        trusted, crl = passing.trusted, passing.crl
        if trusted is not None and self.certificates(trusted) is None:
            return None
        if crl is not None and self.crls(crl) is None:
            return None
        check = upstream_check(passing, self.file)
        if isinstance(check, Unknown):
            self.not_evaluated(passing.span, check.reason)
            return None
        return check

    def trusted_client(self, server: VirtualServer) -> Client:
        """Any client with a certificate that ``server`` accepts."""
        references = client_trust(self.configuration, server)
        return ClassClient(references[0].path if references else None)

    def chain_checks(self, trust: TrustFile) -> dict[ChainCheck, tuple[VirtualServer, ...]]:
        """The chain checks of the servers that trust a file, each with the servers that share it.

        A server for which part of its check is not known is left out (and recorded).
        """
        checks = self._evidence.chain_checks(trust)
        if sum(map(len, checks.values())) < len(trust.servers):
            for server in trust.servers:
                self.chain_check(server)
        return checks

    def barriers(
        self, reference: FileReference, check: ChainCheck, *, soft_passes: bool = False
    ) -> tuple[Barrier, ...]:
        """The CAs of a file by which nobody gets in (see ``passage.barriers``); worked out once a file.

        None (and recorded) are in a file that has no certificates.
        """
        if self.certificates(reference) is None or reference.path is None:
            return ()
        return self._evidence.barriers(reference.path, check, self.now, soft_passes=soft_passes)

    def key(self, pair: KeyPair) -> "PrivateKey | None":
        """The private key nginx uses, opened where a password fits; None (and recorded) without one.

        An encrypted key for which no password fits is returned closed (``opened`` is False).
        """
        if pair.key is None:
            return None
        file = self.readable(pair.key)
        if file is None:
            return None
        if file.key_defect is not None or not file.keys:
            self.not_evaluated(
                pair.key.span, f"{pair.key.written}: {file.key_defect or 'no private key in it'}"
            )
            return None
        return self._evidence.key(pair)
