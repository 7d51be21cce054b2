"""Certificate files as rules see them: read once, and an answer of their own when they are not there."""

import os.path
from functools import cached_property
from typing import TYPE_CHECKING

from mtls_lint.nginx.material import (
    FileReference,
    ServerCertificate,
    opened_ca_files,
    server_certificates,
)
from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.store import FileState, PemFile, PemStore, read_bytes

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.key import PrivateKey


class Evidence:
    """The files that a configuration names, read through one store."""

    def __init__(self, configuration: Configuration, store: PemStore) -> None:
        self._configuration = configuration
        self._store = store
        self.unreadable = False
        """Whether some file that is there could not be read."""

    def read(self, reference: FileReference) -> PemFile | None:
        """The file; None when its path cannot be known."""
        if reference.path is None:
            return None
        file = self._store.read(reference.path)
        self.unreadable |= file.state is FileState.UNREADABLE
        return file

    def key(self, pair: ServerCertificate) -> "PrivateKey | None":
        """The key nginx uses for ``pair``, opened with its passwords where they fit; None without one."""
        from mtls_lint.pki.key import load_keys, passwords_from  # noqa: PLC0415 - cryptography: only for keys

        file = self.read(pair.key) if pair.key is not None else None
        if file is None or not file.keys:
            return None
        if not file.keys[0].encrypted or pair.passwords is None or pair.passwords.path is None:
            return file.keys[0]
        data = read_bytes(pair.passwords.path)
        return load_keys(file, passwords_from(data) if data is not None else ())[0]

    def is_missing(self, reference: FileReference) -> bool:
        """Whether an absent file is really missing, not just left out of a copy of the configuration.

        In repositories certificates are usually absent, and that says nothing. A file is missing where
        its neighbours are: when another file that the configuration names stands in the same directory,
        or when the configuration is linted in the very place that the (absolute) path points into.
        """
        file = self.read(reference)
        if file is None or reference.path is None or file.state is not FileState.ABSENT:
            return False
        tree = self._configuration.tree
        if not tree.is_fragment and reference.written.startswith("/"):
            home = os.path.abspath(tree.main_directory)
            if os.path.commonpath((home, reference.path)) == home != "/":
                return True
        return os.path.dirname(reference.path) in self._inhabited

    @cached_property
    def certificates(self) -> "tuple[Certificate, ...]":
        """Every certificate in the files that the configuration names, each once."""
        references = [pair.certificate for pair in server_certificates(self._configuration)]
        references += [trust.reference for trust in opened_ca_files(self._configuration)]
        files = [file for reference in references if (file := self.read(reference)) is not None]
        return tuple(dict.fromkeys(certificate for file in files for certificate in file.certificates))

    @cached_property
    def _inhabited(self) -> frozenset[str]:
        references: list[FileReference | None] = []
        for pair in server_certificates(self._configuration):
            references += (pair.certificate, pair.key, pair.passwords)
        references += (trust.reference for trust in opened_ca_files(self._configuration))
        return frozenset(
            os.path.dirname(reference.path)
            for reference in references
            if reference is not None
            and reference.path is not None
            and self._store.read(reference.path).state is FileState.READ
        )
