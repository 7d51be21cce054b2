"""Excerpts of a source: the lines a span stands in, with marks under it.

::

     4 |     listen 80;
       |     ^^^^^^^^^^ this socket answers without TLS
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct

from mtls_lint.report.characters import visible, width, wrap
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.syntax.source import SourceFile, Span

TAB = 4
CONTEXT = 4
"""Lines of a span that are shown in full; of a longer one, the first and the last."""


class Mark(Struct, frozen=True):
    """A span to mark: with what character and style, and what to say about it."""

    span: Span
    sign: str
    style: str
    label: str = ""


class _Underline(Struct, frozen=True):
    """The part of a mark in one line, in characters: ``start`` inclusive, ``end`` exclusive, from 0."""

    start: int
    end: int
    mark: Mark
    label: str


def excerpt(marks: Sequence[Mark], gutter: int, room: int, dots: str = "...") -> Iterator[Line]:
    """The lines that the marks stand in; all marks are of one source.

    ``gutter`` is the width of the line numbers, ``room`` that of the whole output, ``dots`` what stands
    for text that was left out.
    """
    source = marks[0].span.source
    rows: dict[int, list[_Underline]] = {}
    for mark in marks:
        for number, underline in _underlines(mark):
            rows.setdefault(number, []).append(underline)
    empty = line(Piece(" " * gutter + " |", "gutter"))
    previous = 0
    yield empty
    for number in sorted(rows):
        if previous and number == previous + 2:
            yield from _code(source, number - 1, (), gutter, room, dots)
        elif previous and number > previous + 1:
            yield line(Piece(dots, "gutter"))
        yield from _code(source, number, rows[number], gutter, room, dots)
        previous = number


def number_width(marks: Sequence[Mark]) -> int:
    """How wide the gutter must be for these marks."""
    return max(len(str(last_line(mark.span))) for mark in marks)


def last_line(span: Span) -> int:
    """The line of the last character of a span, not of what follows it."""
    return span.source.position(max(span.start, span.end - 1))[0]


def _underlines(mark: Mark) -> Iterator[tuple[int, _Underline]]:
    span = mark.span
    first, last = span.line, last_line(span)
    numbers = range(first, last + 1)
    shown = [first, first + 1, last] if len(numbers) > CONTEXT else list(numbers)
    for number in shown:
        text = span.source.line_text(number)
        start = span.column - 1 if number == first else len(text) - len(text.lstrip())
        end = span.source.position(max(span.start, span.end - 1))[1] if number == last else len(text.rstrip())
        if end > start or number == first:
            yield number, _Underline(start, max(end, start + 1), mark, mark.label if number == last else "")


def _code(
    source: SourceFile, number: int, underlines: Sequence[_Underline], gutter: int, room: int, dots: str
) -> Iterator[Line]:
    """One line of the source, with its underlines; once more for an underline that does not fit in."""
    text = source.line_text(number)
    available = max(room - gutter - 3, 20)
    before = Piece(f"{number:>{gutter}} |", "gutter")
    under = Piece(" " * gutter + " |", "gutter")
    if not underlines:
        yield line(before, " ", _clipped(text, 0, available, dots).text)
        return
    ordered = sorted(underlines, key=lambda underline: (underline.start, underline.end))
    window: _Window | None = None
    for underline in ordered:
        if window is None or not window.covers(underline):
            window = _clipped(text, underline.start, available, dots)
            yield line(before, " ", window.text)
        indent, length = window.cells(underline)
        piece = Piece(underline.mark.sign * max(length, 1), underline.mark.style)
        yield from _labelled(under, indent, piece, visible(underline.label), available, underline.mark.style)


def _labelled(
    under: Piece, indent: int, signs: Piece, label: str, available: int, style: str
) -> Iterator[Line]:
    used = indent + len(signs.text) + 1
    if not label:
        yield line(under, " " * (indent + 1), signs)
    elif used + width(label) <= available:
        yield line(under, " " * (indent + 1), signs, " ", Piece(label, style))
    else:
        # No room beside the signs: below them, as far left as the label needs.
        yield line(under, " " * (indent + 1), signs)
        left = max(0, min(indent, available - min(width(label), 60)))
        for part in wrap(label, available - left):
            yield line(under, " " * (left + 1), Piece(part, style))


class _Window:
    """The visible part of a line, and where its characters went."""

    def __init__(self, shown: Sequence[str], offset: int, lead: str, tail: str) -> None:
        self.offset = offset
        self.text = lead + "".join(shown) + tail
        self._whole = not lead and not tail
        self._at = list(accumulate((width(one) for one in shown), initial=width(lead)))

    def covers(self, underline: _Underline) -> bool:
        """Whether the start of the underline is in here, and its end unless the line goes on behind."""
        last = self.offset + len(self._at) - 1
        return self._whole or (self.offset <= underline.start and underline.end <= last)

    def cells(self, underline: _Underline) -> tuple[int, int]:
        """First cell and number of cells of the underline, as far as it is in here."""
        last = len(self._at) - 1
        start = min(max(underline.start - self.offset, 0), last)
        end = min(max(underline.end - self.offset, start), last)
        # A mark behind the last character (a missing semicolon) gets one cell.
        return self._at[start], self._at[end] - self._at[start]


def _clipped(text: str, focus: int, available: int, dots: str) -> _Window:
    """The line as far as it fits, with the character at ``focus`` in view."""
    # A line may have megabytes; what is further away than this cannot be in view.
    low = max(0, focus - 2 * available)
    high = focus + 2 * available
    shown = _cells(text[low:high])
    offset = low
    sizes = [width(one) for one in shown]
    lead = tail = ""
    if low or sum(sizes) > available or high < len(text):
        start = _window_start(sizes, focus - low, available - 2 * len(dots))
        if low + start > 0:
            lead = dots
        room = available - len(lead) - len(dots)
        stop = start
        while stop < len(shown) and sizes[stop] <= room:
            room -= sizes[stop]
            stop += 1
        if low + stop < len(text):
            tail = dots
        shown, offset = shown[start:stop], low + start
    return _Window(shown, offset, lead, tail)


def _window_start(sizes: Sequence[int], focus: int, room: int) -> int:
    """Where to cut so that ``focus`` is in view: not at all if it is anyway, else a third before it."""
    if sum(sizes[: focus + 1]) <= room * 2 // 3:
        return 0
    start, before = focus, 0
    while start > 0 and before + sizes[start - 1] <= room // 3:
        start -= 1
        before += sizes[start]
    return start


def _cells(text: str) -> list[str]:
    """What is shown for each character: tabs as blanks to the next stop, the rest visible."""
    shown = []
    column = 0
    for character in text:
        one = " " * (TAB - column % TAB) if character == "\t" else visible(character)
        shown.append(one)
        column += width(one)
    return shown
