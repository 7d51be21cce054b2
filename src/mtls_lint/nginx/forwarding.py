"""What a backend is told of the client: the headers and parameters that each path to it sets or passes on."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property, lru_cache

from msgspec import Struct

from mtls_lint.nginx.anonymous import Served
from mtls_lint.nginx.answers import SETTERS
from mtls_lint.nginx.backends import backend_addresses
from mtls_lint.nginx.checks import IDENTIFYING, Sources, sources_of
from mtls_lint.nginx.head import takes_them_as_invalid, takes_underscores
from mtls_lint.nginx.inheritance import Scope, Setting
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.sharing import once
from mtls_lint.syntax.tree import Directive

_WITH_HEADERS = frozenset({"proxy", "grpc"})
"""Protocols with headers under their own names; the others carry them as parameters ``HTTP_...``."""

_OF_CLIENTS = ("http_", "cookie_", "arg_")
"""What variables with values that clients choose begin with."""

# Directives of other modules that change the headers of requests: the headers named, or any.
_INPUT_HEADERS = ("more_set_input_headers", "more_clear_input_headers")
_PROGRAMS = tuple(
    f"{phase}_by_lua{kind}" for phase in ("rewrite", "access") for kind in ("", "_block", "_file")
)


class Fate(Enum):
    """What a backend gets in a header or parameter."""

    IDENTITY = "identity"
    """What nginx knows of the client's certificate; nothing, where there is none."""
    FIXED = "fixed"
    """Something else that nginx says, or nothing."""
    CLIENT = "client"
    """What the client has sent."""
    ABSENT = "absent"
    """Nothing: neither nginx nor a client can send it on this path."""


class Forwarded(Struct, frozen=True):
    """A header or parameter that ``directive`` sets, and the variables (without ``$``) in its value."""

    name: str
    value: str
    directive: Directive
    sources: frozenset[str]

    @property
    def facts(self) -> frozenset[str]:
        """Those that tell of the client's certificate."""
        return _facts_in(self.sources)

    @property
    def fate(self) -> Fate:
        """What the backend gets in it. Without a certificate an empty value removes the client's header."""
        if self.facts:
            return Fate.IDENTITY
        given = any(source.startswith(_OF_CLIENTS) for source in self.sources)
        return Fate.CLIENT if given else Fate.FIXED


@lru_cache(maxsize=1024)
def _facts_in(sources: frozenset[str]) -> frozenset[str]:
    return frozenset(source for source in sources if source.startswith("ssl_client_"))


class ForwardingPath(Struct, frozen=True, eq=False, dict=True):
    """A place that hands requests on to a backend, and what it says of the client there.

    ``directive`` is the ``proxy_pass`` or its like, ``location`` the block it stands in. ``addresses`` are
    those of the backend; none where a variable decides. ``setting`` is what sets headers, ``forwarded`` what
    it sets by ``key``, and ``passes_headers`` tells whether the client's own headers go along, but for those
    that are ``rewritten`` by another module. ``displaced`` is what an outer block sets of the certificate and
    an inner one drops by ``displacing`` (docs/evidence.md: settings). ``doubt`` is why it may be otherwise.
    """

    server: VirtualServer
    location: Location
    directive: Directive
    protocol: str
    addresses: frozenset[str]
    setting: Setting
    forwarded: Mapping[str, Forwarded]
    passes_headers: bool
    rewritten: frozenset[str]
    displacing: Directive | None
    displaced: Mapping[str, Forwarded]
    doubt: str | None

    def key(self, name: str) -> str:
        """Under which key a header or parameter stands in ``forwarded``: headers have no case."""
        return name.lower() if self.protocol in _WITH_HEADERS else name

    def header(self, key: str) -> str | None:
        """The header by which a client would send what the backend gets under ``key``; None if it cannot.

        FastCGI, uwsgi and SCGI carry the header ``X-DN`` as the parameter ``HTTP_X_DN``, and leave it out
        where that parameter is set (docs/evidence.md: forwarding).
        """
        if self.protocol in _WITH_HEADERS:
            return key
        return key[5:].replace("_", "-").title() if key.startswith("HTTP_") else None

    def fate(self, key: str) -> Fate:
        """What the backend gets under ``key``."""
        forwarded = self.forwarded.get(key)
        if forwarded is not None:
            return forwarded.fate
        header = self.header(key)
        if header is None or not self.passes_headers:
            return Fate.ABSENT
        if header.lower() in self.rewritten:
            return Fate.FIXED
        return Fate.CLIENT if "_" not in header or self.takes_underscores else Fate.ABSENT

    @property
    def takes_underscores(self) -> bool:
        """Whether clients' headers with an underscore in their name get this far."""
        return any(map(takes_underscores, self._readers))

    @property
    def lets_underscores_in(self) -> Directive | None:
        """The directive that makes nginx take such headers."""
        for server in self._readers:
            if takes_underscores(server):
                name = "ignore_invalid_headers" if takes_them_as_invalid(server) else "underscores_in_headers"
                return server.setting(name).directive
        return None

    def is_added(self, key: str) -> bool:
        """Whether a client's header of this name is passed on besides the one that is set.

        nginx looks an invalid name up by a hash without its underscores, and finds it by chance only.
        """
        return (
            key in self.forwarded
            and self.passes_headers
            and self.has_headers
            and "_" in key
            and any(map(takes_them_as_invalid, self._readers))
        )

    @property
    def _readers(self) -> tuple[VirtualServer, ...]:
        """The servers that judge a header: those in front of the Host are for the default server.

        See ngx_http_process_request_headers, where the server changes with the Host.
        """
        return (self.server, *(socket.default_server for socket in self.server.sockets))

    @cached_property
    def identity(self) -> dict[str, Forwarded]:
        """What is set to something that tells of the client's certificate, by key."""
        return {key: one for key, one in self.forwarded.items() if one.facts}

    @cached_property
    def facts(self) -> frozenset[str]:
        """All that the backend is told of the certificate: variables without ``$``."""
        return once(frozenset[str]().union(*(one.facts for one in self.forwarded.values())))

    @property
    def identifies(self) -> bool:
        """Whether the backend is told who the client is."""
        return not self.facts.isdisjoint(IDENTIFYING)

    @property
    def has_headers(self) -> bool:
        """Whether what is set are headers of HTTP (or HTTP/2), not parameters of a gateway."""
        return self.protocol in _WITH_HEADERS

    @property
    def setter(self) -> str:
        """The directive that sets headers or parameters here."""
        return SETTERS[self.protocol]

    @property
    def label(self) -> str:
        """How people call the place: ``location /api of app.example.com:443``."""
        words = (self.location.kind, self.location.modifier, self.location.pattern)
        return f"{' '.join(word for word in words if word)} of {self.server.label}"

    def leads(self, served: Served) -> bool:
        """Whether a request that was decided upon goes this way."""
        if served.server is not self.server or served.span != self.directive.span:
            return False
        block: Location | None = self.location
        while block is not None and block is not served.location:
            block = block.parent
        return block is not None


