"""TLS sessions made on one address and port that open a server on another, whose check their clients fail."""

from collections.abc import Iterator
from dataclasses import dataclass

from mtls_lint.lint.context import Context
from mtls_lint.lint.crossings import guards
from mtls_lint.lint.handshake_checks import Excess, excess, handshake_checks
from mtls_lint.nginx.answering import example_name, repeats_another
from mtls_lint.nginx.asking import asks_ocsp
from mtls_lint.nginx.material import is_named, reference_to
from mtls_lint.nginx.model import Socket, VirtualServer
from mtls_lint.nginx.resumption import EARLY_NAME, SHARED_KEYS, session_context, tickets_on
from mtls_lint.nginx.tls import negotiable_protocols
from mtls_lint.syntax.tree import Directive, Unknown

_SETTINGS = ("ssl_session_cache", "ssl_session_tickets", "ssl_session_ticket_key", "ssl_conf_command")


@dataclass(frozen=True, slots=True)
class SocketCrossing:
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


@dataclass(frozen=True, slots=True)
class _Shared:
    """What two sockets have in common: keys of tickets, a cache; and the directive that makes it so."""

    keys: bool
    cache: bool
    by: Directive | None


def socket_crossings(ctx: Context) -> Iterator[SocketCrossing]:
    """For each socket one session of each other that opens a server of it, the gravest."""
    sockets = [
        socket
        for socket in ctx.configuration.sockets
        if socket.ssl and socket.module == "http" and socket.key.transport == "tcp"
        if not repeats_another(socket) and any(one.verify_client != "off" for one in socket.servers)
    ]
    for entered_on in sockets:
        for made_on in sockets:
            shared = _shared(made_on, entered_on, ctx) if made_on is not entered_on else None
            found = list(_between(made_on, entered_on, shared, ctx)) if shared is not None else []
            if found:
                yield min(found, key=lambda one: (not one.excess.grave, not one.excess.sure))


def _shared(made_on: Socket, entered_on: Socket, ctx: Context) -> _Shared | None:
    """What the default servers of two sockets share; None where that is nothing, or not known."""
    maker, reader = made_on.default_server, entered_on.default_server
    for server in (maker, reader):
        for name in _SETTINGS:
            if (unknown := server.setting(name).unknown) is not None:
                ctx.not_evaluated(server.span, f"whether sockets share sessions: {unknown.reason}")
                return None
    zone = _zone(maker)
    cache = zone is not None and zone == _zone(reader)
    # The first key encrypts, all of them decrypt (ngx_ssl_session_ticket_keys).
    own, others = (_keys(server, ctx) for server in (maker, reader))
    if own or others:
        keys = own[:1] != [] and own[0] in others
    else:
        keys = (cache and ctx.version >= SHARED_KEYS) or maker is reader
    if not keys and not cache:
        return None
    name = "ssl_session_ticket_key" if own and keys else "ssl_session_cache"
    by = reader.setting(name).directive if own or cache else None
    return _Shared(keys, cache, by)


def _zone(server: VirtualServer) -> str | None:
    words = server.setting("ssl_session_cache").words
    return next((word.split(":")[1] for word in words if word.startswith("shared:")), None)


def _keys(server: VirtualServer, ctx: Context) -> list[str]:
    directives = server.setting("ssl_session_ticket_key").directives
    references = (reference_to(ctx.configuration, one) for one in directives if is_named(one))
    return [reference.path or reference.written for reference in references]


def _between(made_on: Socket, entered_on: Socket, shared: _Shared, ctx: Context) -> Iterator[SocketCrossing]:
    makers, targets = (_candidates(socket, ctx) for socket in (made_on, entered_on))
    doubted = False
    for entered in targets:
        if entered in made_on.servers or asks_ocsp(entered):
            continue  # what its own handshake on the other socket allows needs no session
        for maker in makers:
            if maker in entered_on.servers or not _is_taken(maker, made_on, entered, entered_on, shared):
                continue
            same = _same_context(maker, entered, ctx)
            if isinstance(same, Unknown):
                if not doubted:
                    what = f"whether a session made at {maker.label} opens {entered.label}"
                    ctx.not_evaluated(entered.span, f"{what}: {same.reason}")
                doubted = True
            elif same:
                mine, theirs = handshake_checks(ctx, maker), handshake_checks(ctx, entered)
                more = excess(ctx, maker, mine, entered, theirs) if mine and theirs else None
                if more is not None and guards(ctx, entered_on, entered):
                    yield SocketCrossing(maker, made_on, entered, entered_on, shared.by, more)


def _candidates(socket: Socket, ctx: Context) -> list[VirtualServer]:
    """The servers of a socket that verify clients, and have handshakes of their own.

    Before 1.29.2 the default server alone: with others it depends on names, which of them a session is for.
    """
    servers = socket.servers if ctx.version >= EARLY_NAME else (socket.default_server,)
    return [
        server
        for server in servers
        if server.verify_client != "off" and server.has_ssl_context and server.complete
        if not server.setting("ssl_reject_handshake").is_on
        if server is socket.default_server or example_name(server) is not None
    ]


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


def _same_context(maker: VirtualServer, entered: VirtualServer, ctx: Context) -> bool | Unknown:
    mine = session_context(ctx.configuration, maker, ctx.file)
    return mine.same_as(session_context(ctx.configuration, entered, ctx.file))
