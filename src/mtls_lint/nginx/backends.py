"""Where a request ends up behind nginx: a backend with an address of its own there, or a file."""

import re
from dataclasses import dataclass

from mtls_lint.nginx.anonymous import Served
from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.syntax.tree import Directive

_URL = re.compile(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>unix:[^:]+|\[[^\]]*\](?::\d+)?|[^/]*)(?P<path>:?/.*)?")
_PORTS = {"http": "80", "https": "443", "grpc": "80", "grpcs": "443"}


@dataclass(frozen=True, slots=True)
class Destination:
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
            return _backend(configuration, directive, served.location, uri)
    root = served.scope.setting("root")
    if not root.is_set or root.value is None or "$" in root.value or served.scope.find("alias"):
        return None
    return Destination(frozenset({f"root {root.value.rstrip('/')}"}), uri, f"root {root.value}")


def server_addresses(configuration: Configuration, server: VirtualServer) -> frozenset[str]:
    """All addresses (and ``root DIR``) that a server's directives name."""
    scopes = (server.scope, *(location.scope for location in server.all_locations()))
    return frozenset().union(*(scope_addresses(configuration, scope) for scope in scopes))


def scope_addresses(configuration: Configuration, scope: Scope) -> frozenset[str]:
    """The addresses that the directives of one block name, and its ``root DIR``."""
    passing = [directive for name in PASSING for directive in scope.find(name)]
    root = scope.setting("root")
    files = {f"root {root.value.rstrip('/')}"} if root.is_set and root.value is not None else set[str]()
    return frozenset(files).union(*(backend_addresses(configuration, one) for one in passing))


def backend_addresses(configuration: Configuration, directive: Directive) -> frozenset[str]:
    """The addresses that a passing directive names, those of an ``upstream`` in place of its name."""
    if not directive.args or "$" in directive.args[0]:
        return frozenset()
    match = _URL.fullmatch(str(directive.args[0]))
    if match is None:
        return frozenset()
    host = match["host"].lower()
    servers = configuration.upstreams.get(host)
    if servers is not None:
        return frozenset(_address(server, "http") for server in servers)
    return frozenset({_address(host, match["scheme"] or "")})


def _backend(
    configuration: Configuration, directive: Directive, location: Location | None, uri: str
) -> Destination | None:
    addresses = backend_addresses(configuration, directive)
    if not addresses:
        return None
    match = _URL.fullmatch(str(directive.args[0]))
    path = match["path"] if match is not None else None
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
