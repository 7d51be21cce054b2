"""Who gets in where: ``decide``, asked for every class of request."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from msgspec import Struct

from mtls_lint.nginx.anonymous import explains_refusal, is_welcome_page, uris_of
from mtls_lint.nginx.answering import example_name
from mtls_lint.nginx.answers import error_page_codes
from mtls_lint.nginx.asking import asking
from mtls_lint.nginx.chain_check import Reader
from mtls_lint.nginx.clients import ClassClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Answer, Client, Connection, Decision, Outcome, Request, Verdict
from mtls_lint.nginx.flaws import EXPIRED, Flaw, passing_flaws, shared_cas
from mtls_lint.nginx.mail_matrix import mail_rows
from mtls_lint.nginx.material import ca_files
from mtls_lint.nginx.matrix_rows import (
    ANY_CERTIFICATE,
    ANYONE,
    CERTIFICATES,
    Hole,
    Row,
    Who,
    who_of,
)
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.stream_matrix import stream_rows
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.syntax.source import Span


def matrix(configuration: Configuration, now: datetime, read: Reader | None = None) -> Iterator[Row]:
    """The rows for every socket and server, in file order.

    Clients are classes: none, one with a certificate that nobody trusts, one for each file of CAs. The SNI of
    the handshake is the server's own name, none, and one name for each group of servers whose handshakes
    are alike, so that the work grows with the servers and not with their pairs.

    With ``read``, which gives the files, certificates with a flaw are classes too where servers of a socket
    part about them: revoked ones, those below too many intermediates, and expired ones.
    """
    for socket in configuration.sockets:
        yield from socket_rows(configuration, socket, now, read=read)
        yield from stream_rows(configuration, socket, now, read)
        yield from mail_rows(configuration, socket, now)


def socket_rows(
    configuration: Configuration,
    socket: Socket,
    now: datetime,
    servers: Sequence[VirtualServer] | None = None,
    read: Reader | None = None,
) -> Iterator[Row]:
    """The rows of one socket, for all its servers or these; none for what is no TCP socket of http.

    ``read`` is that of ``matrix``.
    """
    if socket.module == "http" and socket.key.transport == "tcp" and socket.key.family != "unix":
        asker = _Asker(configuration, socket, now, read)
        for server in socket.servers if servers is None else servers:
            yield from asker.rows(server)


class _Finding(Struct, frozen=True):
    who: Who
    by: Span | None
    holes: tuple[Hole, ...]
    uncertain: tuple[str, ...]


class _Class(Struct, frozen=True):
    """A class of certificates with a flaw: whose they are (None: anybody's), and one client that has one."""

    flaw: Flaw
    ca: str | None
    client: ClassClient


class _Asker:
    """Asks everything about one socket."""

    def __init__(
        self, configuration: Configuration, socket: Socket, now: datetime, read: Reader | None
    ) -> None:
        self.configuration = configuration
        self.socket = socket
        self.now = now
        self.read = read
        self.snis = _sni_classes(socket) if socket.ssl else ()

    def rows(self, server: VirtualServer) -> Iterator[Row]:
        """The rows of one server: locations with the same findings together."""
        name = example_name(server)
        if name is None:
            return
        groups: dict[_Finding, dict[str, list[str]]] = {}
        flaws = tuple(self._flaws(server))
        for uri in dict.fromkeys(uris_of(server)):
            finding, place = self._ask(server, name, uri, flaws)
            if finding is not None:
                groups.setdefault(finding, {}).setdefault(place, []).append(uri)
        for finding, places in groups.items():
            yield Row(
                self.socket,
                server,
                name,
                next(iter(places.values()))[0],
                tuple(places),
                finding.who,
                finding.by,
                finding.holes,
                finding.uncertain,
                tuple((uri, place) for place, uris in places.items() for uri in uris),
            )

    def _ask(
        self, server: VirtualServer, name: str, uri: str, flaws: Sequence[_Class]
    ) -> tuple[_Finding | None, str]:
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
            # What nginx shows where nothing is configured is no content that somebody gets around to.
            entered = {c: d for c, d in others.items() if d.server is server and not is_welcome_page(d)}
            around = _who(entered)
            if around.exceeds(who):
                holes.append(Hole(sni, around))
        if who.kind not in {ANYONE, ANY_CERTIFICATE}:
            for hole, reasons in self._flawed(server, name, uri, who, flaws):
                new = dict.fromkeys(reason for reason in reasons if reason not in doubts)
                doubts.update(new)
                holes += [hole] if not new else []
        asked = (d for d in own.values() if d.error_page is None and d.location is not None)
        location = next((d.location for d in asked), None)
        return _Finding(who, self._by(server, first), tuple(holes), tuple(doubts)), _label(location, uri)

    def _decisions(self, sni: str | None, host: str, uri: str) -> dict[str | None, Decision]:
        """The answers by class of client: ``""`` none, None one that nobody trusts, else a file of CAs."""
        # To a handshake, a certificate of a CA that its server does not trust is like nobody's.
        clients: Sequence[str | None] = ("",)
        if self.socket.ssl:
            clients = ("", None, *self._trusted(self._handshake_server(sni)))
        return {ca: self._decide(sni, host, uri, None if ca == "" else ClassClient(ca)) for ca in clients}

    def _decide(self, sni: str | None, host: str, uri: str, client: Client | None) -> Decision:
        key, tls = self.socket.key, self._version(sni)
        connection = Connection(key.address, key.port, tls, sni if tls else None)
        return decide(self.configuration, connection, Request(host, uri), client, self.now)

    def _flaws(self, server: VirtualServer) -> Iterator[_Class]:
        """The classes of certificates with a flaw that may get into the server, though it refuses them."""
        if self.read is None or not self.socket.ssl or server.verify_client == "off":
            return
        if 495 in error_page_codes(server.scope):
            # Anybody can make one, and it says why it was refused, whoever made it.
            expired = ClassClient(None, verdict=Verdict(ok=False, text="certificate has expired"))
            yield _Class(Flaw(EXPIRED), None, expired)
        judge = self.socket.default_server
        for flaw, doubt in passing_flaws(self.configuration, server, judge, self.read, self.now):
            for ca in shared_cas(self.configuration, server, judge, self.read):
                yield _Class(flaw, ca, ClassClient(ca, verdict=Verdict(ok=True, unknown=doubt)))

    def _flawed(
        self, server: VirtualServer, name: str, uri: str, who: Who, flaws: Sequence[_Class]
    ) -> Iterator[tuple[Hole, tuple[str, ...]]]:
        """The ways around for certificates with a flaw, each with what is uncertain about it."""
        # Its own SNI leads the handshake to the default server where the server has no TLS context; none
        # leads there always.
        around = None if server.has_ssl_context else name
        for flaw in dict.fromkeys(one.flaw for one in flaws):
            if flaw.kind != EXPIRED and who.kind != CERTIFICATES:
                continue
            sni = name if flaw.kind == EXPIRED else around
            asked = {one.ca: self._decide(sni, name, uri, one.client) for one in flaws if one.flaw == flaw}
            entered = {ca: d for ca, d in asked.items() if d.server is server and _served(d)}
            if entered:
                cas = tuple(ca for ca in entered if ca is not None)
                flawed = Who(CERTIFICATES if cas else ANY_CERTIFICATE, cas, flaw)
                yield Hole(sni, flawed), tuple(chain(*(d.uncertain for d in entered.values())))

    def _handshake_server(self, sni: str | None) -> VirtualServer:
        """Whose settings the handshake follows: the named server's, where it has a TLS context."""
        named = _by_name(self.socket).get(sni)
        return named if named is not None and named.has_ssl_context else self.socket.default_server

    def _version(self, sni: str | None) -> str | None:
        if not self.socket.ssl:
            return None
        return "1.3" if "TLSv1.3" in spoken_protocols(self._handshake_server(sni)) else "1.2"

    def _trusted(self, server: VirtualServer) -> tuple[str, ...]:
        if not asking(server).asked:
            return ()
        files = ca_files(self.configuration, server)
        return tuple(reference.path for reference in files if reference.path is not None)

    def _by(self, server: VirtualServer, anonymous: Decision) -> Span | None:
        """What decides: the check of clients, else what answers a client without a certificate."""
        refused = anonymous.outcome is not Outcome.RESPONSE or anonymous.error in {495, 496}
        if self.socket.ssl and refused:
            rejecting = server.setting("ssl_reject_handshake")
            setting = rejecting if rejecting.is_on else server.setting("ssl_verify_client")
            return setting.span or server.span
        return anonymous.by or server.span


@kept
def _by_name(socket: Socket) -> dict[str | None, VirtualServer]:
    found: dict[str | None, VirtualServer] = {}
    for server in socket.servers:
        found.setdefault(example_name(server), server)
    return found


@kept
def _sni_classes(socket: Socket) -> tuple[str | None, ...]:
    """No SNI, and a name for each group of servers whose handshakes are alike to other servers.

    Whom such a server trusts does not matter to others: a Host that is not the SNI is answered with 421
    where clients are verified (docs/evidence.md: request).
    """
    groups: dict[object, str] = {}
    for name, server in _by_name(socket).items():
        rejects = server.setting("ssl_reject_handshake").is_on
        if name is not None:
            groups.setdefault((server.verify_client, rejects, server.has_ssl_context), name)
    return (None, *groups.values())


def _who(decisions: dict[str | None, Decision]) -> Who:
    return who_of(decisions, {ca for ca, decision in decisions.items() if _served(decision)})


def _served(decision: Decision) -> bool:
    if decision.outcome is not Outcome.RESPONSE or explains_refusal(decision):
        return False
    return decision.answer in {Answer.CONTENT, Answer.FIXED}


def _label(location: Location | None, uri: str) -> str:
    if location is None:
        return uri
    if location.modifier == "@":
        return f"@{location.pattern}"
    return " ".join(filter(None, (location.modifier, location.pattern)))
