"""The model: servers, locations and sockets, as nginx makes them from a tree."""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property

from msgspec import Struct

from mtls_lint.nginx.inheritance import Scope, Setting
from mtls_lint.nginx.listen import IMPLICIT, Listen, SocketKey, parse_listen
from mtls_lint.nginx.makers import Makers, makers
from mtls_lint.nginx.names import NameKind, ServerName, parse_names
from mtls_lint.nginx.refusals import Refusals, refusals
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion
from mtls_lint.syntax.directives import is_opaque
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Tree, index_by_name

MODULES = ("http", "stream", "mail")


class Location:
    """A ``location`` block, an ``if`` or a ``limit_except`` of an http server.

    ``modifier`` is ``=``, ``^~``, ``~``, ``~*``, ``@`` or empty; ``pattern`` what follows it. For ``if``
    and ``limit_except`` the kind says so and the pattern is the text of the condition.
    """

    __slots__ = ("children", "directive", "kind", "modifier", "parent", "pattern", "scope", "server")

    def __init__(self, directive: Directive, server: "VirtualServer", parent: "Location | None") -> None:
        self.directive = directive
        self.server = server
        self.parent = parent
        self.kind = str(directive.name)
        self.modifier, self.pattern = _location_pattern(directive)
        outer = server.scope if parent is None else parent.scope
        self.scope: Scope = Scope(
            self.kind, directive.children, outer, module=server.module, version=server.scope.version
        )
        self.children: tuple[Location, ...] = tuple(
            Location(child, server, self) for child in directive.children if child.name in _LOCATION_BLOCKS
        )

    def setting(self, name: str) -> Setting:
        """The effective value of ``name`` in this block."""
        return self.scope.setting(name)

    @property
    def span(self) -> Span:
        """Where the block opens."""
        return self.directive.span

    def walk(self) -> "Iterator[Location]":
        """This block and those inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


class VirtualServer:
    """A ``server`` block of http, stream or mail.

    ``directive`` is None for the server that a fragment of bare directives is meant for; such a server
    is not ``complete``: what is absent from it may stand elsewhere.
    """

    def __init__(self, directive: Directive | None, scope: Scope, module: str) -> None:
        self.directive = directive
        self.module = module
        self.scope: Scope = scope
        self.setting: Callable[[str], Setting] = scope.setting
        """The effective value of a name in this server."""
        self.names: tuple[ServerName, ...] = parse_names(scope.find("server_name"))
        self.listens: tuple[Listen, ...] = self._listens()
        self.sockets: tuple[Socket, ...] = ()
        self.locations: tuple[Location, ...] = tuple(
            Location(child, self, None) for child in scope.directives if child.name in _LOCATION_BLOCKS
        )
        # Every rule asks for these, of each server.
        self._blocks = tuple(inner for location in self.locations for inner in location.walk())
        self._label = self._called()
        self._tls: tuple[Socket, ...] = ()
        self._plain: tuple[Socket, ...] = ()

    def _stand_at(self, sockets: "tuple[Socket, ...]") -> None:
        self.sockets = sockets
        self._tls = tuple(socket for socket in sockets if socket.ssl)
        self._plain = tuple(socket for socket in sockets if not socket.ssl)

    def _listens(self) -> tuple[Listen, ...]:
        given = self.scope.find("listen")
        if not given:
            # Only http has an implicit listen; a server that was not given in full has an unknown one.
            return (IMPLICIT,) if self.module == "http" and self.complete else ()
        return tuple(listen for directive in given for listen in parse_listen(directive, module=self.module))

    @cached_property
    def complete(self) -> bool:
        """Whether all of this block was given and read: what is absent here is absent."""
        return self.directive is not None and not self.scope.unread

    @property
    def span(self) -> Span:
        """Where the server opens (its first directive, where a fragment has no block)."""
        if self.directive is not None:
            return self.directive.span
        return self.scope.directives[0].span

    @cached_property
    def has_ssl_context(self) -> bool:
        """Whether nginx builds a TLS context here, and so opens the CA, CRL and certificate files.

        That is so with a certificate, with ``ssl_reject_handshake on`` and, before 1.25.1, with ``ssl on``
        (docs/evidence.md: settings; ngx_http_ssl_merge_srv_conf). Mail, and stream before 1.25.5, build one
        only where the server itself is told to speak TLS.
        """
        old_ssl = self.scope.version < (1, 25, 1) and self.setting("ssl").is_on
        if self.module == "mail" or (self.module == "stream" and self.scope.version < (1, 25, 5)):
            return self.starts_tls or old_ssl or any(listen.ssl for listen in self.listens)
        return old_ssl or self.setting("ssl_certificate").is_set or self.setting("ssl_reject_handshake").is_on

    @cached_property
    def starts_tls(self) -> bool:
        """Whether a mail client may change to TLS on a plain connection (``starttls``)."""
        return self.module == "mail" and self.setting("starttls").lower in {"on", "only"}

    @property
    def tls_sockets(self) -> "tuple[Socket, ...]":
        """The sockets of this server that speak TLS."""
        return self._tls

    @property
    def plain_sockets(self) -> "tuple[Socket, ...]":
        """The sockets of this server that do not."""
        return self._plain

    @cached_property
    def presents_certificate(self) -> bool:
        """Whether some client may be shown this server's certificate.

        One that speaks no TLS, or rejects every handshake, shows none; of a fragment without any
        ``listen`` that is not known.
        """
        if self.setting("ssl_reject_handshake").is_on:
            return False
        if self.starts_tls:
            return True
        return bool(self.tls_sockets) or (not self.listens and not self.complete)

    @cached_property
    def verify_client(self) -> str:
        """The effective mode: ``off``, ``on``, ``optional`` or ``optional_no_ca`` (lower-cased)."""
        return self.setting("ssl_verify_client").lower

    @property
    def label(self) -> str:
        """How people call this server: its first name, else ``default``, with its first port."""
        return self._label

    def _called(self) -> str:
        names = [str(name) for name in self.names if name.kind is not NameKind.EMPTY]
        name = names[0] if names else "_"
        for listen in self.listens:
            return f"{name}:{listen.key.port}" if listen.key.port else f"{name}:{listen.key.address}"
        return name

    @cached_property
    def logical_path(self) -> str:
        """The identity of this server across edits: ``http/server[api.example.com:443]``."""
        return f"{self.module}/server[{self.label}]"

    def all_locations(self) -> Iterator[Location]:
        """Every location, nested ones, ``if`` and ``limit_except`` included, in order."""
        return iter(self._blocks)

    def __repr__(self) -> str:
        return f"<{self.logical_path}>"


class Socket:
    """An address and port, with the servers that listen there, in file order."""

    def __init__(self, key: SocketKey, members: tuple[tuple[VirtualServer, Listen], ...]) -> None:
        self.key = key
        self.members = members
        self.module = members[0][0].module
        self.servers: tuple[VirtualServer, ...] = tuple(dict.fromkeys(server for server, _ in members))
        """The servers, each once."""
        self.default_server = next((s for s, listen in members if listen.default_server), members[0][0])
        # The ssl flags of all listens are OR-ed; before 1.25.1 the default server's ``ssl on`` counts too
        # (docs/evidence.md: sockets).
        self.ssl = any(listen.ssl for _, listen in members) or (
            self.default_server.scope.version < (1, 25, 1) and self.default_server.setting("ssl").is_on
        )

    @cached_property
    def takes_ipv4(self) -> bool:
        """Whether IPv4 clients reach this IPv6 socket (``ipv6only=off``)."""
        return any(listen.takes_ipv4 for _, listen in self.members)

    @cached_property
    def is_framed(self) -> bool:
        """Whether clients have to speak the PROXY protocol first."""
        return any(listen.proxy_protocol for _, listen in self.members)


class UpstreamBlock(Struct, frozen=True, dict=True):
    """An ``upstream`` block: its name as it is written, and its members."""

    name: str
    directive: Directive

    @cached_property
    def members(self) -> tuple[Directive, ...]:
        """Its ``server`` directives."""
        return tuple(one for one in self.directive.find("server") if one.args)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its members as they are written."""
        return tuple(str(one.args[0]) for one in self.members)


