"""Who gets in where in stream: ``decide_stream``, asked for every class of connection."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from mtls_lint.nginx.answering import example_name
from mtls_lint.nginx.asking import asking
from mtls_lint.nginx.chain_check import Reader
from mtls_lint.nginx.clients import ClassClient
from mtls_lint.nginx.decision import Answer, Connection, Decision, Outcome, Story
from mtls_lint.nginx.flaws import passing_flaws, shared_cas
from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.material import ca_files
from mtls_lint.nginx.matrix_rows import (
    ANY_CERTIFICATE,
    ANYONE,
    BACKEND,
    CERTIFICATES,
    NOBODY,
    Hole,
    Row,
    Who,
    who_of,
)
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.stream_decide import decide_stream
from mtls_lint.nginx.stream_targets import content_directive, mentioned_variables, stream_target
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Unknown

_NAMES = frozenset({"ssl_server_name", "ssl_preread_server_name"})


def stream_rows(
    configuration: Configuration, socket: Socket, now: datetime, read: Reader | None
) -> Iterator[Row]:
    """The rows of one stream socket; none for what is no TCP socket of stream.

    A server has a row for each group of backends whose clients are the same. A hole is a name by which
    another server of the socket leads to the same backend. With ``read``, which gives the files, revoked
    certificates and those below too many intermediates are looked at as well.
    """
    if socket.module == "stream" and socket.key.transport == "tcp" and socket.key.family != "unix":
        yield from _Asker(configuration, socket, now, read).rows()


class _Way(Struct, frozen=True):
    """What one name in the handshake leads to: a server, a backend, and who gets there."""

    sni: str | None
    server: VirtualServer
    judge: VirtualServer
    """Whose settings the handshake follows."""
    place: str
    addresses: frozenset[str]
    who: Who
    by: Span | None
    uncertain: tuple[str, ...]


class _Asker:
    """Asks everything about one socket."""

    def __init__(
        self, configuration: Configuration, socket: Socket, now: datetime, read: Reader | None
    ) -> None:
        self.configuration = configuration
        self.socket = socket
        self.now = now
        self.read = read
        # Of a plain socket the name is known where the default server reads it.
        self.reads_names = socket.ssl or socket.default_server.setting("ssl_preread").is_on

    def rows(self) -> Iterator[Row]:
        ways = [self._way(sni) for sni in self._snis()]
        if self.reads_names and not self.socket.ssl:
            ways.append(self._way(None, plain=True))
        for server in self.socket.servers:
            yield from self._rows_of(server, ways)

    def _rows_of(self, server: VirtualServer, ways: Sequence[_Way]) -> Iterator[Row]:
        own = [way for way in ways if way.server is server]
        # A map may have no backend for some names, and a text is nothing to those that speak TLS.
        own = [way for way in own if way.who.kind != NOBODY] or own
        name = example_name(server)
        if name is None:
            return  # regular expressions alone: no name is known
        if not own:
            yield Row(self.socket, server, name, "", (), Who(NOBODY), server.span)
            return
        groups: dict[tuple[Who, Span | None, tuple[Hole, ...], tuple[str, ...]], dict[str, None]] = {}
        for way in own:
            around = [one for one in ways if one.addresses & way.addresses]
            key = (way.who, way.by, tuple(self._holes(way, around)), way.uncertain)
            groups.setdefault(key, {}).setdefault(way.place)
        for (who, by, holes, uncertain), places in groups.items():
            yield Row(self.socket, server, name, "", tuple(places), who, by, holes, uncertain)

    def _snis(self) -> tuple[str | None, ...]:
        """No name, one for each server, and those that a map chooses the backend by."""
        if not self.reads_names:
            return (None,)
        names: dict[str | None, None] = {None: None}
        for server in self.socket.servers:
            name = example_name(server)
            if name is not None and name != "localhost":
                names.setdefault(name)
            directive = content_directive(server)
            for word in directive.args if directive is not None else ():
                names.update(dict.fromkeys(self._names_in_maps(str(word))))
        return tuple(names)

    def _names_in_maps(self, text: str) -> Iterator[str]:
        """The exact names, and one for each wildcard, that maps behind ``text`` go by."""
        maps = self.configuration.stream_makers.maps
        for name in sorted(mentioned_variables(self.configuration, text) & maps.keys()):
            if variables_in(str(maps[name].args[0])) & _NAMES:
                for row in maps[name].children:
                    if row.args and row.name not in {"default", "include"} and not row.name.startswith("~"):
                        yield _example(str(row.name))

    def _way(self, sni: str | None, *, plain: bool = False) -> _Way:
        server = self._server(sni)
        judge = server if server.has_ssl_context else self.socket.default_server
        clients: tuple[str | None, ...] = ("",)
        if self.socket.ssl and asking(judge).asked:
            files = ca_files(self.configuration, judge)
            clients = ("", None, *(one.path for one in files if one.path is not None))
        tls = None if plain else self._version(judge)
        asked = {ca: self._ask(sni, tls, ca) for ca in clients}
        first, goes_on = asked[""]
        decisions = {ca: decision for ca, (decision, _) in asked.items()}
        served = {ca for ca, decision in decisions.items() if _served(decision)}
        who = who_of(decisions, served)
        passed_through = not self.socket.ssl and (self.reads_names or goes_on)
        if who.kind == ANYONE and passed_through and first.backend is not None:
            who = Who(BACKEND)
        backend = next((one.backend for one in decisions.values() if one.backend is not None), None)
        place = backend or _written(server)
        target = stream_target(self.configuration, backend) if backend is not None else None
        addresses = frozenset(target.addresses if target is not None else ())
        doubts = dict.fromkeys(reason for one in decisions.values() for reason in one.uncertain)
        return _Way(sni, server, judge, place, addresses, who, self._by(server, first), tuple(doubts))

    def _server(self, sni: str | None) -> VirtualServer:
        """The server that a name leads to."""
        name = normalise_host(sni, self.configuration.version) if sni else None
        found = NameTable.of(self.socket).find(name) if name else None
        return self.socket.default_server if found is None or isinstance(found, Unknown) else found

    def _version(self, judge: VirtualServer) -> str | None:
        """The TLS that clients speak: with the socket, or through it with somebody else."""
        if self.socket.ssl:
            return "1.3" if "TLSv1.3" in spoken_protocols(judge) else "1.2"
        return "1.3" if self.reads_names else None

    def _ask(self, sni: str | None, tls: str | None, ca: str | None) -> tuple[Decision, bool]:
        """What one class of clients is answered, and whether the connection goes on to another listener."""
        connection = Connection(self.socket.key.address, self.socket.key.port, tls, sni)
        client = None if ca == "" else ClassClient(ca)
        decision, onward = decide_stream(
            self.configuration, connection, client, self.now, self.socket, Story()
        )
        return decision, onward is not None

    def _by(self, server: VirtualServer, anonymous: Decision) -> Span | None:
        """What decides: the check of clients, else what answers a client without a certificate."""
        if self.socket.ssl and anonymous.by is None:
            rejecting = server.setting("ssl_reject_handshake")
            setting = rejecting if rejecting.is_on else server.setting("ssl_verify_client")
            return setting.span or server.span
        return anonymous.by or server.span

    def _holes(self, way: _Way, others: Sequence[_Way]) -> Iterator[Hole]:
        """The ways around ``way`` to its backend: by other names, and for certificates with a flaw."""
        if way.who.kind in {ANYONE, BACKEND}:
            return
        seen = {way.server}
        for other in others:
            if other.server not in seen and other.who.exceeds(way.who):
                seen.add(other.server)
                yield Hole(other.sni, other.who)
        if self.read is None or way.who.kind == ANY_CERTIFICATE:
            return
        judges = {way.judge: way.sni}
        for other in others:
            if other.who.kind == CERTIFICATES:
                judges.setdefault(other.judge, other.sni)
        for judge, sni in judges.items():
            for flaw, doubt in passing_flaws(self.configuration, way.server, judge, self.read, self.now):
                cas = tuple(shared_cas(self.configuration, way.server, judge, self.read))
                if cas and doubt is None:
                    yield Hole(sni, Who(CERTIFICATES, cas, flaw))


def _served(decision: Decision) -> bool:
    return decision.outcome is Outcome.RESPONSE and decision.answer in {Answer.CONTENT, Answer.FIXED}


def _written(server: VirtualServer) -> str:
    """What connections are passed to, as it is written; the whole ``return``."""
    directive = content_directive(server)
    if directive is None or not directive.args:
        return ""
    return directive.text if directive.name == "return" else str(directive.args[0])


def _example(key: str) -> str:
    """A name for a key of a map."""
    key = key.removeprefix("\\")
    if key.startswith("*."):
        return f"www{key[1:]}"
    return f"{key[:-1]}example" if key.endswith(".*") else key.removeprefix(".")
