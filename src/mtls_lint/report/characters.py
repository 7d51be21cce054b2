"""Other people's text on a terminal: how wide it is, and what must not get there as it is."""

from collections.abc import Iterator

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text with everything that does not print written as an escape.

    A configuration may hold escape sequences that recolour or clear a terminal, characters that reverse
    the direction of writing, blanks that are none (U+00A0 is a common paste error), and bytes that are no
    UTF-8, which stand in the text as lone surrogates. All of them are shown by their number.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was no UTF-8 (PEP 383)
        number -= 0xDC00
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def width(text: str) -> int:
    """How many cells of a terminal the (visible) text takes."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    from unicodedata import category, east_asian_width  # noqa: PLC0415 - most texts are ASCII

    if category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def wrap(text: str, room: int, first: int = 0) -> Iterator[str]:
    """The text in lines of at most ``room`` cells, the first of which has ``first`` cells less.

    Words stay whole, however long: a path that is broken cannot be copied.
    """
    line = ""
    left = room - first
    for word in text.split(" "):
        needed = width(word)
        if line and needed + 1 > left:
            yield line.rstrip(" ")
            line, left = word, room - needed
        else:
            line, left = (f"{line} {word}", left - needed - 1) if line else (word, left - needed)
    yield line
