"""Everything with an end that a configuration relies on: certificates, CRLs, responses; and its keys."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.lint.evidence import Evidence
from mtls_lint.nginx.file_uses import KEYS, FileUse, Purpose
from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.store import FileState, PemFile
from mtls_lint.pki.validity import LifetimeState, days_left, lifetime_state

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.key import PrivateKey


class Kind(Enum):
    """What an entry is."""

    CERTIFICATE = "certificate"
    CRL = "CRL"
    DELTA_CRL = "delta CRL"
    OCSP_RESPONSE = "OCSP response"
    PRIVATE_KEY = "private key"


class Use(Struct, frozen=True):
    """One place that uses an entry.

    ``role`` is what for, ``line`` where its block starts in the PEM file. ``fits`` tells of a key whether it
    belongs to its certificate; None where that is not known, and for what is no key.
    """

    role: str
    file: FileUse
    line: int = 1
    fits: bool | None = None


class Entry(Struct, frozen=True):
    """A certificate, CRL, OCSP response or private key; once, however many places use it.

    ``not_before`` and ``not_after`` are lastUpdate and nextUpdate of a CRL, thisUpdate and nextUpdate of a
    response, None of a key. ``sha256`` is the fingerprint; of a key that of its public half, None while it
    is closed. ``encrypted`` tells how a key is kept; an encrypted one without ``sha256`` could not be opened.
    """

    kind: Kind
    name: str
    subject: str | None = None
    issuer: str | None = None
    alternative_names: tuple[str, ...] = ()
    algorithm: str | None = None
    bits: int | None = None
    signature: str | None = None
    sha256: str | None = None
    serial: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    encrypted: bool = False
    uses: tuple[Use, ...] = ()

    @property
    def opened(self) -> bool:
        """Whether nginx reads it at some place."""
        return any(use.file.opened for use in self.uses)

    def state(self, now: datetime) -> LifetimeState | None:
        """Valid, expired or not yet valid; None for keys."""
        if self.not_before is None:
            return None
        return lifetime_state(
            self.not_before, self.not_after or datetime.max.replace(tzinfo=now.tzinfo), now, 0
        )

    def days_left(self, now: datetime) -> int | None:
        """Whole days until its end, negative behind it; None without an end."""
        return None if self.not_after is None else days_left(self.not_after, now)

    def fails_in(self, now: datetime) -> timedelta | None:
        """How long until it fails, negative when it has; zero when it is not yet valid, None for never."""
        if self.not_before is not None and now < self.not_before:
            return timedelta()
        return None if self.not_after is None else self.not_after - now


class NotRead(Struct, frozen=True):
    """A file, or part of one, that is not in the inventory, and why.

    ``counts`` is False where nginx does not open it, or no file was to be read: the path is known only at
    run time, or the key is in an engine.
    """

    path: str
    reason: str
    uses: tuple[FileUse, ...]
    counts: bool


class Inventory(Struct, frozen=True):
    """The entries by what fails first, and what could not be read."""

    entries: tuple[Entry, ...]
    not_read: tuple[NotRead, ...]
    now: datetime

    def within(self, time: timedelta) -> "Inventory":
        """Only what nginx uses and what has failed or fails within ``time``; what was not read stays."""
        entries = tuple(entry for entry in self.entries if entry.opened and _fails(entry, self.now, time))
        return replace(self, entries=entries)

    @property
    def complete(self) -> bool:
        """Whether every file that counts could be read."""
        return not any(entry.counts for entry in self.not_read)


def inventory(configuration: Configuration, evidence: Evidence, now: datetime) -> Inventory:
    """What the configuration uses, read through ``evidence``."""
    collected = _Collected(configuration, evidence)
    for use in evidence.uses:
        if use.purpose in _READERS:
            collected.take(use)
    entries = sorted(collected.entries(), key=lambda entry: _order(entry, now))
    unread = [
        NotRead(problem.place, f"{problem.message}. {problem.hint}", (), counts=True)
        for problem in configuration.tree.problems
        if not problem.harmless
    ]
    return Inventory(tuple(entries), (*unread, *collected.not_read()), now)


def _fails(entry: Entry, now: datetime, time: timedelta) -> bool:
    left = entry.fails_in(now)
    return left is not None and left <= time


def _order(entry: Entry, now: datetime) -> tuple[bool, timedelta, str, str, str]:
    """What fails first; then what never does, and what nginx does not open."""
    left = entry.fails_in(now)
    never = left is None or not entry.opened
    return (
        never,
        left if left is not None else timedelta.max,
        entry.kind.value,
        entry.name,
        entry.sha256 or "",
    )


_Found = Iterator[tuple[object, Entry, Use]]


class _Collected:
    """Entries and unread files while the uses are gone through."""

    def __init__(self, configuration: Configuration, evidence: Evidence) -> None:
        self._evidence = evidence
        # Before 1.27.2 a certificate in the CRL file is trusted (docs/evidence.md: trust).
        self.crls_may_hold_cas = configuration.version < (1, 27, 2)
        self._entries: dict[object, Entry] = {}
        self._uses: dict[object, list[Use]] = {}
        self._not_read: dict[tuple[str, str], list[FileUse]] = {}
        self._counting: set[tuple[str, str]] = set()

    def take(self, use: FileUse) -> None:
        reference = use.reference
        file = self._evidence.read(reference)
        if file is None:
            reason = reference.unknown.reason if reference.unknown is not None else "no path"
            self._miss(reference.written, reason, use, counts=False)
        elif file.state is not FileState.READ:
            self._miss(file.path, file.reason or "", use, counts=use.opened)
        else:
            for key, entry, one in _READERS[use.purpose](self, use, file):
                self._entries.setdefault(key, entry)
                self._uses.setdefault(key, []).append(one)
            for doubt in file.doubts:
                self._miss(file.path, doubt, use, counts=use.opened)

    def entries(self) -> Iterator[Entry]:
        for key, entry in self._entries.items():
            yield replace(entry, uses=tuple(self._uses[key]))

    def not_read(self) -> Iterator[NotRead]:
        for (path, reason), uses in self._not_read.items():
            yield NotRead(path, reason, tuple(uses), (path, reason) in self._counting)

    def _miss(self, path: str, reason: str, use: FileUse, *, counts: bool) -> None:
        self._not_read.setdefault((path, reason), []).append(use)
        if counts:
            self._counting.add((path, reason))

    def chain(self, use: FileUse, file: PemFile) -> _Found:
        if file.certificate_defect is not None:
            self._miss(file.path, file.certificate_defect, use, counts=use.opened)
            return
        for index, certificate in enumerate(file.chain):
            role = use.purpose.value if index == 0 else f"chain of a {use.purpose.value}"
            yield certificate, _certificate(certificate), Use(role, use, certificate.line)

    def authorities(self, use: FileUse, file: PemFile) -> _Found:
        if file.certificate_defect is not None:
            self._miss(file.path, file.certificate_defect, use, counts=use.opened)
            return
        for certificate in file.certificates:
            yield certificate, _certificate(certificate), Use(use.purpose.value, use, certificate.line)

    def lists(self, use: FileUse, file: PemFile) -> _Found:
        trusted = file.certificates if self.crls_may_hold_cas and use.purpose is Purpose.CLIENT_CRL else ()
        for certificate in trusted:
            role = f"{Purpose.CLIENT_CA.value}, in the CRL file"
            yield certificate, _certificate(certificate), Use(role, use, certificate.line)
        if file.crl_defect is not None and not trusted:
            self._miss(file.path, file.crl_defect, use, counts=use.opened)
            return
        for crl in file.crls:
            yield crl.sha256, _revocation_list(crl), Use(use.purpose.value, use, crl.line)

    def key(self, use: FileUse, file: PemFile) -> _Found:
        key = self._evidence.opened_key(use.reference, use.passwords)
        if file.key_defect is not None or key is None:
            self._miss(file.path, file.key_defect or "there is no private key in it", use, counts=use.opened)
            return
        identity = key.public_sha256 or (file.path, key.line)
        yield identity, _private_key(key, file), Use(use.purpose.value, use, key.line, self._fits(use, key))

    def response(self, use: FileUse, file: PemFile) -> _Found:
        try:
            found = self._evidence.stapled(use.reference)
        except ValueError as error:
            self._miss(file.path, str(error), use, counts=use.opened)
            return
        entry = Entry(
            Kind.OCSP_RESPONSE,
            f"{found.status}: serial {found.serial}",
            signature=_signature(found.signature_family, found.signature_digest),
            sha256=found.sha256,
            serial=found.serial,
            not_before=found.this_update,
            not_after=found.next_update,
        )
        yield found.sha256, entry, Use(use.purpose.value, use)

    def _fits(self, use: FileUse, key: "PrivateKey") -> bool | None:
        file = self._evidence.read(use.certificate) if use.certificate is not None else None
        return key.matches(file.chain[0]) if file is not None and file.chain else None


_READERS: dict[Purpose, Callable[[_Collected, FileUse, PemFile], _Found]] = {
    Purpose.SERVER_CERTIFICATE: _Collected.chain,
    Purpose.UPSTREAM_CERTIFICATE: _Collected.chain,
    Purpose.CLIENT_CA: _Collected.authorities,
    Purpose.TRUSTED_CA: _Collected.authorities,
    Purpose.UPSTREAM_CA: _Collected.authorities,
    Purpose.CLIENT_CRL: _Collected.lists,
    Purpose.UPSTREAM_CRL: _Collected.lists,
    Purpose.STAPLING: _Collected.response,
    **dict.fromkeys(KEYS, _Collected.key),
}


def _certificate(certificate: "Certificate") -> Entry:
    names = (
        ("DNS", certificate.dns_names),
        ("IP", certificate.ip_addresses),
        ("URI", certificate.uris),
        ("email", certificate.emails),
    )
    return Entry(
        Kind.CERTIFICATE,
        certificate.display_name,
        certificate.subject,
        certificate.issuer,
        tuple(f"{kind}:{value}" for kind, values in names for value in values),
        certificate.key_algorithm,
        certificate.key_bits,
        _signature(certificate.signature_family, certificate.signature_digest),
        certificate.sha256,
        certificate.serial,
        certificate.not_before,
        certificate.not_after,
    )


def _revocation_list(crl: "RevocationList") -> Entry:
    return Entry(
        Kind.DELTA_CRL if crl.is_delta else Kind.CRL,
        crl.issuer,
        issuer=crl.issuer,
        signature=_signature(crl.signature_family, crl.signature_digest),
        sha256=crl.sha256,
        not_before=crl.last_update,
        not_after=crl.next_update,
    )


def _private_key(key: "PrivateKey", file: PemFile) -> Entry:
    return Entry(
        Kind.PRIVATE_KEY,
        file.path,
        algorithm=key.algorithm,
        bits=key.bits,
        sha256=key.public_sha256,
        encrypted=key.encrypted,
    )


def _signature(family: str | None, digest: str | None) -> str | None:
    """``RSA with sha256``, ``Ed25519``; None for an unknown algorithm."""
    return " with ".join(filter(None, (family, digest))) or None


def fits(uses: Sequence[Use]) -> bool | None:
    """Whether a key belongs to the certificates it is used with; None where that is not known of all."""
    verdicts = {use.fits for use in uses}
    return False if False in verdicts else None if None in verdicts else True
