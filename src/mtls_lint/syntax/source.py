"""Where words stand: source texts, spans and comments."""

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from mtls_lint.syntax.template import Template


class SourceFile:
    """One text that was read, and how to turn its offsets into lines and columns.

    The bytes are decoded as UTF-8 with ``surrogateescape``: nginx is byte-clean, so a byte that is no
    UTF-8 is data, and encoding the text the same way gives back exactly the bytes that were read.
    Offsets are offsets into ``text``.

    ``inside`` is set where the configuration is a part of the text: the text with all else blanked out.
    ``template`` is set where it is a template: ``code`` is then what is read as nginx's, with every tag
    masked in place, so that offsets are those of the text (``template.Template``).

    ``path`` is the name by which people know the file, ``real_path`` the one it was opened by (they
    differ for dumps and mapped trees), and ``first_line`` the line of that file the text begins with (1 but
    for the parts of a dump); ``comments`` are all comments in the order they stand.
    """

    __slots__ = ("_line_starts", "comments", "first_line", "inside", "path", "real_path", "template", "text")

    def __init__(self, path: str, text: str, real_path: str | None = None, first_line: int = 1) -> None:
        self.path = path
        self.real_path = path if real_path is None else real_path
        self.first_line = first_line
        self.text = text
        self.comments: tuple[Comment, ...] = ()
        self.inside: str | None = None
        self.template: Template | None = None
        self._line_starts: list[int] | None = None

    @classmethod
    def from_bytes(cls, path: str, data: bytes, real_path: str | None = None) -> "SourceFile":
        """Decode ``data`` without loss."""
        return cls(path, data.decode("utf-8", "surrogateescape"), real_path)

    @property
    def code(self) -> str:
        """What is read as nginx's."""
        if self.template is not None:
            return self.template.code
        return self.text if self.inside is None else self.inside

    @property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line; lines end at LF, as nginx counts them."""
        if self._line_starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at != -1:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._line_starts = starts
        return self._line_starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of ``offset``, both counted from 1; columns count characters."""
        starts = self.line_starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of ``line`` (from 1) without its line end; empty when there is no such line."""
        starts = self.line_starts
        if not 1 <= line <= len(starts):
            return ""
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r")

    def __repr__(self) -> str:
        return f"SourceFile({self.path!r})"


class Span(Struct, frozen=True, gc=False):
    """A stretch of a source text: ``start`` inclusive, ``end`` exclusive."""

    source: SourceFile
    start: int
    end: int

    @property
    def path(self) -> str:
        """The file's name as people know it."""
        return self.source.path

    @property
    def line(self) -> int:
        """First line, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """First column, from 1, in characters."""
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        """Line of the position just behind the last character."""
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        """Column of the position just behind the last character."""
        return self.source.position(self.end)[1]

    @property
    def text(self) -> str:
        """The characters as they stand, quotes and escapes included."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.path}:{line}:{column}"


class Comment(Struct, frozen=True, gc=False):
    """A comment: ``text`` is what follows the ``#``; ``own_line`` when nothing but blanks precedes it."""

    text: str
    start: int
    end: int
    own_line: bool


class Token(str):
    """A word of a configuration, decoded as nginx decodes it, that remembers where it stands.

    ``start`` and ``end`` are offsets of the raw word, quotes included. ``quoted`` tells ``"off"`` from
    ``off``: nginx treats both alike, but an unquoted ``{`` opens a block and a quoted one does not.
    """

    __slots__ = ("end", "quoted", "start")

    start: int
    end: int
    quoted: bool

    def __new__(cls, value: str, start: int, end: int, quoted: bool) -> "Token":
        """A token of this value from ``start`` to ``end``."""
        token = super().__new__(cls, value)
        token.start = start
        token.end = end
        token.quoted = quoted
        return token


class TemplatedToken(str):
    """A word that a template fills in, wholly or in part; its value is the text as it stands there."""

    __slots__ = ()
