"""Which servers of the same configuration answer the handshakes that it makes with its backends."""

from mtls_lint.nginx.hosts import is_this_machine
from mtls_lint.nginx.lookup import NameTable, find_socket
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.upstream_names import ExpectedName
from mtls_lint.nginx.upstream_tls import UpstreamPass, is_unix, split_port
from mtls_lint.syntax.tree import Unknown


def servers_behind(passing: UpstreamPass, expected: ExpectedName) -> tuple[VirtualServer, ...]:
    """The server blocks that show their certificate to this place; none where other programs may answer.

    Looked for are this machine's own addresses and those that some ``listen`` names.
    """
    found: dict[VirtualServer, None] = {}
    for address in expected.target.addresses:
        for socket in _sockets(passing.configuration, address):
            server = _chosen(socket, passing, expected)
            if server is not None and not server.setting("ssl_reject_handshake").is_on:
                found[server] = None
    return tuple(found)


def _sockets(configuration: Configuration, address: str) -> tuple[Socket, ...]:
    if is_unix(address):
        found = [one for one in configuration.sockets if one.key.address == address]
    else:
        host, port = split_port(address)
        host = "127.0.0.1" if host == "localhost" else host
        looked_up = [
            find_socket(configuration, module, host, int(port or 0)) for module in ("http", "stream")
        ]
        sockets = [one for one in looked_up if isinstance(one, Socket)]
        found = [one for one in sockets if is_this_machine(host) or one.key.address == host]
    return tuple(socket for socket in found if socket.ssl)


def _chosen(socket: Socket, passing: UpstreamPass, expected: ExpectedName) -> VirtualServer | None:
    if not (passing.sends_name and expected.is_sendable):
        return socket.default_server
    named = NameTable.of(socket).find(expected.text.lower().removesuffix("."))
    if isinstance(named, Unknown):
        return None
    return named or socket.default_server
