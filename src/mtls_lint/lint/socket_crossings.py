"""TLS sessions made on one address and port that open a server on another, whose check their clients fail."""

from collections.abc import Hashable, Iterator
from functools import cache, partial
from itertools import chain, count

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.crossings import guards
from mtls_lint.lint.handshake_checks import Excess, HandshakeChecks, excess, handshake_checks
from mtls_lint.lint.session_index import Lot, SessionIndex
from mtls_lint.nginx.answering import example_name, repeats_another
from mtls_lint.nginx.asking import asks_ocsp
from mtls_lint.nginx.material import is_named, reference_to
from mtls_lint.nginx.model import Socket, VirtualServer
from mtls_lint.nginx.resumption import (
    EARLY_NAME,
    SHARED_KEYS,
    SessionContext,
    session_context,
    tickets_on,
)
from mtls_lint.nginx.tls import negotiable_protocols
from mtls_lint.syntax.tree import Directive, Unknown

_SETTINGS = ("ssl_session_cache", "ssl_session_tickets", "ssl_session_ticket_key", "ssl_conf_command")


class SocketCrossing(Struct, frozen=True):
    """A session made at ``made_at`` opens ``entered`` on the socket ``entered_on``.

    ``shared`` is the cache or the key that both sockets have, None where they have one default server, and so
    its keys; ``excess`` says who gets in by it.
    """

    made_at: VirtualServer
    made_on: Socket
    entered: VirtualServer
    entered_on: Socket
    shared: Directive | None
    excess: Excess

    @property
    def rank(self) -> tuple[bool, bool]:
        """The graver and surer, the smaller."""
        return (not self.excess.grave, not self.excess.sure)


_GRAVEST = (False, False)


class _Store(Struct, frozen=True):
    """Where the default server of a socket keeps sessions: the name of its shared cache, its keys."""

    zone: str | None
    keys: tuple[str, ...]


class _Member(Struct, frozen=True):
    """A server that verifies clients in handshakes of its own."""

    server: VirtualServer
    checks: HandshakeChecks
    context: SessionContext


class _Habit(Struct, frozen=True):
    """What decides, besides what sockets share, whether a session is known on another socket."""

    tickets: bool
    protocols: frozenset[str]


class _Maker(Struct, frozen=True):
    """A server that makes sessions on one socket; ``at`` is the place of the socket among all."""

    order: int
    at: int
    socket: Socket
    server: VirtualServer
    checks: HandshakeChecks
    context: SessionContext
    habit: _Habit


class _Found(Struct, frozen=True):
    """A maker whose session may open ``entered``, the server at place ``at`` of those of its socket."""

    maker: _Maker
    entered: _Member
    at: int

    @property
    def place(self) -> tuple[int, int, int]:
        """Which is found first: that of an earlier socket, and there of an earlier server that is entered."""
        return (self.maker.at, self.at, self.maker.order)


_Bank = tuple[str, Hashable]
"""What makes sockets know each other's sessions: a cache, a first key, a default server."""

_KEYED, _KEYLESS, _KEY, _DEFAULT = "cache beside keys", "cache without keys", "key", "default server"


def socket_crossings(ctx: Context) -> Iterator[SocketCrossing]:
    """For each socket one session of another that opens a server of it, the gravest."""
    sockets = [
        socket
        for socket in ctx.configuration.sockets
        if socket.ssl and socket.module == "http" and socket.key.transport == "tcp"
        if not repeats_another(socket) and any(one.verify_client != "off" for one in socket.servers)
    ]
    if len(sockets) > 1:
        yield from _Finder(ctx, sockets).find()


