"""Lines of styled text: what the text report is made of, and how they become characters."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "error mark": "bold red",
    "warning mark": "bold yellow",
    "info mark": "bold cyan",
    "related mark": "blue",
    "gutter": "bold blue",
    "strong": "bold",
    "weak": "dim",
    "help": "bold green",
    "good": "bold green",
}
"""What each style of a piece looks like where there is colour; nothing may depend on it."""


class Piece(NamedTuple):
    """Some visible text, the name of its style, and the path of its file, for terminals that can link."""

    text: str
    style: str = ""
    file: str = ""


Line = tuple[Piece, ...]


def line(*pieces: Piece | str) -> Line:
    """A line; plain strings have no style."""
    return tuple(Piece(piece) if isinstance(piece, str) else piece for piece in pieces)


def plain(lines: Iterable[Line]) -> str:
    """The lines without colour."""
    return "".join("".join(piece.text for piece in one).rstrip() + "\n" for one in lines)


def coloured(lines: Iterable[Line], *, links: bool) -> str:
    """The lines with colours, and with links (OSC 8) where ``links`` says the terminal is one."""
    paint = _painter(links)
    return "".join("".join(map(paint, one)).rstrip() + "\n" for one in lines)


def _painter(links: bool) -> Callable[[Piece], str]:
    # Only here: a run without colour does not pay for rich.
    from rich.color import ColorSystem  # noqa: PLC0415
    from rich.style import Style  # noqa: PLC0415

    styles = {name: Style.parse(words) for name, words in STYLES.items()}

    def paint(piece: Piece) -> str:
        text = piece.text
        if piece.style:
            text = styles[piece.style].render(text, color_system=ColorSystem.STANDARD)
        if links and piece.file:
            # By hand: rich gives every link a random id, and two runs would differ.
            text = f"\x1b]8;;{_link(piece.file)}\x1b\\{text}\x1b]8;;\x1b\\"
        return text

    return paint


@cache
def _link(file: str) -> str:
    from pathlib import Path  # noqa: PLC0415 - for terminals that can link
    from urllib.parse import quote  # noqa: PLC0415

    return "file://" + quote(str(Path(file).absolute()), errors="surrogateescape")
