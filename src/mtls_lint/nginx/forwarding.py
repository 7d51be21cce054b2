"""What a backend is told of the client: the headers and parameters that each path to it sets or passes on."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property, lru_cache

from msgspec import Struct

from mtls_lint.nginx.anonymous import Served
from mtls_lint.nginx.answers import SETTERS
from mtls_lint.nginx.backends import backend_addresses
from mtls_lint.nginx.checks import Sources, sources_of
from mtls_lint.nginx.head import takes_them_as_invalid, takes_underscores
from mtls_lint.nginx.inheritance import Scope, Setting
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.variables import variables_in
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


class Said(Struct, frozen=True):
    """What a header or parameter is set to, and the variables (without ``$``) from which that comes.

    ``index`` says which of the directives that are in force together it is.
    """

    name: str
    value: str
    sources: frozenset[str]
    index: int

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


class Forwarded(Said, frozen=True):
    """A header or parameter at one place, and the ``directive`` that sets it there."""

    directive: Directive


class Told(Struct, frozen=True, eq=False):
    """What directives with the same words tell a backend, by key: one object for all places that say it.

    ``identity`` is what tells of the client's certificate, ``facts`` are all variables (without ``$``) that
    do, and ``named`` the variables that stand in those values.
    """

    said: Mapping[str, Said]
    identity: Mapping[str, Said]
    facts: frozenset[str]
    named: frozenset[str]


@lru_cache(maxsize=1024)
def _facts_in(sources: frozenset[str]) -> frozenset[str]:
    return frozenset(source for source in sources if source.startswith("ssl_client_"))


class ForwardingPath(Struct, frozen=True, eq=False, dict=True):
    """A place that hands requests on to a backend, and what it says of the client there.

    ``directive`` is the ``proxy_pass`` or its like, ``location`` the block it stands in. ``addresses`` are
    those of the backend; none where a variable decides. ``setting`` is what sets headers, ``told`` what that
    says by ``key``, and ``passes_headers`` tells whether the client's own headers go along, but for those
    that are ``rewritten`` by another module. ``displaced`` is what an outer block sets of the certificate and
    an inner one drops by ``displacing`` (docs/evidence.md: settings). ``doubt`` is why it may be otherwise.
    """

    server: VirtualServer
    location: Location
    directive: Directive
    protocol: str
    addresses: frozenset[str]
    setting: Setting
    told: Told
    passes_headers: bool
    rewritten: frozenset[str]
    displacing: Directive | None
    displaced: Mapping[str, Forwarded]
    doubt: str | None

    def key(self, name: str) -> str:
        """Under which key a header or parameter stands in ``told``: headers have no case."""
        return _key(self.protocol, name)

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
        said = self.told.said.get(key)
        if said is not None:
            return said.fate
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
            key in self.told.said
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
    def forwarded(self) -> dict[str, Forwarded]:
        """What is set, by key, with the places that do."""
        return _at(self.told.said, self.setting.directives)

    @cached_property
    def identity(self) -> dict[str, Forwarded]:
        """What is set to something that tells of the client's certificate, by key."""
        return {key: self.forwarded[key] for key in self.told.identity}

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
    protocols, rewriters, programs = _written(configuration)
    sources = sources_of(configuration, server)
    for location in server.all_locations():
        scope = location.scope
        for protocol, passing, setter in protocols:
            for directive in scope.find(passing):
                setting = scope.setting(setter)
                told = _told(sources, protocol, setting.directives)
                displacing = _setting_level(scope, setter)
                yield ForwardingPath(
                    server,
                    location,
                    directive,
                    protocol,
                    backend_addresses(configuration, location, directive),
                    setting,
                    told,
                    scope.setting(f"{protocol}_pass_request_headers").lower != "off",
                    _rewritten(scope, rewriters) if rewriters else frozenset(),
                    displacing.directive,
                    _displaced(protocol, displacing.overrides, told, sources) if displacing.overrides else {},
                    _doubt(scope, setting, programs) if setting.unknown or programs else None,
                )


@kept
def _written(
    configuration: Configuration,
) -> tuple[list[tuple[str, str, str]], list[str], list[str]]:
    """What of all that matters here the configuration has at all.

    That are the protocols, with the directives that pass and set, and the directives that rewrite headers:
    to fixed ones, and by programs.
    """
    there = configuration.directives
    protocols = [
        (protocol, f"{protocol}_pass", setter)
        for protocol, setter in SETTERS.items()
        if f"{protocol}_pass" in there
    ]
    rewriters, programs = ([name for name in names if name in there] for names in (_INPUT_HEADERS, _PROGRAMS))
    return protocols, rewriters, programs


def _told(sources: Sources, protocol: str, directives: tuple[Directive, ...]) -> Told:
    return _in_words(sources, protocol, tuple([directive.args for directive in directives]))


@kept
def _in_words(sources: Sources, protocol: str, words: tuple[tuple[str, ...], ...]) -> Told:
    said: dict[str, Said] = {}
    for index, args in enumerate(words):
        if len(args) >= 2:
            name, value = str(args[0]), str(args[1])
            said[_key(protocol, name)] = Said(name, value, sources.of(value), index)
    identity = {key: one for key, one in said.items() if one.facts}
    facts = frozenset[str]().union(*(one.facts for one in identity.values()))
    named = frozenset[str]().union(*(variables_in(one.value) for one in identity.values()))
    return Told(said, identity, facts, named)


def _key(protocol: str, name: str) -> str:
    return name.lower() if protocol in _WITH_HEADERS else name


def _at(said: Mapping[str, Said], directives: tuple[Directive, ...]) -> dict[str, Forwarded]:
    return {
        key: Forwarded(one.name, one.value, one.sources, one.index, directives[one.index])
        for key, one in said.items()
    }


def _displaced(
    protocol: str, overrides: tuple[Directive, ...], told: Told, sources: Sources
) -> dict[str, Forwarded]:
    outer = _told(sources, protocol, overrides)
    lost = {key: one for key, one in outer.identity.items() if key not in told.said}
    return _at(lost, overrides)


def _setting_level(scope: Scope, setter: str) -> Setting:
    """The setting at the level where it is set, which knows what it overrides there."""
    while not scope.find(setter) and scope.outer is not None:
        scope = scope.outer
    return scope.setting(setter)


def _rewritten(scope: Scope, rewriters: Iterable[str]) -> frozenset[str]:
    """Headers that headers-more sets or clears in the request, whatever the client has sent."""
    words = [str(word) for name in rewriters for word in scope.setting(name).words]
    headers = [header for word in words for header in word.split(",")]
    return once(frozenset([header.partition(":")[0].strip().lower() for header in headers]))


def _doubt(scope: Scope, setting: Setting, programs: Iterable[str]) -> str | None:
    if setting.unknown is not None:
        return setting.unknown.reason
    for program in programs:
        if scope.setting(program).is_set:
            return f"{program} may change the headers"
    return None
