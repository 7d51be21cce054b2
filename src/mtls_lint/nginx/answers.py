"""What a server gives to a plain-text client: redirects, fixed answers, or content.

A first approximation from the text alone; a value that cannot be decided counts as content only where
content stands in the text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from mtls_lint.nginx.conditions import decide_condition
from mtls_lint.nginx.model import Location, VirtualServer
from mtls_lint.syntax.tree import Directive

PASSING = ("proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass")


# Regular expressions that every request URI matches; others are left undecided here.
_MATCHES_ALL = frozenset(
    {"^", "^/", ".*", "(.*)", "^.*", "^.*$", "^(.*)", "^(.*)$", "^/(.*)", "^/(.*)$", "^/.*$"}
)


class Answer(Enum):
    """What a place gives to a client."""

    REDIRECT = "redirect"
    REFUSAL = "refusal"
    """A 4xx or 5xx status, or the connection closed (444)."""
    FIXED = "fixed"
    """A text that the configuration itself holds, or nginx's own status page."""
    CONTENT = "content"
    """Files or a backend."""


@dataclass(frozen=True, slots=True)
class Served:
    """One place of a server and what it gives; ``directive`` is what decides it."""

    answer: Answer
    uri: str
    directive: Directive


def served_without_tls(server: VirtualServer, port: int) -> tuple[Served, ...]:
    """What a client that speaks plain HTTP to ``server`` on ``port`` can get, place by place."""
    variables = {
        "scheme": "http",
        "https": "",
        "server_port": str(port),
        "ssl_client_verify": "",
        "ssl_client_s_dn": "",
        "ssl_client_fingerprint": "",
        "ssl_client_serial": "",
        "ssl_protocol": "",
        "ssl_cipher": "",
    }
    early = _rewrite_phase(server.scope.directives, variables)
    if early is not None:
        return (Served(early[0], "/", early[1]),)
    places: list[Served] = []
    for location in server.locations:
        if location.kind == "location" and location.modifier != "@":
            places += _in_location(location, variables)
    root = server.setting("root")
    if root.directive is not None and not any(place.uri == "/" for place in places):
        places.append(Served(Answer.CONTENT, "/", root.directive))
    return tuple(places)


def _in_location(location: Location, variables: dict[str, str]) -> Iterable[Served]:
    uri = location.pattern if location.modifier in {"", "=", "^~"} else "/"
    nested = [child for child in location.children if child.kind == "location"]
    for child in nested:
        yield from _in_location(child, variables)
    early = _rewrite_phase(location.scope.directives, variables)
    if early is not None:
        yield Served(early[0], uri, early[1])
        return
    if any(d.args[:1] == ("all",) for d in location.scope.find("deny")) and not location.scope.find("allow"):
        yield Served(Answer.REFUSAL, uri, location.scope.find("deny")[0])
        return
    if location.scope.find("internal"):
        return
    for name in PASSING:
        for directive in location.scope.find(name):
            yield Served(Answer.CONTENT, uri, directive)
            return
    for name in ("stub_status", "empty_gif", "api"):
        for directive in location.scope.find(name):
            yield Served(Answer.FIXED, uri, directive)
            return
    for name in ("alias", "root"):
        setting = location.setting(name)
        if setting.directive is not None:
            yield Served(Answer.CONTENT, uri, setting.directive)
            return


def _rewrite_phase(
    directives: Iterable[Directive], variables: dict[str, str]
) -> tuple[Answer, Directive] | None:
    """The answer of the rewrite phase, when it surely ends there (ngx_http_rewrite_handler)."""
    for directive in directives:
        if directive.name == "return":
            return _returned(directive), directive
        if directive.name == "rewrite" and _redirects(directive):
            return Answer.REDIRECT, directive
        if directive.name == "if" and decide_condition(directive.args, variables):
            inside = _rewrite_phase(directive.children, variables)
            if inside is not None:
                return inside
    return None


def _returned(directive: Directive) -> Answer:
    first = str(directive.args[0]) if directive.args else ""
    if not first.isdigit():
        return Answer.REDIRECT
    status = int(first)
    if status in {301, 302, 303, 307, 308}:
        return Answer.REDIRECT
    return Answer.REFUSAL if status >= 400 else Answer.FIXED


def _redirects(directive: Directive) -> bool:
    if len(directive.args) < 2:
        return False
    pattern, target = str(directive.args[0]), str(directive.args[1])
    flag = str(directive.args[2]) if len(directive.args) > 2 else ""
    external = flag in {"redirect", "permanent"} or target.startswith(("http://", "https://", "$scheme"))
    return external and pattern in _MATCHES_ALL
