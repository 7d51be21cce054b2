"""Who gets in where: ``decide``, asked for every class of request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mtls_lint.nginx.anonymous import uris_of
from mtls_lint.nginx.answering import example_name
from mtls_lint.nginx.clients import ClassClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Answer, Connection, Decision, Outcome, Request
from mtls_lint.nginx.material import reference_to
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.syntax.source import Span

ANYONE, ANY_CERTIFICATE, CERTIFICATES, NOBODY, REDIRECT = (
    "anyone",
    "any certificate",
    "certificates",
    "nobody",
    "redirect",
)


@dataclass(frozen=True, slots=True)
class Who:
    """Who gets an answer that is no refusal: one of the words above; ``cas`` are the files of CAs."""

    kind: str
    cas: tuple[str, ...] = ()

    def exceeds(self, other: "Who") -> bool:
        """Whether this lets in somebody whom the other does not."""
        rank = {NOBODY: 0, REDIRECT: 0, CERTIFICATES: 1, ANY_CERTIFICATE: 2, ANYONE: 3}
        if self.kind == other.kind == CERTIFICATES:
            return not set(self.cas) <= set(other.cas)
        return rank[self.kind] > rank[other.kind]


@dataclass(frozen=True, slots=True)
class Hole:
    """A way around: with this SNI (None for none) in the handshake, ``who`` gets in."""

    sni: str | None
    who: Who


@dataclass(frozen=True, slots=True)
class Row:
    """One group of locations of one server on one socket: who gets in, by which directive, and the holes.

    ``uri`` leads to the first of the ``places``.
    """

    socket: Socket
    server: VirtualServer
    name: str
    uri: str
    places: tuple[str, ...]
    who: Who
    by: Span | None
    holes: tuple[Hole, ...] = ()
    uncertain: tuple[str, ...] = ()


def matrix(configuration: Configuration, now: datetime) -> Iterator[Row]:
    """The rows for every http socket and server, in file order.

    Clients are classes: none, one with a certificate that nobody trusts, one for each file of CAs. The SNI of
    the handshake is the server's own name, none, and one name for each group of servers whose handshakes
    are alike, so that the work grows with the servers and not with their pairs.
    """
    for socket in configuration.sockets:
        yield from socket_rows(configuration, socket, now)


def socket_rows(
    configuration: Configuration,
    socket: Socket,
    now: datetime,
    servers: Sequence[VirtualServer] | None = None,
) -> Iterator[Row]:
    """The rows of one socket, for all its servers or these; none for what is no TCP socket of http."""
    if socket.module == "http" and socket.key.transport == "tcp" and socket.key.family != "unix":
        asker = _Asker(configuration, socket, now)
        for server in socket.servers if servers is None else servers:
            yield from asker.rows(server)


@dataclass(frozen=True, slots=True)
class _Finding:
    who: Who
    by: Span | None
    holes: tuple[Hole, ...]
    uncertain: tuple[str, ...]


class _Asker:
    """Asks everything about one socket."""

    def __init__(self, configuration: Configuration, socket: Socket, now: datetime) -> None:
        self.configuration = configuration
        self.socket = socket
        self.now = now
        self._by_name: dict[str | None, VirtualServer] = {}
        for server in socket.servers:
            self._by_name.setdefault(example_name(server), server)
        self.snis = self._sni_classes() if socket.ssl else ()

    def rows(self, server: VirtualServer) -> Iterator[Row]:
        """The rows of one server: locations with the same findings together."""
        name = example_name(server)
        if name is None:
            return
        groups: dict[_Finding, dict[str, str]] = {}
        for uri in dict.fromkeys(uris_of(server)):
            finding, place = self._ask(server, name, uri)
            if finding is not None:
                groups.setdefault(finding, {}).setdefault(place, uri)
        for finding, places in groups.items():
            yield Row(
                self.socket,
                server,
                name,
                next(iter(places.values())),
                tuple(places),
                finding.who,
                finding.by,
                finding.holes,
                finding.uncertain,
            )

    def _ask(self, server: VirtualServer, name: str, uri: str) -> tuple[_Finding | None, str]:
        own = self._decisions(name, name, uri)
        first = next(iter(own.values()))
        if first.server is not None and first.server is not server:
            return None, uri  # another server answers this name here
        who = _who(own)
        holes = []
        doubts = dict.fromkeys(reason for decision in own.values() for reason in decision.uncertain)
        for sni in self.snis:
            if sni == name:
                continue
            others = self._decisions(sni, name, uri)
            around = _who({c: d for c, d in others.items() if d.server is server})
            if around.exceeds(who):
                holes.append(Hole(sni, around))
        location = next((d.location for d in own.values() if d.location is not None), None)
        return _Finding(who, self._by(server, first), tuple(holes), tuple(doubts)), _label(location, uri)

    def _decisions(self, sni: str | None, host: str, uri: str) -> dict[str | None, Decision]:
        """The answers by class of client: ``""`` none, None one that nobody trusts, else a file of CAs."""
        key, tls = self.socket.key, self._version(sni)
        connection = Connection(key.address, key.port, tls, sni if tls else None)
        request = Request(host, uri)
        # To a handshake, a certificate of a CA that its server does not trust is like nobody's.
        clients: Sequence[str | None] = ("",)
        if self.socket.ssl:
            clients = ("", None, *self._trusted(self._handshake_server(sni)))
        return {
            ca: decide(
                self.configuration, connection, request, None if ca == "" else ClassClient(ca), self.now
            )
            for ca in clients
        }

    def _handshake_server(self, sni: str | None) -> VirtualServer:
        """Whose settings the handshake follows: the named server's, where it has a TLS context."""
        named = self._by_name.get(sni)
        return named if named is not None and named.has_ssl_context else self.socket.default_server

    def _version(self, sni: str | None) -> str | None:
        if not self.socket.ssl:
            return None
        return "1.3" if "TLSv1.3" in spoken_protocols(self._handshake_server(sni)) else "1.2"

    def _sni_classes(self) -> tuple[str | None, ...]:
        """No SNI, and a name for each group of servers whose handshakes are alike to other servers.

        Whom such a server trusts does not matter to others: a Host that is not the SNI is answered with 421
        where clients are verified (docs/evidence.md: request).
        """
        groups: dict[object, str] = {}
        for name, server in self._by_name.items():
            rejects = server.setting("ssl_reject_handshake").is_on
            if name is not None:
                groups.setdefault((server.verify_client, rejects, server.has_ssl_context), name)
        return (None, *groups.values())

    def _trusted(self, server: VirtualServer) -> tuple[str, ...]:
        found = []
        for setting in ("ssl_client_certificate", "ssl_trusted_certificate"):
            directive = server.setting(setting).directive
            if directive is not None and directive.args[:1] != ("",) and server.verify_client != "off":
                path = reference_to(self.configuration, directive).path
                found += [path] if path is not None else []
        return tuple(found)

    def _by(self, server: VirtualServer, anonymous: Decision) -> Span | None:
        """What decides: the check of clients, else what answers a client without a certificate."""
        if self.socket.ssl and anonymous.outcome is not Outcome.RESPONSE:
            rejecting = server.setting("ssl_reject_handshake")
            setting = rejecting if rejecting.is_on else server.setting("ssl_verify_client")
            return setting.span or server.span
        return anonymous.by or server.span


def _who(decisions: dict[str | None, Decision]) -> Who:
    served = {ca for ca, decision in decisions.items() if _served(decision)}
    if "" in served:
        return Who(ANYONE)
    if None in served:
        return Who(ANY_CERTIFICATE)
    if served:
        return Who(CERTIFICATES, tuple(ca for ca in decisions if ca and ca in served))
    redirected = any(decision.answer is Answer.REDIRECT for decision in decisions.values())
    return Who(REDIRECT if redirected else NOBODY)


def _served(decision: Decision) -> bool:
    return decision.outcome is Outcome.RESPONSE and decision.answer in {Answer.CONTENT, Answer.FIXED}


def _label(location: Location | None, uri: str) -> str:
    if location is None:
        return uri
    return " ".join(filter(None, (location.modifier, location.pattern)))
