"""Names and servers: who answers a name, on which sockets, and how to ask for a server."""

from collections.abc import Iterator

from msgspec.structs import replace

from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.names import NameKind
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Unknown


def answering(configuration: Configuration, name: str) -> Iterator[tuple[Socket, VirtualServer | Unknown]]:
    """The sockets on which a server is called ``name``, with the server that nginx chooses for it there.

    Unknown where that depends on what only the machine knows. Default servers that answer the name for
    want of a better one are not meant.
    """
    host = normalise_host(name, configuration.version)
    if not host:
        return
    for socket in configuration.sockets:
        if socket.module == "mail":
            continue
        # With a single server nginx looks nothing up; the server is called what it is called all the same.
        table = replace(NameTable.of(socket), used=True)
        found = table.find(host)
        if found is not None:
            yield socket, found


@kept
def example_name(server: VirtualServer) -> str | None:
    """A host name that this server takes; None when it takes requests without a Host only."""
    for name in server.names:
        if name.kind is NameKind.EXACT:
            return name.text
        if name.kind is NameKind.DOTTED:
            return name.text[1:]
        if name.kind is NameKind.LEADING_WILDCARD:
            return f"www{name.text[1:]}"
        if name.kind is NameKind.TRAILING_WILDCARD:
            return f"{name.text[:-1]}example"
    if any(socket.default_server is server for socket in server.sockets):
        return "localhost"
    return next((name.text for name in server.names if name.kind is NameKind.PLACEHOLDER), None)


def handshake_name(server: VirtualServer) -> str | None:
    """The SNI by which a client gets this server's handshake; None when it has to send none, if at all."""
    name = example_name(server)
    return name if server.names and name != "localhost" else None


def other_handshakes(server: VirtualServer, socket: Socket) -> Iterator[VirtualServer]:
    """Other servers of a TLS socket by whose handshake a client may come before its Host names ``server``.

    One for each set of TLS versions: nothing else of the handshake matters to a server that verifies nobody.
    """
    seen: set[frozenset[str]] = set()
    for other in socket.servers:
        if other is server or other.setting("ssl_reject_handshake").is_on:
            continue
        if handshake_name(other) is None and other is not socket.default_server:
            continue
        versions = spoken_protocols(other)
        if versions not in seen:
            seen.add(versions)
            yield other


def listen_span(socket: Socket, server: VirtualServer | None = None) -> Span:
    """Where ``server`` (the default server unless given) says that it listens on ``socket``.

    The server's own place where it does not say so: ``*:80`` goes without saying.
    """
    wanted = socket.default_server if server is None else server
    for member, listen in socket.members:
        if member is wanted and listen.directive is not None:
            return listen.directive.span
    return wanted.span


def repeats_another(socket: Socket) -> bool:
    """Whether an earlier socket has the same servers, the same default server, and TLS or not like this one.

    So it is where everything listens on IPv4 and IPv6: what is said of the first holds for the other.
    """
    default = socket.default_server
    for other in default.sockets:
        if other is socket:
            return False
        alike = other.default_server is default and other.ssl is socket.ssl
        if alike and other.servers == socket.servers:
            return True
    return False
