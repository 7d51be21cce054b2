"""Where a finding stands in the files of this machine: what a forge shows its findings beside.

People know files by the names nginx opens them by. A forge knows those of its repository: of a mapped tree
the file that was read, of a dump the dump, of a link what it leads to (GitHub shows nothing beside links).
"""

import os
from collections.abc import Iterable

from mtls_lint.syntax.source import SourceFile, Span

STDIN = "-"


class Paths:
    """Names files from ``directory``, the working directory, whose own path holds no links.

    ``sources`` are the files of the run: entries that only have a file's name are looked up there.
    """

    def __init__(self, directory: str, sources: Iterable[SourceFile] = ()) -> None:
        self.directory = directory
        self._sources: dict[str, SourceFile] = {}
        self._names: dict[str, str] = {}
        for source in sources:
            self._sources.setdefault(source.path, source)

    def of(self, source: SourceFile) -> str:
        """The file that a text was read from: relative to the working directory if it is below it.

        A dump on stdin has no file here; the names in it are those of another machine.
        """
        return source.path if source.real_path == STDIN else self._name(source.real_path)

    def line(self, source: SourceFile, line: int) -> int:
        """The line of that file."""
        return line if source.real_path == STDIN else source.first_line + line - 1

    def place(self, span: Span) -> str:
        """``file:line:column`` of the first character."""
        return f"{self.of(span.source)}:{self.line(span.source, span.line)}:{span.column}"

    def entry(self, path: str, line: int) -> tuple[str, int]:
        """File and line of an entry that has only a file's name as the report knows it."""
        source = self._sources.get(path)
        if source is None:
            return (path if path == STDIN else self._name(path)), line
        return self.of(source), self.line(source, line)

    def _name(self, path: str) -> str:
        if path not in self._names:
            self._names[path] = self._relative(os.path.join(self.directory, path))
        return self._names[path]

    def _relative(self, path: str) -> str:
        below = os.path.join(self.directory, "")
        named = os.path.normpath(path)
        real = named if "\0" in path else os.path.realpath(path)  # no file is called so
        for candidate in (real, named):
            if candidate.startswith(below):
                return candidate[len(below) :]
        return named