class _Finder:
    def __init__(self, ctx: Context, sockets: list[Socket]) -> None:
        self.ctx = ctx
        self.stores = {socket: store for socket in sockets if (store := self._store(socket)) is not None}
        self.known: dict[VirtualServer, _Member | None] = {}
        self.doubted: set[VirtualServer] = set()

    def find(self) -> Iterator[SocketCrossing]:
        """The crossings, in the order of the sockets that are entered."""
        members = {socket: self._members(socket) for socket in self._connected()}
        if len({one.checks for group in members.values() for one in group}) < 2:
            return
        banks = self._banks(members)
        for socket in self.stores:
            if socket in members:
                found = self._gravest(socket, members[socket], banks)
                if found is not None:
                    yield found

    def _connected(self) -> set[Socket]:
        """The sockets that share something with another."""
        giving: dict[_Bank, list[Socket]] = {}
        for socket in self.stores:
            for bank in self._gives(socket):
                giving.setdefault(bank, []).append(socket)
        connected: set[Socket] = set()
        done: set[_Bank] = set()
        for socket in self.stores:
            for bank, *_ in self._takes(socket):
                others = giving.get(bank, [])
                if not others or others == [socket]:
                    continue
                connected.add(socket)
                if bank not in done:
                    done.add(bank)
                    connected.update(others)
        return connected

    def _gives(self, socket: Socket) -> Iterator[_Bank]:
        """By what other sockets may know the sessions made on this one."""
        store = self.stores[socket]
        if store.keys:
            # The first key encrypts, all of them decrypt (ngx_ssl_session_ticket_keys).
            yield _KEY, store.keys[0]
        else:
            yield _DEFAULT, socket.default_server
        if store.zone is not None:
            yield _KEYED if store.keys else _KEYLESS, store.zone

    def _takes(self, socket: Socket) -> Iterator[tuple[_Bank, bool, bool]]:
        """By what the socket knows the sessions of others, each with whether it is keys, a cache."""
        store = self.stores[socket]
        if store.keys:
            yield from (((_KEY, key), True, False) for key in store.keys)
        else:
            yield (_DEFAULT, socket.default_server), True, False
        if store.zone is not None:
            yield (_KEYED, store.zone), False, True
            yield (_KEYLESS, store.zone), not store.keys and self.ctx.version >= SHARED_KEYS, True

    def _banks(self, members: dict[Socket, list[_Member]]) -> dict[_Bank, SessionIndex[_Maker]]:
        makers: dict[_Bank, list[_Maker]] = {}
        order = count()
        for at, socket in enumerate(self.stores):
            for one in members.get(socket, ()):
                protocols = negotiable_protocols(one.server, socket.default_server)
                habit = _Habit(tickets_on(one.server), protocols)
                maker = _Maker(next(order), at, socket, one.server, one.checks, one.context, habit)
                for bank in self._gives(socket):
                    makers.setdefault(bank, []).append(maker)
        return {bank: SessionIndex(them) for bank, them in makers.items()}

    def _store(self, socket: Socket) -> _Store | None:
        """Where sessions are kept; None (and recorded) when that is not known."""
        server = socket.default_server
        for name in _SETTINGS:
            if (unknown := server.setting(name).unknown) is not None:
                self.ctx.not_evaluated(server.span, f"whether sockets share sessions: {unknown.reason}")
                return None
        words = server.setting("ssl_session_cache").words
        directives = filter(is_named, server.setting("ssl_session_ticket_key").directives)
        references = (reference_to(self.ctx.configuration, directive) for directive in directives)
        return _Store(
            next((word.split(":")[1] for word in words if word.startswith("shared:")), None),
            tuple(reference.path or reference.written for reference in references),
        )

    def _shared(self, made_on: Socket, entered_on: Socket) -> Directive | None:
        """The directive by which two sockets know each other's sessions."""
        own, others = self.stores[made_on], self.stores[entered_on]
        cache = own.zone is not None and own.zone == others.zone
        by_key = bool(own.keys) and own.keys[0] in others.keys
        name = "ssl_session_ticket_key" if by_key else "ssl_session_cache"
        return entered_on.default_server.setting(name).directive if own.keys or cache else None

    def _members(self, socket: Socket) -> list[_Member]:
        """The servers of a socket that verify clients, and have handshakes of their own.

        Before 1.29.2 the default server alone: with others it depends on names.
        """
        servers = socket.servers if self.ctx.version >= EARLY_NAME else (socket.default_server,)
        usable = [
            server
            for server in servers
            if server.verify_client != "off" and server.has_ssl_context and server.complete
            if not server.setting("ssl_reject_handshake").is_on
            if server is socket.default_server or example_name(server) is not None
        ]
        return [member for server in usable if (member := self._member(server)) is not None]

    def _member(self, server: VirtualServer) -> _Member | None:
        if server not in self.known:
            checks = handshake_checks(self.ctx, server)
            context = session_context(self.ctx.configuration, server, self.ctx.file)
            self.known[server] = _Member(server, checks, context) if checks is not None else None
        return self.known[server]

    def _gravest(
        self, socket: Socket, targets: list[_Member], banks: dict[_Bank, SessionIndex[_Maker]]
    ) -> SocketCrossing | None:
        """The gravest crossing to one socket; of several the first. What is not known is recorded."""
        entry = _Entry(socket)
        found: list[_Found] = []
        doubts: list[_Found] = []
        for at, entered in enumerate(targets):
            if asks_ocsp(entered.server):
                continue
            habit = _Habit(
                tickets_on(entered.server), negotiable_protocols(entered.server, socket.default_server)
            )
            for bank, by_key, by_cache in self._takes(socket):
                index = banks.get(bank)
                if index is None:
                    continue
                for lot in index.equal(entered.context):
                    if _is_taken(lot.servers[0].habit, habit, keys=by_key, cache=by_cache):
                        found += (_Found(maker, entered, at) for maker in entry.laxer(lot, entered))
                if entered.server in self.doubted:
                    continue
                for lot in chain.from_iterable(index.doubtful(entered.context)):
                    if _is_taken(lot.servers[0].habit, habit, keys=by_key, cache=by_cache):
                        doubts += (_Found(maker, entered, at) for maker in entry.unlike(lot, entered))
        best = self._best(socket, found)
        for doubt in sorted(doubts, key=lambda one: one.place):
            if best is None or best[0].rank != _GRAVEST or doubt.place < best[1]:
                self._record(doubt)
        return None if best is None else best[0]

    def _best(
        self, socket: Socket, found: list[_Found]
    ) -> tuple[SocketCrossing, tuple[int, int, int]] | None:
        """The gravest crossing to something that is guarded, and its place."""
        guarded = cache(partial(guards, self.ctx, socket))
        others = []
        for one in sorted(found, key=lambda one: one.place):
            maker, entered = one.maker, one.entered
            more = excess(self.ctx, maker.server, maker.checks, entered.server, entered.checks)
            if more is None:
                continue
            by = self._shared(maker.socket, socket)
            crossing = SocketCrossing(maker.server, maker.socket, entered.server, socket, by, more)
            if crossing.rank == _GRAVEST and guarded(entered.server):
                return crossing, one.place
            others.append((crossing, one.place))
        others.sort(key=lambda one: one[0].rank)
        return next((one for one in others if guarded(one[0].entered)), None)

    def _record(self, doubt: _Found) -> None:
        """Record, once for a server, that it is not known whether the session-id contexts are the same."""
        maker, entered = doubt.maker, doubt.entered
        same = maker.context.same_as(entered.context)
        if isinstance(same, Unknown) and entered.server not in self.doubted:
            self.doubted.add(entered.server)
            what = f"whether a session made at {maker.server.label} opens {entered.server.label}"
            self.ctx.not_evaluated(entered.server.span, f"{what}: {same.reason}")


