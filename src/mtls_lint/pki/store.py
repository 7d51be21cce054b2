"""Reading certificate files: each once, never more than a regular file of a sensible size."""

from __future__ import annotations

import errno
import os
import stat
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.pki.facts import NOTHING, Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.key import PrivateKey
    from mtls_lint.pki.load import Known
    from mtls_lint.pki.pem import PemBlock

MAXIMUM_SIZE = 16 * 1024 * 1024
"""Bytes above which a file is not read: the bundle of all public roots has 0.2 MiB, large CRLs some MiB."""


_ELSEWHERE = (
    "it was not looked for: a dump tells of another machine; say with --root or --map where a copy is"
)


class FileState(Enum):
    """Whether a file could be read."""

    READ = "read"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class PemFile(Struct, frozen=True):
    """What one file holds, or why that is not known.

    ``reason`` is set unless ``state`` is READ, and says what to do. The three defects say why nginx cannot
    read the file for that purpose; they are None for a file that was not read: look at ``state`` first.
    ``certificates`` keep the order of the file. ``blocks`` keep the data of keys alone, which a password may
    open; of a file without any they keep what stands where, and no offsets.
    """

    path: str
    state: FileState
    reason: str | None = None
    directory_exists: bool = True
    is_directory: bool = False
    blocks: tuple[PemBlock, ...] = ()
    facts: Facts = NOTHING

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates as nginx reads them from a CA file: TRUSTED CERTIFICATE blocks count."""
        return self.facts.certificates

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The certificates as nginx reads them from ``ssl_certificate``.

        Only the first may be a TRUSTED CERTIFICATE: the others are read with PEM_read_bio_X509.
        """
        found = self.facts.certificates
        return found[:1] + tuple(certificate for certificate in found[1:] if not certificate.trusted_aux)

    @property
    def keys(self) -> tuple[PrivateKey, ...]:
        """The private keys; nginx uses the first. Encrypted ones are closed: see ``key.load_keys``."""
        return self.facts.keys

    @property
    def crls(self) -> tuple[RevocationList, ...]:
        """The revocation lists."""
        return self.facts.crls

    @property
    def certificate_defect(self) -> str | None:
        """Why nginx refuses the file where certificates are wanted."""
        return self.facts.certificate_defect

    @property
    def defect(self) -> str | None:
        """The same as ``certificate_defect``."""
        return self.facts.certificate_defect

    @property
    def key_defect(self) -> str | None:
        """Why nginx refuses the file where a private key is wanted; a missing password is not a defect."""
        return self.facts.key_defect

    @property
    def crl_defect(self) -> str | None:
        """Why nginx (since 1.27.2) refuses the file where a CRL is wanted."""
        return self.facts.crl_defect

    @property
    def doubts(self) -> tuple[str, ...]:
        """Blocks that could not be read here although OpenSSL may accept them."""
        return self.facts.doubts


class PemStore:
    """Reads files and remembers them: by path, and by device, inode, size and time of change."""

    def __init__(self, locate: Callable[[str], str | None] = str) -> None:
        """An empty store.

        ``locate`` gives the place on this machine of a path where nginx runs, None when it has none here;
        it may raise OSError.
        """
        self._locate = locate
        self.known: dict[str, PemFile] = {}
        """What was read, by path."""
        self._by_identity: dict[tuple[int, int, int, int], PemFile] = {}
        self._certificates: Known = {}

    def read(self, path: str) -> PemFile:
        """The file at ``path``; never raises and never waits."""
        known = self.known.get(path)
        if known is None:
            try:
                place = self._locate(path)
            except OSError as error:
                file = _failed(path, error)
            else:
                file = self._read(place) if place is not None else PemFile(path, FileState.ABSENT, _ELSEWHERE)
            known = self.known[path] = file if file.path == path else replace(file, path=path)
        return known

    def place_of(self, path: str) -> str | None:
        """Where a file is looked for on this machine; None when it is not."""
        try:
            return self._locate(path)
        except OSError:
            return None

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes of a small regular file, such as a password file; None when it cannot be read."""
        place = self.place_of(path)
        try:
            return _contents(place) if place is not None else None
        except (OSError, ValueError):
            return None

    def _read(self, path: str) -> PemFile:
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                return PemFile(
                    path,
                    FileState.UNREADABLE,
                    f"it is {_file_type(status.st_mode)}, not a file; nginx needs a PEM file here",
                    is_directory=stat.S_ISDIR(status.st_mode),
                )
            if status.st_size > MAXIMUM_SIZE:
                return _unread(path, _too_large(status.st_size))
            identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            known = self._by_identity.get(identity)
            if known is not None:
                return replace(known, path=path)
            data = _contents(path)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            return _failed(path, error)
        if data is None:
            return _unread(path, "it changed while it was being read; run again")
        # Where no file is there, which is usual in a repository, nothing of this is needed.
        from mtls_lint.pki.load import blocks_and_facts  # noqa: PLC0415

        file = PemFile(path, FileState.READ, None, True, False, *blocks_and_facts(data, self._certificates))
        self._by_identity[identity] = file
        return file


def _contents(path: str) -> bytes | None:
    # Between stat and open a file can become a FIFO: O_NONBLOCK keeps the open from waiting, and the
    # descriptor is looked at again before it is read.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAXIMUM_SIZE:
            return None
        # As much as fstat() promised: what a file gains meanwhile is not seen. A reader that is asked for
        # the maximum would make room for it first, each time.
        data = b""
        while len(data) < status.st_size and (more := os.read(descriptor, status.st_size - len(data))):
            data += more
    finally:
        os.close(descriptor)
    return data


def _plain(directory: str) -> str:
    """``tls`` for ``./tls``, as people write it."""
    parts = [part for part in directory.split("/") if part not in {"", "."}]
    return ("/" if directory.startswith("/") else "") + "/".join(parts) or "."


def _failed(path: str, error: OSError | ValueError) -> PemFile:
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.ENOENT, errno.ENOTDIR}:
        parent = os.path.dirname(path) or "."
        directory = os.path.isdir(parent)
        where = "there is no such file" if directory else f"there is no directory {_plain(parent)}"
        reason = f"{where} on this machine; run where nginx runs, or say with --map where a copy is"
        return PemFile(path, FileState.ABSENT, reason, directory)
    if number in {errno.EACCES, errno.EPERM}:
        return _unread(path, "this user may not read it; run as a user who may, or give a readable copy")
    words = os.strerror(number) if number is not None else str(error)
    return _unread(path, f"it cannot be read ({words})")


def _unread(path: str, reason: str) -> PemFile:
    return PemFile(path, FileState.UNREADABLE, reason)


def _too_large(size: int) -> str:
    return f"it has {size} bytes, more than the {MAXIMUM_SIZE} that are read; is it the right file?"


def _file_type(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