class Configuration(Struct, frozen=True, dict=True):
    """What nginx of ``version`` makes of ``tree``."""

    tree: Tree
    version: NginxVersion = NEWEST_STABLE
    servers: tuple[VirtualServer, ...] = ()
    sockets: tuple[Socket, ...] = ()
    scopes: dict[str, Scope] = {}
    """The level of each module (``http``, ``stream``, ``mail``) that the tree has."""
    directives: dict[str, tuple[Directive, ...]] = {}
    """All directives of the tree by name, the rows of opaque blocks (``map``, ``types`` ...) left out."""

    @cached_property
    def refusals(self) -> Refusals:
        """The directives that nginx refuses by themselves; judged once."""
        return refusals(self.tree, self.version)

    @cached_property
    def makers(self) -> Makers:
        """Which variables of http the configuration makes itself; looked for once."""
        return makers(self.scopes.get("http"), self._with_set("http"))

    @cached_property
    def upstream_blocks(self) -> dict[tuple[str, str], UpstreamBlock]:
        """The ``upstream`` blocks by module (``http``, ``stream``) and name in lower case."""
        return {
            (module, str(block.args[0]).lower()): UpstreamBlock(str(block.args[0]), block)
            for module, scope in self.scopes.items()
            for block in scope.find("upstream")
            if block.args
        }

    @cached_property
    def stream_makers(self) -> Makers:
        """The same for the variables of stream."""
        return makers(self.scopes.get("stream"), self._with_set("stream"))

    def _with_set(self, module: str) -> tuple[VirtualServer, ...]:
        """The servers of a module in which variables may be set: none where nothing says so."""
        return self.servers_of(module) if "set" in self.directives else ()

    @cached_property
    def upstreams(self) -> dict[str, tuple[str, ...]]:
        """The addresses of each ``upstream`` of http, by its name in lower case."""
        return {
            name: one.addresses for (module, name), one in self.upstream_blocks.items() if module == "http"
        }

    def servers_of(self, module: str) -> tuple[VirtualServer, ...]:
        """The servers of one module, in file order."""
        return self._by_module.get(module, ())

    @cached_property
    def _by_module(self) -> dict[str, tuple[VirtualServer, ...]]:
        found: dict[str, list[VirtualServer]] = {}
        for server in self.servers:
            found.setdefault(server.module, []).append(server)
        return {module: tuple(servers) for module, servers in found.items()}


