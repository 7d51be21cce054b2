"""Which of many regular expressions may match a text, by the words that they begin with."""

import re
from collections.abc import Iterable

from mtls_lint.expressions import expression
from mtls_lint.nginx.regex import compile_regex
from mtls_lint.syntax.tree import Unknown

_BEGINNING = expression(r"\^([0-9A-Za-z_/-]+)(?![?*+{])")
"""What a match begins with; a quantifier behind it is for its last character, which is left to it."""

_NOT_SYNTAX = expression(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""Escapes and sets: bars and parentheses in them are ordinary."""

_UNUSUAL = expression(r"\\[QE]|\(\*|\(\?(?!:|P?<\w|[=!])")
"""What may make text of bars and parentheses: quotations, comments, options."""


class RegexIndex:
    """Expressions in their order, those with a beginning of their own by it."""

    def __init__(self, patterns: Iterable[tuple[str, bool]]) -> None:
        """``patterns`` say of each whether it is ``caseless``."""
        self._others: list[int] = []
        self._by_beginning: dict[str, list[int]] = {}
        self._size = 0
        for number, (pattern, caseless) in enumerate(patterns):
            beginning = "" if caseless else beginning_of(pattern)
            where = self._by_beginning.setdefault(beginning, []) if beginning else self._others
            where.append(number)
            self._size += 1
        self._lengths = {len(beginning) for beginning in self._by_beginning}

    def possible(self, text: str) -> Iterable[int]:
        """The numbers of those that may match ``text``, or may not be run; the others do not match."""
        if not text.isascii():
            return range(self._size)  # it may be no text that can be matched
        found = [self._by_beginning.get(text[:length], ()) for length in self._lengths]
        return sorted((*self._others, *(number for numbers in found for number in numbers)))


def beginning_of(pattern: str) -> str:
    """What a match of the expression is certain to begin with; empty where that is not easily seen."""
    match = _BEGINNING.match(pattern)
    if match is None or _UNUSUAL.search(pattern) or isinstance(compile_regex(pattern), Unknown):
        return ""
    depth = 0
    for char in _NOT_SYNTAX.sub("", pattern) if "|" in pattern else "":
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return ""
    return match[1]
