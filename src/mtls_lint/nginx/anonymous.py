"""What a client without a proper certificate gets of a server: ``decide``, asked for each location."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from mtls_lint.nginx.answering import example_name, handshake_name
from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Answer, Client, Connection, Decision, Fault, Outcome, Request
from mtls_lint.nginx.examples import uris_matching
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.select_location import Selected, select_location
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.syntax.source import Span

_HOUSEKEEPING = frozenset(
    {"alive", "crl", "crls", "health", "health-check", "health_check", "healthcheck", "healthy", "healthz"}
    | {
        "heartbeat",
        "live",
        "liveness",
        "livez",
        "nginx-health",
        "nginx-status",
        "nginx_status",
        "ocsp",
        "ping",
    }
    | {"ready", "readiness", "readyz", "robots.txt", "server-status", "server_status", "startup", "startupz"}
    | {"ping", "status", "stub-status", "stub_status", "up"}
)
_WELL_KNOWN = "/.well-known/"


class Served(Struct, frozen=True):
    """What one request gets.

    ``span`` is what decides it: the ``return``, the ``proxy_pass``; ``server`` holds it.
    """

    answer: Answer
    request: Request
    span: Span
    server: VirtualServer
    decision: Decision

    @property
    def location(self) -> Location | None:
        """The location that answers; None when the server itself does."""
        return self.decision.location

    @property
    def doubts(self) -> tuple[str, ...]:
        """The reasons why the answer is not certain."""
        return self.decision.uncertain

    @property
    def scope(self) -> Scope:
        """The settings that hold where it is served."""
        return self.location.scope if self.location is not None else self.server.scope


class Visitor(Struct, frozen=True):
    """How somebody comes: with which certificate (None: without), and speaking TLS to TLS sockets or not.

    ``via`` is another server of the socket whose name is said in the handshake, instead of that of the server
    which is asked for; ``host`` is what stands in the Host instead of the server's name. ``headers`` go along
    with every request.
    """

    client: Client | None = None
    speaks_tls: bool = True
    via: VirtualServer | None = None
    host: str | None = None
    method: str = "GET"
    fault: Fault | None = None
    headers: tuple[tuple[str, str], ...] = ()


ANYONE = Visitor()


def open_places(
    configuration: Configuration,
    server: VirtualServer,
    socket: Socket,
    now: datetime,
    visitor: Visitor = ANYONE,
    uris: Iterable[str] | None = None,
) -> Iterator[Served]:
    """What a visitor gets of an http ``server`` on one of its sockets, the first location first.

    On a TLS socket the visitor asks for the server's own name. ``uris`` are those to ask for, without them
    one for each location. Places that another server answers for, and answers that are nginx's own errors,
    are left out.
    """
    name = example_name(server)
    shaken = visitor.via or server
    versions = spoken_protocols(shaken)
    tls = ("1.3" if "TLSv1.3" in versions else "1.2") if socket.ssl and visitor.speaks_tls else None
    connection = Connection(socket.key.address, socket.key.port, tls, handshake_name(shaken) if tls else None)
    for uri in dict.fromkeys(uris_of(server) if uris is None else uris):
        request = Request(visitor.host or name, uri, visitor.method, visitor.fault, visitor.headers)
        decision = decide(configuration, connection, request, visitor.client, now)
        if decision.outcome is Outcome.RESPONSE and decision.server is server and decision.answer:
            answer, span = _really(decision, server)
            yield Served(answer, request, span, server, decision)


def passes_on(served: Served) -> bool:
    """Whether what is served comes from a backend, or from files by the request's own URI.

    A page at an address of its own, such as one that explains an error, is neither.
    """
    return served.location is not None and _hands_on(served.location)


def content_places(
    configuration: Configuration,
    server: VirtualServer,
    socket: Socket,
    now: datetime,
    visitor: Visitor = ANYONE,
    uris: Iterable[str] | None = None,
) -> Iterator[Served]:
    """Those of the ``open_places`` that give content which is meant for users.

    Housekeeping (see ``is_housekeeping``) and the server's error pages do not count.
    """
    pages = _error_pages(server)
    for place in open_places(configuration, server, socket, now, visitor, uris):
        if place.answer is not Answer.CONTENT or is_housekeeping(place.request.uri):
            continue
        if place.request.uri not in pages and not _shows_error_page(place, pages):
            yield place


def content_for_anyone(
    configuration: Configuration,
    server: VirtualServer,
    socket: Socket,
    now: datetime,
    via: VirtualServer | None = None,
) -> Served | None:
    """The first place where a client without a certificate gets content, a certain one if there is one.

    None when everything is redirected, refused or fixed. ``via`` is that of ``Visitor``.
    """
    doubtful: Served | None = None
    for place in content_places(configuration, server, socket, now, Visitor(via=via)):
        if not place.doubts:
            return place
        doubtful = doubtful or place
    return doubtful


@lru_cache(maxsize=1024)
def is_housekeeping(uri: str) -> bool:
    """Whether a place is for machines that cannot have a certificate: health checks, ACME, CRLs, icons."""
    if uri.startswith(_WELL_KNOWN) or f"{uri}/" == _WELL_KNOWN:
        return True
    last = uri.rstrip("/").rpartition("/")[2].lower()
    return last in _HOUSEKEEPING or last.endswith((".crl", ".ico"))


@kept
def uris_of(server: VirtualServer) -> tuple[str, ...]:
    """A URI for every location that can be asked for, each of which leads there; else ``/``."""
    found = []
    for location in server.all_locations():
        if location.kind != "location" or location.modifier == "@" or location.scope.find("internal"):
            continue
        uri = _uri_of(location, server)
        if uri is not None:
            found.append(uri)
    if "/" not in found:
        found.append("/")
    return tuple(found)


def _uri_of(location: Location, server: VirtualServer) -> str | None:
    pattern = location.pattern
    if location.modifier in {"~", "~*"}:
        candidates = uris_matching(pattern, location.modifier)
    elif location.modifier == "=":
        candidates = [pattern]
    else:
        candidates = [pattern, f"{pattern}example", f"{pattern}/example"]
    for uri in candidates:
        if not uri.startswith("/") or any(char in uri for char in "?#% "):
            continue
        selected = select_location(server, uri)
        if isinstance(selected, Selected) and selected.location is location:
            return uri
    return None


def _really(decision: Decision, server: VirtualServer) -> tuple[Answer, Span]:
    """The answer, and what gives it."""
    answer = decision.answer or Answer.REFUSAL
    here = decision.location.span if decision.location is not None else server.span
    scope = decision.location.scope if decision.location is not None else server.scope
    span = decision.by or here
    if not _says_nothing(decision, server):
        return answer, span
    fallback = scope.setting("try_files").words[-1:]
    if fallback and not fallback[0].startswith("="):
        return Answer.CONTENT, scope.setting("try_files").span or span
    return Answer.FIXED, span


def _says_nothing(decision: Decision, server: VirtualServer) -> bool:
    """Whether files are served of a directory that nobody wrote: nginx's own, with its welcome page."""
    here = decision.location.span if decision.location is not None else server.span
    scope = decision.location.scope if decision.location is not None else server.scope
    span = decision.by or here
    unsaid = decision.answer is Answer.CONTENT and (span.source, span.start) == (here.source, here.start)
    return unsaid and not scope.setting("root").is_set and not scope.find("alias")


def is_welcome_page(decision: Decision) -> bool:
    """Whether nothing is served but what nginx serves where the configuration says nothing."""
    if decision.server is None or not _says_nothing(decision, decision.server):
        return False
    return _really(decision, decision.server)[0] is Answer.FIXED


def explains_refusal(decision: Decision) -> bool:
    """Whether a client was refused and gets a page that says so: no backend, no file that it asked for."""
    if decision.error is None or decision.error == 404:
        return False
    location = decision.location
    if decision.answer is not Answer.CONTENT or location is None:
        return True
    return not _hands_on(location)


def _hands_on(location: Location) -> bool:
    """Whether a location leads to a backend, or is a named one, which keeps the request's own URI."""
    return location.modifier == "@" or any(location.scope.find(name) for name in PASSING)


def _shows_error_page(place: Served, pages: frozenset[str]) -> bool:
    """Whether a request was refused, and what is served is the page that says so."""
    return place.location is not None and place.location.pattern in pages and not passes_on(place)


@kept
def _error_pages(server: VirtualServer) -> frozenset[str]:
    inside = (one for location in server.all_locations() for one in location.scope.find("error_page"))
    return frozenset(str(one.args[-1]) for one in (*server.setting("error_page").directives, *inside))