def forwarding_paths(
    configuration: Configuration, servers: Iterable[VirtualServer] | None = None
) -> tuple[ForwardingPath, ...]:
    """The paths by which requests of http reach a backend, in file order; those of these servers if given."""
    if servers is None:
        return _all_paths(configuration)
    return tuple(path for server in dict.fromkeys(servers) for path in _paths(configuration, server))


@kept
def _all_paths(configuration: Configuration) -> tuple[ForwardingPath, ...]:
    servers = configuration.servers_of("http")
    return tuple(path for server in servers for path in _paths(configuration, server))


@kept
def _paths(configuration: Configuration, server: VirtualServer) -> tuple[ForwardingPath, ...]:
    return tuple(_find_paths(configuration, server))


def _find_paths(configuration: Configuration, server: VirtualServer) -> Iterator[ForwardingPath]:
    sources = sources_of(configuration, server)
    for location in server.all_locations():
        scope = location.scope
        for protocol, setter in SETTERS.items():
            for directive in scope.find(f"{protocol}_pass"):
                setting = scope.setting(setter)
                forwarded = _forwarded(protocol, setting.directives, sources)
                displacing = _setting_level(scope, setter)
                outer = _forwarded(protocol, displacing.overrides, sources)
                yield ForwardingPath(
                    server,
                    location,
                    directive,
                    protocol,
                    backend_addresses(configuration, location, directive),
                    setting,
                    forwarded,
                    scope.setting(f"{protocol}_pass_request_headers").lower != "off",
                    _rewritten(scope),
                    displacing.directive,
                    {key: one for key, one in outer.items() if one.facts and key not in forwarded},
                    _doubt(scope, setting),
                )


def _forwarded(protocol: str, directives: tuple[Directive, ...], sources: Sources) -> dict[str, Forwarded]:
    found = {}
    for directive in directives:
        if len(directive.args) >= 2:
            name, value = str(directive.args[0]), str(directive.args[1])
            key = name.lower() if protocol in _WITH_HEADERS else name
            found[key] = Forwarded(name, value, directive, sources.of(value))
    return found


def _setting_level(scope: Scope, setter: str) -> Setting:
    """The setting at the level where it is set, which knows what it overrides there."""
    while not scope.find(setter) and scope.outer is not None:
        scope = scope.outer
    return scope.setting(setter)


def _rewritten(scope: Scope) -> frozenset[str]:
    """Headers that headers-more sets or clears in the request, whatever the client has sent."""
    words = (str(word) for name in _INPUT_HEADERS for word in scope.setting(name).words)
    headers = (header for word in words for header in word.split(","))
    return once(frozenset(header.partition(":")[0].strip().lower() for header in headers))


def _doubt(scope: Scope, setting: Setting) -> str | None:
    if setting.unknown is not None:
        return setting.unknown.reason
    program = next((name for name in _PROGRAMS if scope.setting(name).is_set), None)
    return f"{program} may change the headers" if program is not None else None
