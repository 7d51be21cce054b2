"""``map`` blocks: which value a source gets (ngx_http_map_find)."""

from collections.abc import Iterator, Sequence

from mtls_lint.nginx.makers import Makers
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.regex import Matched, search
from mtls_lint.syntax.tree import Directive, Unknown


class Map:
    """The rows of a map by kind: there may be thousands, and as many servers that look one up."""

    def __init__(self, rows: Sequence[Directive]) -> None:
        problems = (row.problem for row in rows if row.problem is not None)
        self._unknown = next((Unknown(one.message) for one in problems if not one.harmless), None)
        self.is_volatile = any(row.name == "volatile" and not row.args for row in rows)
        """Whether the map is looked up each time; others give one value for a whole request."""
        self._hostnames = any(row.name == "hostnames" and not row.args for row in rows)
        self._default = ""
        self._exact: dict[str, str] = {}
        self._wildcards: dict[str, tuple[int, str]] = {}
        self._regexes: list[tuple[str, str]] = []
        for row in rows:
            if row.args and row.name != "include":
                self._add(str(row.name), str(row.args[0]))

    def _add(self, key: str, value: str) -> None:
        if key == "default":
            self._default = value
        elif key.startswith("~"):
            self._regexes.append((key[1:], value))
        elif self._hostnames and (key.startswith(("*.", ".")) or key.endswith(".*")):
            self._wildcards.setdefault(key.lower(), (len(self._wildcards), value))
        else:
            # A backslash in front makes a key of a word that would be special.
            self._exact.setdefault(key.removeprefix("\\").lower(), value)

    def look_up(self, source: str) -> tuple[str, Matched | None] | Unknown:
        """The value for ``source``; variables in it are not yet replaced.

        With it goes the match of the regular expression that gave it, if one did.

        Exact keys win (without case), then, under ``hostnames``, the longest wildcard, then the first regular
        expression that matches, then ``default``. Unknown when rows could not be read or an expression not
        run.
        """
        if self._unknown is not None:
            return self._unknown
        wanted = source.lower().removesuffix(".") if self._hostnames else source.lower()
        if wanted in self._exact:
            return self._exact[wanted], None
        if self._wildcards:
            matching = [key for key in _wildcards_for(wanted) if key in self._wildcards]
            # Of two that are as long the first in the file.
            matching.sort(key=lambda key: (-len(key), self._wildcards[key]))
            if matching:
                return self._wildcards[matching[0]][1], None
        for pattern, value in self._regexes:
            match = search(pattern.removeprefix("*"), source, caseless=pattern.startswith("*"))
            if isinstance(match, Unknown):
                return match
            if match is not None:
                return value, match
        return self._default, None


@kept
def map_of(makers: Makers, name: str) -> Map:
    """The map that makes a variable (in lower case, without ``$``)."""
    return Map(makers.maps[name].children)


@kept
def map_values(makers: Makers, name: str) -> tuple[str, ...]:
    """All values that a map gives its variable; none where that is not known, or no map makes it."""
    rows = makers.maps[name].children if name in makers.maps else ()
    if any(row.name == "include" or row.problem is not None for row in rows):
        return ()
    values = (str(row.args[0]) for row in rows if row.args and row.name not in {"hostnames", "volatile"})
    return tuple(dict.fromkeys(value for value in values if value))


def _wildcards_for(host: str) -> Iterator[str]:
    """The wildcards that match a host name."""
    yield f".{host}"
    for place, char in enumerate(host):
        if char == ".":
            if place > 0:
                yield f"*{host[place:]}"
                yield host[place:]
            yield f"{host[:place]}.*"
