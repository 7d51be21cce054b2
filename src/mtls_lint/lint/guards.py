"""The checks of a server by the requests they may be for; hundreds of locations may have one each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mtls_lint.nginx.anonymous import Served
from mtls_lint.nginx.checks import Check
from mtls_lint.syntax.tree import Directive

if TYPE_CHECKING:
    from mtls_lint.nginx.model import Location


class Guards:
    """The checks of one server that refuse, in file order."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.refusing = [check for check in checks if check.refuses]
        self._by_directive = {check.directive: place for place, check in enumerate(self.refusing)}
        self._by_location: dict[Location | None, list[int]] = {}
        self._by_prefix: dict[str, list[int]] = {}
        self._by_regex: list[int] = []
        for place, check in enumerate(self.refusing):
            guarded = check.location
            self._by_location.setdefault(guarded, []).append(place)
            if guarded is not None and guarded.modifier in {"~", "~*"}:
                self._by_regex.append(place)
            elif guarded is not None and guarded.pattern != "/":
                self._by_prefix.setdefault(guarded.pattern.lower(), []).append(place)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def among(self, judged: Iterable[Directive]) -> list[Check]:
        """Those of these conditions that are checks which refuse."""
        places = (self._by_directive.get(directive) for directive in judged)
        return [self.refusing[place] for place in sorted(place for place in places if place is not None)]

    def near(self, place: Served) -> list[Check]:
        """The checks that may be about a place: around it, or of a location whose pattern may match."""
        found = {*self._around(place.location), *self._by_regex, *self._below(place.request.uri.lower())}
        return [self.refusing[number] for number in sorted(found)]

    def around(self, location: "Location") -> Check | None:
        """The first check of the server itself, of a location or of one that it is nested in."""
        number = min(self._around(location), default=None)
        return None if number is None else self.refusing[number]

    def _around(self, location: "Location | None") -> Iterator[int]:
        yield from self._by_location.get(None, ())
        while location is not None:
            yield from self._by_location.get(location, ())
            location = location.parent

    def _below(self, uri: str) -> Iterator[int]:
        for length in self._lengths:
            if length <= len(uri):
                yield from self._by_prefix.get(uri[:length], ())
