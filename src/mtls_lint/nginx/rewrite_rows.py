"""The rewrite directives of a block as they are run: conditions on one variable are looked up, not tried."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec import Struct

from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.nginx.variables import strip_parentheses, variables_in
from mtls_lint.syntax.source import TemplatedToken
from mtls_lint.syntax.tree import Directive

_NAMES = frozenset({"set", "if", "rewrite", "break", "return"})


class Row(Struct, frozen=True):
    """``if`` directives, one after another, that compare ``variable`` with a text each.

    ``by_text`` has their places in the row.
    """

    variable: str
    directives: tuple[Directive, ...]
    by_text: dict[str, list[int]]

    def next(self, value: str, start: int) -> int:
        """The place of the first one from ``start`` on whose condition holds; behind the row if none does."""
        places = self.by_text.get(value, [])
        found = bisect_left(places, start)
        return places[found] if found < len(places) else len(self.directives)


@kept
def rewriting(server: VirtualServer, location: Location | None) -> tuple[Directive | Row, ...]:
    """What the rewrite module runs of a server, or of a location of it."""
    scope = server.scope if location is None else location.scope
    return tuple(_in_rows(directive for directive in scope.directives if directive.name in _NAMES))


def _in_rows(directives: Iterable[Directive]) -> Iterator[Directive | Row]:
    compared = ((directive, _comparison(directive)) for directive in directives)
    for variable, group in groupby(compared, key=lambda one: one[1] and one[1][0]):
        alike = list(group)
        if variable is None or len(alike) == 1:
            yield from (directive for directive, _ in alike)
            continue
        by_text: dict[str, list[int]] = {}
        for place, (_, comparison) in enumerate(alike):
            if comparison is not None:
                by_text.setdefault(comparison[1], []).append(place)
        yield Row(variable, tuple(directive for directive, _ in alike), by_text)


def _comparison(directive: Directive) -> tuple[str, str] | None:
    """The variable of ``if ($variable = text)`` and the text; None for other directives."""
    if directive.name != "if" or any(isinstance(word, TemplatedToken) for word in directive.args):
        return None
    condition = strip_parentheses(directive.args)
    if len(condition) < 2 or not condition[0].startswith("$") or condition[1] != "=":
        return None
    text = " ".join(condition[2:])
    return None if variables_in(text) else (condition[0][1:].strip("{}"), text)
