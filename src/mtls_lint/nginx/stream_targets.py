"""Where a stream server sends connections: its content directive, and the address behind a word of it."""

import ipaddress

from msgspec import Struct

from mtls_lint.nginx.checks import client_checks
from mtls_lint.nginx.lookup import find_socket
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.tree import Directive

_CONTENT = ("proxy_pass", "pass", "return")


class Target(Struct, frozen=True):
    """What a word of ``proxy_pass`` or ``pass`` stands for: one address, or those of an ``upstream``."""

    text: str
    addresses: tuple[str, ...]

    @property
    def only(self) -> tuple[str, int] | None:
        """The address and port, where there is no choice and it is an IP address or a Unix socket."""
        return split_address(self.addresses[0]) if len(set(self.addresses)) == 1 else None


def content_directive(server: VirtualServer) -> Directive | None:
    """What answers the connections of a stream server: of several directives the last one."""
    found = [directive for directive in server.scope.directives if directive.name in _CONTENT]
    return found[-1] if found else None


def passes_tls_through(server: VirtualServer) -> bool:
    """Whether a stream server leaves handshakes to the backend: it speaks no TLS, and ``ssl_preread`` is on.

    The default server of the socket says whether the name is read.
    """
    if server.module != "stream" or not server.sockets or server.tls_sockets:
        return False
    return any(socket.default_server.setting("ssl_preread").is_on for socket in server.sockets)


def passed_listener(configuration: Configuration, server: VirtualServer) -> Socket | None:
    """The listener that ``pass`` of a stream server hands connections to; None where a variable names it."""
    content = content_directive(server) if server.module == "stream" else None
    if content is None or content.name != "pass" or not content.args:
        return None
    address = split_address(str(content.args[0]))
    return own_listener(configuration, *address) if address is not None else None


def passed_to_checks(configuration: Configuration, server: VirtualServer) -> bool:
    """Whether ``pass`` hands connections to servers that look at the certificate, or may."""
    content = content_directive(server)
    if content is None or content.name != "pass" or not content.args:
        return False
    listener = passed_listener(configuration, server)
    if listener is None:
        return "$" in content.args[0]  # anywhere
    verifies = listener.ssl and any(one.verify_client != "off" for one in listener.servers)
    return verifies or any(client_checks(configuration, one) for one in listener.servers)


def stream_target(configuration: Configuration, text: str) -> Target | None:
    """What ``text``, without variables, stands for; None where nginx finds no host or no port in it."""
    addresses = upstream_addresses(configuration).get(text.lower())
    if addresses is not None:
        return Target(text, addresses)
    if text.lower().startswith("unix:") and len(text) > len("unix:"):
        return Target(text, (text,))
    host, colon, port = text.rpartition(":")
    return Target(text, (text,)) if colon and host and port.isdecimal() else None


def stream_backends(configuration: Configuration, server: VirtualServer) -> frozenset[str] | None:
    """What a stream server passes connections to: the name that is written, and the addresses behind it.

    None when a variable, or text that was not read, decides.
    """
    content = content_directive(server)
    if content is None or not content.args or content.name == "return":
        return frozenset() if server.complete else None
    target = str(content.args[0])
    if "$" in target:
        return None
    return frozenset({target, *upstream_addresses(configuration).get(target.lower(), ())})


def upstream_addresses(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    """The addresses of each ``upstream`` of stream, by its name in lower case."""
    stream = configuration.scopes.get("stream")
    return {
        str(block.args[0]).lower(): tuple(str(one.args[0]) for one in block.find("server") if one.args)
        for block in (stream.find("upstream") if stream is not None else ())
        if block.args
    }


def mentioned_variables(configuration: Configuration, text: str) -> frozenset[str]:
    """The variables in a text of stream, and those in the maps that make them, without ``$``."""
    found: set[str] = set()
    waiting = set(variables_in(text))
    while waiting:
        name = waiting.pop()
        found.add(name)
        row = configuration.stream_makers.maps.get(name)
        words = (str(row.args[0]), *(str(word) for one in row.children for word in one.args)) if row else ()
        waiting |= {inner for word in words for inner in variables_in(word)} - found
    return frozenset(found)


def split_address(text: str) -> tuple[str, int] | None:
    """The address and port of ``127.0.0.1:1``, ``[::1]:1`` or ``unix:/x`` (port 0); None for a name."""
    if text.lower().startswith("unix:"):
        return text, 0
    host, _, port = text.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return (host, int(port)) if port.isdecimal() else None


def own_listener(configuration: Configuration, address: str, port: int) -> Socket | None:
    """The listener of this very configuration that a connection of nginx to ``address`` reaches.

    That is sure for addresses of this machine only: loopback ones, Unix sockets, and what is listened on.
    """
    host = address.strip("[]")
    for module in ("http", "stream", "mail"):
        socket = find_socket(configuration, module, address, port)
        if isinstance(socket, Socket):
            sure = socket.key.address not in {"*", "[::]"} or ipaddress.ip_address(host).is_loopback
            return socket if sure else None
    return None
