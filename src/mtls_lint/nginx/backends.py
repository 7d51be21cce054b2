"""Where a request ends up behind nginx: a backend with an address of its own there, or a file."""

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.anonymous import Served
from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.possible import possible_texts
from mtls_lint.sharing import once
from mtls_lint.syntax.tree import Directive

_URL = expression(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>unix:[^:]+|\[[^\]]*\](?::\d+)?|[^/]*)(?P<path>:?/.*)?")
_OF_REQUEST = expression(r"\$\{?(?:request_uri|uri|document_uri)\b.*")
"""What stands for the URI of the request behind an address, and what follows it."""

_PORTS = {"http": "80", "https": "443", "grpc": "80", "grpcs": "443"}


class Destination(Struct, frozen=True):
    """``addresses`` of the backend (one, or those of an upstream; ``root DIR`` for files) and the URI there.

    ``text`` is the directive that leads there.
    """

    addresses: frozenset[str]
    uri: str
    text: str

    def same_as(self, other: "Destination") -> bool:
        """Whether the two may be one: a common address, and the same URI."""
        return self.uri == other.uri and bool(self.addresses & other.addresses)


def destination(configuration: Configuration, served: Served) -> Destination | None:
    """Where content comes from; None for what nginx makes itself, and where ``alias`` or a ``$`` decides."""
    uri = served.request.uri.partition("?")[0]
    for name in PASSING if served.location is not None else ():
        for directive in served.scope.find(name):
            return _backend(configuration, directive, served, uri)
    root = served.scope.setting("root")
    if not root.is_set or root.value is None or "$" in root.value or served.scope.find("alias"):
        return None
    return Destination(frozenset({f"root {root.value.rstrip('/')}"}), uri, f"root {root.value}")


@kept
def server_addresses(configuration: Configuration, server: VirtualServer) -> frozenset[str]:
    """All addresses (and ``root DIR``) that a server's directives name."""
    places: tuple[VirtualServer | Location, ...] = (server, *server.all_locations())
    return _together([place_addresses(configuration, place) for place in places])


@kept
def place_addresses(configuration: Configuration, place: VirtualServer | Location) -> frozenset[str]:
    """The addresses that the directives of one block lead to, and its ``root DIR``."""
    scope = place.scope
    passing = [directive for name in PASSING for directive in scope.find(name)]
    root = scope.setting("root")
    found = [backend_addresses(configuration, place, directive) for directive in passing]
    if root.is_set and root.value is not None:
        found.append(frozenset({f"root {root.value.rstrip('/')}"}))
    return _together(found)


def backend_addresses(
    configuration: Configuration, place: VirtualServer | Location, directive: Directive
) -> frozenset[str]:
    """The addresses that a passing directive leads to, those of an ``upstream`` in place of its name.

    Nothing where a variable decides whose values the configuration does not hold.
    """
    if not directive.args:
        return frozenset()
    written = directive.args[0]
    if "$" not in written:
        return _addresses(configuration, str(written))
    texts = possible_texts(configuration, place, str(written))
    found = [_addresses(configuration, text) for text in texts]
    return _together(found) if all(found) else frozenset()


def _together(sets: list[frozenset[str]]) -> frozenset[str]:
    """The union; where it is one of the sets, that itself: an upstream may have thousands of members."""
    whole = frozenset[str]()
    for one in sets:
        if not one <= whole:
            whole = one if whole <= one else whole | one
    return once(whole)


def _addresses(configuration: Configuration, text: str) -> frozenset[str]:
    match = _URL.fullmatch(_OF_REQUEST.split(text)[0] if "$" in text else text)
    if match is None or "$" in match["host"]:
        return frozenset()
    host = match["host"].lower()
    if host in configuration.upstreams:
        return _members(configuration, host)
    return frozenset({_address(host, match["scheme"] or "")})


@kept
def _members(configuration: Configuration, upstream: str) -> frozenset[str]:
    """The addresses of an upstream: of thousands, for thousands of servers."""
    return once(frozenset(_address(server, "http") for server in configuration.upstreams[upstream]))


def _backend(
    configuration: Configuration, directive: Directive, served: Served, uri: str
) -> Destination | None:
    location, written = served.location, str(directive.args[0]) if directive.args else ""
    texts = possible_texts(configuration, location or served.server, written)
    addresses = _addresses(configuration, texts[0])
    before = _OF_REQUEST.split(texts[0])[0]
    match = _URL.fullmatch(before)
    if len(texts) > 1 or not addresses or match is None or "$" in before:
        return None
    path = match["path"]
    # With a variable the URI, if there is one, is passed on as it is (ngx_http_proxy_eval); what stands for
    # the request's own URI changes nothing.
    if path and "$" in written and before == texts[0]:
        return Destination(addresses, path.lstrip(":"), directive.text)
    if path and "$" in written:
        return None
    # A URI in proxy_pass takes the place of the location's prefix (ngx_http_proxy_create_request).
    if path and directive.name == "proxy_pass" and location is not None and location.modifier in {"", "^~"}:
        uri = path.lstrip(":") + uri[len(location.pattern) :]
    return Destination(addresses, uri, directive.text)


def _address(text: str, scheme: str) -> str:
    if text.startswith("unix:"):
        return text
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = text, _PORTS.get(scheme, "")
    return f"{'127.0.0.1' if host == 'localhost' else host}:{port}"