_LOCATION_BLOCKS = frozenset({"location", "if", "limit_except"})


def _location_pattern(directive: Directive) -> tuple[str, str]:
    words = [str(word) for word in directive.args]
    if directive.name != "location":
        return "", " ".join(words)
    if len(words) > 1:
        return words[0], words[1]
    if not words:
        return "", ""
    # nginx takes a modifier that is glued to its pattern as well (ngx_http_core_location).
    for modifier in ("=", "^~", "~*", "~", "@"):
        if words[0].startswith(modifier):
            return modifier, words[0][len(modifier) :]
    return "", words[0]


def build(tree: Tree, version: NginxVersion = NEWEST_STABLE) -> Configuration:
    """The model of ``tree`` under nginx ``version``; never fails: what was not read is marked unknown."""
    servers: list[VirtualServer] = []
    scopes: dict[str, Scope] = {}
    directives = _by_name(tree)
    names = None if any(not problem.harmless for problem in tree.problems) else directives.keys()
    for module in MODULES:
        for scope in _module_scopes(tree, module, version, names):
            scopes.setdefault(module, scope)
            servers += _servers(tree, scope, module)
    sockets = _sockets(servers)
    return Configuration(tree, version, tuple(servers), sockets, scopes, directives)


def _module_scopes(
    tree: Tree, module: str, version: NginxVersion, names: Collection[str] | None
) -> Iterator[Scope]:
    if tree.context == ("main",):
        for directive in index_by_name(tree.directives).get(module, ()):
            yield Scope(module, directive.children, None, module=module, version=version, names=names)
    elif tree.context[0] == module:
        level = tree.directives if len(tree.context) == 1 else ()
        yield Scope(module, level, None, module=module, version=version, is_open=True)


def _servers(tree: Tree, scope: Scope, module: str) -> Iterator[VirtualServer]:
    for directive in scope.find("server"):
        if directive.block is not None:
            inner = Scope("server", directive.block, scope, module=module, version=scope.version)
            yield VirtualServer(directive, inner, module)
    if tree.context == (module, "server"):
        inner = Scope("server", tree.directives, scope, module=module, version=scope.version)
        if inner.directives:
            yield VirtualServer(None, inner, module)


def _sockets(servers: list[VirtualServer]) -> tuple[Socket, ...]:
    members: dict[tuple[str, SocketKey], list[tuple[VirtualServer, Listen]]] = {}
    for server in servers:
        for listen in server.listens:
            members.setdefault((server.module, listen.key), []).append((server, listen))
    sockets = tuple(Socket(key, tuple(group)) for (_, key), group in members.items())
    of_server: dict[VirtualServer, list[Socket]] = {}
    for socket in sockets:
        for server in socket.servers:
            of_server.setdefault(server, []).append(socket)
    for server, own in of_server.items():
        server._stand_at(tuple(own))
    return sockets


def _by_name(tree: Tree) -> dict[str, tuple[Directive, ...]]:
    # Servers that include the same text share its directives: each is there once.
    found: dict[str, dict[Directive, None]] = {}
    stack = list(reversed(tree.directives))
    while stack:
        directive = stack.pop()
        found.setdefault(directive.name, {})[directive] = None
        if directive.block and not is_opaque(directive.name):
            stack.extend(reversed(directive.block))
    return {name: tuple(group) for name, group in found.items()}
