"""Where a stream server sends connections: its content directive, and the address behind a word of it."""

import ipaddress
from dataclasses import dataclass

from mtls_lint.nginx.lookup import find_socket
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.syntax.tree import Directive

_CONTENT = ("proxy_pass", "pass", "return")


@dataclass(frozen=True, slots=True)
class Target:
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


def stream_target(configuration: Configuration, text: str) -> Target | None:
    """What ``text``, without variables, stands for; None where nginx finds no host or no port in it."""
    addresses = upstream_addresses(configuration).get(text.lower())
    if addresses is not None:
        return Target(text, addresses)
    if text.lower().startswith("unix:") and len(text) > len("unix:"):
        return Target(text, (text,))
    host, colon, port = text.rpartition(":")
    return Target(text, (text,)) if colon and host and port.isdecimal() else None


def upstream_addresses(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    """The addresses of each ``upstream`` of stream, by its name in lower case."""
    stream = configuration.scopes.get("stream")
    return {
        str(block.args[0]).lower(): tuple(str(one.args[0]) for one in block.find("server") if one.args)
        for block in (stream.find("upstream") if stream is not None else ())
        if block.args
    }


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
