"""Which location answers a URI (ngx_http_core_find_location)."""

from collections.abc import Sequence

from msgspec import Struct

from mtls_lint.nginx.model import Location
from mtls_lint.nginx.regex import Matched, search
from mtls_lint.syntax.tree import Unknown


class Selected(Struct, frozen=True):
    """The location for a URI: None when none matches; ``match`` holds a regular expression's captures.

    ``redirect`` is set when nginx answers 301 to the same URI with a slash (a proxied ``/path/``).
    """

    location: Location | None
    match: Matched | None = None
    redirect: bool = False


def select_location(locations: Sequence[Location], uri: str) -> Selected | Unknown:
    """The location among ``locations`` (those of a server, nested ones inside them) for a normalised URI."""
    if (templated := _templated(locations, uri)) is not None:
        return templated
    selected = _find(locations, uri)
    return selected if selected is not None else Selected(None)


def _find(locations: Sequence[Location], uri: str) -> Selected | Unknown | None:
    candidates = [location for location in locations if location.kind == "location"]
    for location in candidates:
        if location.modifier == "=" and location.pattern == uri:
            return Selected(location)
    prefix = _longest_prefix(candidates, uri)
    found: Selected | Unknown | None = None
    if prefix is not None:
        if prefix.pattern == uri + "/" and _redirects_to_slash(prefix):
            return Selected(prefix, redirect=True)
        nested = _find(prefix.children, uri)
        if isinstance(nested, Unknown):
            return nested
        # A nested exact match, regular expression or redirect ends the search; a nested prefix does not.
        if nested is not None and _is_final(nested):
            return nested
        found = nested or Selected(prefix)
        if isinstance(found, Selected) and found.location is not None and prefix.modifier == "^~":
            return found
    for location in candidates:
        if location.modifier not in {"~", "~*"}:
            continue
        match = search(location.pattern, uri, caseless=location.modifier == "~*")
        if isinstance(match, Unknown):
            return match
        if match is not None:
            nested = _find(location.children, uri)
            return nested if nested is not None else Selected(location, match)
    return found


def _templated(locations: Sequence[Location], uri: str) -> Unknown | None:
    """A location of a template that may match any URI.

    So may a prefix; but most templates with such a location have no other.
    """
    for location in (inner for one in locations for inner in one.walk()):
        exact = location.modifier in {"=", "~", "~*"} and location.pattern != uri
        if exact and location.directive.is_templated:
            return Unknown(f"{location.span}: `{location.directive.text}` is filled in by a template")
    return None


def _is_final(selected: Selected) -> bool:
    location = selected.location
    return selected.redirect or (location is not None and location.modifier in {"=", "~", "~*"})


def _longest_prefix(locations: Sequence[Location], uri: str) -> Location | None:
    best: Location | None = None
    for location in locations:
        if location.modifier not in {"", "^~"} or not uri.startswith(location.pattern):
            continue
        if best is None or len(location.pattern) > len(best.pattern):
            best = location
    if best is not None and best.pattern == uri:
        return best
    # A proxied /path/ answers /path with a redirect, unless /path is a location of its own.
    slashed = (
        location for location in locations if location.pattern == uri + "/" and _redirects_to_slash(location)
    )
    return next(slashed, best)


def _redirects_to_slash(location: Location) -> bool:
    # auto_redirect is set by the *_pass directives of a location whose name ends with a slash.
    if not location.pattern.endswith("/") or location.modifier not in {"", "^~"}:
        return False
    names = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "grpc_pass")
    return any(location.scope.find(name) for name in names)
