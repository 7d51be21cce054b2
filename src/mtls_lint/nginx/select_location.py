"""Which location answers a URI (ngx_http_core_find_location)."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.nginx.regex import Matched, search
from mtls_lint.nginx.regex_index import RegexIndex
from mtls_lint.syntax.tree import Unknown


class Selected(Struct, frozen=True):
    """The location for a URI: None when none matches; ``match`` holds a regular expression's captures.

    ``redirect`` is set when nginx answers 301 to the same URI with a slash (a proxied ``/path/``).
    """

    location: Location | None
    match: Matched | None = None
    redirect: bool = False


class _Table:
    """The locations of a block by what they are asked for with: a server may have thousands."""

    def __init__(self, locations: Sequence[Location]) -> None:
        self.exact: dict[str, Location] = {}
        self.prefixes: dict[str, Location] = {}
        self.slashed: dict[str, Location] = {}
        self._regexes: list[Location] = []
        self._nested: dict[Location, _Table] = {}
        for location in locations:
            if location.kind != "location":
                continue
            if location.modifier == "=":
                self.exact.setdefault(location.pattern, location)
            elif location.modifier in {"~", "~*"}:
                self._regexes.append(location)
            elif location.modifier in {"", "^~"}:
                self.prefixes.setdefault(location.pattern, location)
                if _redirects_to_slash(location):
                    self.slashed.setdefault(location.pattern, location)
        self._lengths = sorted({len(prefix) for prefix in self.prefixes}, reverse=True)

    def regexes(self, uri: str) -> Iterable[Location]:
        """The regular expressions that may match, in order."""
        if len(self._regexes) < 2:
            return self._regexes
        return [self._regexes[number] for number in self._index.possible(uri)]

    @cached_property
    def _index(self) -> RegexIndex:
        return RegexIndex((one.pattern, one.modifier == "~*") for one in self._regexes)

    def inside(self, location: Location) -> "_Table":
        """The table of the locations that stand in one of these."""
        if location not in self._nested:
            self._nested[location] = _Table(location.children)
        return self._nested[location]

    def longest_prefix(self, uri: str) -> Location | None:
        """The prefix that matches; a proxied /path/ for /path, unless /path is a location of its own."""
        size = len(uri)
        for length in self._lengths:
            if length <= size and (best := self.prefixes.get(uri[:length])) is not None:
                return best if length == size else self.slashed.get(f"{uri}/", best)
        return self.slashed.get(f"{uri}/")


def select_location(server: VirtualServer, uri: str) -> Selected | Unknown:
    """The location of ``server``, nested ones included, for a normalised URI."""
    if (templated := _templated(server, uri)) is not None:
        return templated
    selected = _find(_table(server), uri)
    return selected if selected is not None else Selected(None)


@kept
def _table(server: VirtualServer) -> _Table:
    return _Table(server.locations)


def _find(table: _Table, uri: str) -> Selected | Unknown | None:
    if (exact := table.exact.get(uri)) is not None:
        return Selected(exact)
    prefix = table.longest_prefix(uri)
    found: Selected | Unknown | None = None
    if prefix is not None:
        if len(prefix.pattern) > len(uri):
            return Selected(prefix, redirect=True)
        nested = _find(table.inside(prefix), uri) if prefix.children else None
        if isinstance(nested, Unknown):
            return nested
        # A nested exact match, regular expression or redirect ends the search; a nested prefix does not.
        if nested is not None and _is_final(nested):
            return nested
        found = nested or Selected(prefix)
        if isinstance(found, Selected) and found.location is not None and prefix.modifier == "^~":
            return found
    for location in table.regexes(uri):
        match = search(location.pattern, uri, caseless=location.modifier == "~*")
        if isinstance(match, Unknown):
            return match
        if match is not None:
            nested = _find(table.inside(location), uri) if location.children else None
            return nested if nested is not None else Selected(location, match)
    return found


def _templated(server: VirtualServer, uri: str) -> Unknown | None:
    """A location of a template that may match any URI.

    So may a prefix; but most templates with such a location have no other.
    """
    for location in _filled_in(server):
        if location.pattern != uri:
            return Unknown(f"{location.span}: `{location.directive.text}` is filled in by a template")
    return None


@kept
def _filled_in(server: VirtualServer) -> tuple[Location, ...]:
    return tuple(
        location
        for location in server.all_locations()
        if location.modifier in {"=", "~", "~*"} and location.directive.is_templated
    )


def _is_final(selected: Selected) -> bool:
    location = selected.location
    return selected.redirect or (location is not None and location.modifier in {"=", "~", "~*"})


def _redirects_to_slash(location: Location) -> bool:
    # auto_redirect is set by the *_pass directives of a location whose name ends with a slash.
    if not location.pattern.endswith("/") or location.modifier not in {"", "^~"}:
        return False
    names = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "grpc_pass")
    return any(location.scope.find(name) for name in names)
