"""Which of a server's URIs lead to a location: one of hundreds need not be asked for with the URIs of all."""

from mtls_lint.nginx.anonymous import uris_of
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.nginx.select_location import Selected, select_location

_REDIRECTING = ("error_page", "auth_request")
"""What leads a request, or a subrequest, to another location by its last word."""


def uris_to(server: VirtualServer, location: Location | None) -> tuple[str, ...]:
    """The URIs by which a request may come to a location, its ``if`` blocks included; all where any may."""
    while location is not None and location.kind != "location":
        location = location.parent
    otherwise = _entered_otherwise(server)
    if location is None or otherwise is None or location in otherwise:
        return uris_of(server)
    return _by_location(server).get(location, ())


@kept
def _by_location(server: VirtualServer) -> dict[Location | None, tuple[str, ...]]:
    found: dict[Location | None, list[str]] = {}
    for uri in uris_of(server):
        selected = select_location(server, uri)
        if isinstance(selected, Selected):
            found.setdefault(selected.location, []).append(uri)
    return {location: tuple(uris) for location, uris in found.items()}


@kept
def _entered_otherwise(server: VirtualServer) -> frozenset[Location] | None:
    """The locations that requests for other URIs come to; None where these may be any."""
    scopes = [location.scope for location in server.all_locations()]
    if server.scope.unread or any(scope.find("rewrite") for scope in (server.scope, *scopes)):
        return None
    given = [*(one for name in _REDIRECTING for one in server.setting(name).directives)]
    given += (one for scope in scopes for name in _REDIRECTING for one in scope.find(name))
    found = set()
    for word in dict.fromkeys(str(one.args[-1]) for one in given if one.args):
        selected = select_location(server, word) if word.startswith("/") and "$" not in word else None
        if isinstance(selected, Selected) and selected.location is not None:
            found.add(selected.location)
        elif not isinstance(selected, Selected) and word != "off" and "://" not in word:
            return None
    return frozenset(found)
