"""TLS sessions made on one address and port that open a server on another, whose check their clients fail."""

from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.crossings import guards
from mtls_lint.lint.handshake_checks import Excess, HandshakeChecks, excess, handshake_checks
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


class _Shared(Struct, frozen=True):
    """What two sockets have in common: keys of tickets, a cache; and the directive that makes it so."""

    keys: bool
    cache: bool
    by: Directive | None


class _Member(Struct, frozen=True):
    """A server that verifies clients in handshakes of its own."""

    server: VirtualServer
    checks: HandshakeChecks
    context: SessionContext


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
        self.guarded: dict[tuple[Socket, VirtualServer], bool] = {}

    def find(self) -> Iterator[SocketCrossing]:
        """The crossings, in the order of the sockets that are entered."""
        pairs = [
            (made_on, entered_on, shared)
            for entered_on in self.stores
            for made_on in self.stores
            if made_on is not entered_on and (shared := self._shared(made_on, entered_on)) is not None
        ]
        shared_by = dict.fromkeys(socket for pair in pairs for socket in pair[:2])
        members = {socket: self._members(socket) for socket in shared_by}
        if len({one.checks for group in members.values() for one in group}) < 2:
            return
        best: dict[Socket, SocketCrossing] = {}
        for made_on, entered_on, shared in pairs:
            known = best.get(entered_on)
            if known is not None and known.rank == _GRAVEST:
                continue
            for one in self._between(made_on, members[made_on], entered_on, members[entered_on], shared):
                best[entered_on] = min(best.get(entered_on, one), one, key=lambda found: found.rank)
                if one.rank == _GRAVEST:
                    break
        yield from best.values()

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

    def _shared(self, made_on: Socket, entered_on: Socket) -> _Shared | None:
        """What two sockets share; None where that is nothing."""
        own, others = self.stores[made_on], self.stores[entered_on]
        cache = own.zone is not None and own.zone == others.zone
        if own.keys or others.keys:
            # The first key encrypts, all of them decrypt (ngx_ssl_session_ticket_keys).
            keys = bool(own.keys) and own.keys[0] in others.keys
        else:
            same = made_on.default_server is entered_on.default_server
            keys = same or (cache and self.ctx.version >= SHARED_KEYS)
        if not keys and not cache:
            return None
        name = "ssl_session_ticket_key" if own.keys and keys else "ssl_session_cache"
        named = entered_on.default_server.setting(name).directive if own.keys or cache else None
        return _Shared(keys, cache, named)

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

    def _between(
        self,
        made_on: Socket,
        makers: list[_Member],
        entered_on: Socket,
        targets: list[_Member],
        shared: _Shared,
    ) -> Iterator[SocketCrossing]:
        for entered in targets:
            # What its own handshake on the other socket allows needs no session.
            if entered.server in made_on.servers or asks_ocsp(entered.server):
                continue
            for maker in makers:
                one, other = maker.server, entered.server
                if maker.checks == entered.checks or one in entered_on.servers:
                    continue
                if _is_taken(one, made_on, other, entered_on, shared) and self._fits(maker, entered):
                    more = excess(self.ctx, one, maker.checks, other, entered.checks)
                    if more is not None and self._guards(entered_on, other):
                        yield SocketCrossing(one, made_on, other, entered_on, shared.by, more)

    def _guards(self, socket: Socket, server: VirtualServer) -> bool:
        if (socket, server) not in self.guarded:
            self.guarded[socket, server] = guards(self.ctx, socket, server)
        return self.guarded[socket, server]

    def _fits(self, maker: _Member, entered: _Member) -> bool:
        """Whether the session-id contexts are the same; what is not known is recorded once for a server."""
        same = maker.context.same_as(entered.context)
        if not isinstance(same, Unknown):
            return same
        if entered.server not in self.doubted:
            self.doubted.add(entered.server)
            what = f"whether a session made at {maker.server.label} opens {entered.server.label}"
            self.ctx.not_evaluated(entered.server.span, f"{what}: {same.reason}")
        return False


def _is_taken(
    maker: VirtualServer, made_on: Socket, entered: VirtualServer, entered_on: Socket, shared: _Shared
) -> bool:
    """Whether a session in some version of TLS, as a ticket or by number, is known on the other socket."""
    spoken = negotiable_protocols(maker, made_on.default_server)
    common = spoken & negotiable_protocols(entered, entered_on.default_server)
    if shared.keys and tickets_on(maker) and tickets_on(entered):
        return not common.isdisjoint({"TLSv1.2", "TLSv1.3"})
    # A client of TLS 1.2 may do without tickets; in TLS 1.3 numbers are known only where there are none.
    if shared.cache and "TLSv1.2" in common:
        return True
    return shared.cache and "TLSv1.3" in common and not tickets_on(maker) and not tickets_on(entered)
