"""Doors: places where a client without a certificate gets content, with the request that shows it."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from mtls_lint.lint.finding import ClientCertificate, Related, Witness
from mtls_lint.nginx.anonymous import Served, content_for_anyone
from mtls_lint.nginx.answering import example_name, handshake_name
from mtls_lint.nginx.decision import Fault
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer


class Door(Struct, frozen=True):
    """A request that gets content of a server though it should not, and the socket it goes to.

    ``certificate`` is what the client presents; ``speaks_tls`` is False for plain HTTP on a TLS socket;
    ``via`` is another server whose name the client says in the handshake, instead of this one's.
    """

    socket: Socket
    served: Served
    certificate: ClientCertificate | None = None
    speaks_tls: bool = True
    via: VirtualServer | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why that is not certain; empty when it is."""
        return self.served.doubts

    @property
    def witness(self) -> Witness | None:
        """The request; None when it is not certain, or when curl could not send it.

        It cannot to Unix sockets, where the client must speak the PROXY protocol first, without a Host, and
        with a head that is not understood or too long.
        """
        socket, request = self.socket, self.served.request
        if self.doubts or socket.key.family == "unix" or request.host is None or _is_framed(socket):
            return None
        if request.fault not in {None, Fault.ENCODING}:
            return None
        tls = socket.ssl and self.speaks_tls
        usual = self.via is None and request.host == example_name(self.served.server)
        sni = request.host if usual else handshake_name(self.via or self.served.server)
        return Witness(
            tls=tls,
            address=socket.key.address,
            port=socket.key.port,
            host=request.host,
            uri=request.uri,
            sni=sni if tls else None,
            method=request.method,
            certificate=self.certificate,
            headers=(
                *(f"{name}: {value}" for name, value in request.headers),
                *(("Transfer-Encoding: unknown",) if request.fault is Fault.ENCODING else ()),
            ),
        )


@kept
def _is_framed(socket: Socket) -> bool:
    """Whether clients have to speak the PROXY protocol first; a socket may have ten thousand servers."""
    return any(listen.proxy_protocol for _, listen in socket.members)


def find_door(
    configuration: Configuration,
    server: VirtualServer,
    sockets: Iterable[Socket],
    now: datetime,
    via: VirtualServer | None = None,
) -> Door | None:
    """The first of ``sockets`` on which anyone gets content of an http server; a certain one is preferred.

    ``via`` is another server whose name the client says in the handshake, instead of this one's.
    """
    doubtful: Door | None = None
    for socket in sockets:
        served = content_for_anyone(configuration, server, socket, now, via)
        if served is not None:
            door = Door(socket, served, via=via)
            if not door.doubts:
                return door
            doubtful = doubtful or door
    return doubtful


def witness_of(door: Door | None) -> Witness | None:
    """The request through a door, where there is one."""
    return door.witness if door is not None else None


def behind(door: Door | None, label: str) -> tuple[Related, ...]:
    """What is served behind a door, as a related place with this label; nothing where there is no door."""
    return (Related(door.served.span, label),) if door is not None else ()
