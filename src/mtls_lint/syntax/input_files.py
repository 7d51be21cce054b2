"""Where the texts of a configuration come from."""

import os
from typing import Protocol

from mtls_lint.syntax.files import failed, read_text
from mtls_lint.syntax.nginx_glob import Listings, Matches, nginx_glob
from mtls_lint.syntax.path_map import PathMap
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem


class Files(Protocol):
    """Where included files come from: the disk, or a dump that holds them all."""

    def read(self, path: str, display: str) -> SourceFile | Problem:
        """The text of the file ``path``, to be named ``display``."""
        ...

    def glob(self, pattern: str) -> Matches:
        """The files that match ``pattern``, in nginx's order."""
        ...

    def identity(self, path: str) -> object:
        """What is equal for two names of the same file."""
        ...


class Disk:
    """The files of this machine, under the names they have where nginx runs (see ``PathMap``)."""

    def __init__(self, where: PathMap = PathMap()) -> None:  # noqa: B008 - immutable
        """``where`` leads from those names to this machine's."""
        self._where = where
        self._listings: Listings = {}

    def read(self, path: str, display: str) -> SourceFile | Problem:
        """See ``files.read_text``."""
        try:
            return read_text(self._where.here(path) or path, display)
        except OSError as error:  # a loop of links inside the root
            return failed(path, display, error)

    def glob(self, pattern: str) -> Matches:
        """See ``nginx_glob.nginx_glob``."""
        return nginx_glob(pattern, self._where.here, self._listings)

    def identity(self, path: str) -> object:
        """Device and inode, or the name when there is no such file."""
        try:
            # pathlib costs more than the call, for every file
            status = os.stat(self._where.here(path) or path)
        except (OSError, ValueError):
            return path
        return status.st_dev, status.st_ino


def join(main_directory: str, path: str) -> str:
    """``path`` as nginx completes it: absolute names stay, others follow the main file's directory."""
    if path.startswith("/") or main_directory in {"", "."}:
        return path
    return main_directory.rstrip("/") + "/" + path