class _Entry:
    """A socket that is entered. What a handshake on it, or on the other socket, allows needs no session."""

    def __init__(self, socket: Socket) -> None:
        self.own = frozenset(socket.servers)

    def laxer(self, lot: Lot[_Maker], entered: _Member) -> list[_Maker]:
        """Makers of the lot that let more clients through (see ``LaxerIndex``)."""
        found = lot.laxer(entered.checks)
        while (less := self._less(lot, found, entered)) is not lot:
            lot, found = less, less.laxer(entered.checks)
        return found

    def unlike(self, lot: Lot[_Maker], entered: _Member) -> list[_Maker]:
        """The first maker of the lot that checks clients in another way, and has another context."""
        found = lot.unlike(entered.checks, entered.context)
        while found is not None and (less := self._less(lot, [found], entered)) is not lot:
            lot, found = less, less.unlike(entered.checks, entered.context)
        return [] if found is None else [found]

    def _less(self, lot: Lot[_Maker], found: list[_Maker], entered: _Member) -> Lot[_Maker]:
        """The lot without those that have the same reason as one that was found and does not count."""
        if any(maker.server in self.own for maker in found):
            return lot.without(self.own, lambda maker: maker.server in self.own)
        sockets = entered.server.sockets
        socket = next((maker.socket for maker in found if maker.socket in sockets), None)
        return lot if socket is None else lot.without(socket, lambda maker: maker.socket is socket)


def _is_taken(maker: _Habit, entered: _Habit, *, keys: bool, cache: bool) -> bool:
    """Whether a session in some version of TLS, as a ticket or by number, is known on the other socket."""
    common = maker.protocols & entered.protocols
    if keys and maker.tickets and entered.tickets:
        return not common.isdisjoint({"TLSv1.2", "TLSv1.3"})
    # A client of TLS 1.2 may do without tickets; in TLS 1.3 numbers are known only where there are none.
    if cache and "TLSv1.2" in common:
        return True
    return cache and "TLSv1.3" in common and not maker.tickets and not entered.tickets
