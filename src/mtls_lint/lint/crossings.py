"""TLS sessions made at one server of a socket that open another, whose own check their clients fail."""

from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.handshake_checks import Excess, HandshakeChecks, excess, handshake_checks
from mtls_lint.lint.session_index import SessionIndex
from mtls_lint.nginx.answering import example_name, listen_span
from mtls_lint.nginx.asking import asks_ocsp, backend_is_told
from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.matrix import socket_rows
from mtls_lint.nginx.matrix_rows import CERTIFICATES
from mtls_lint.nginx.model import Socket, VirtualServer
from mtls_lint.nginx.names import NameKind
from mtls_lint.nginx.resumption import (
    EARLY_NAME,
    RESUMPTION_CVE,
    Attempt,
    Fate,
    Resumption,
    SessionContext,
    resume,
    session_context,
    tickets_on,
    unknown_setting,
)
from mtls_lint.nginx.tls import commanded_protocols
from mtls_lint.syntax.tree import Unknown

ENOUGH = 6
"""Servers that are entered, after which no more are looked for: messages show five."""


class Crossing(Struct, frozen=True):
    """A session of ``made_at`` opens ``entered``.

    ``named`` is the SNI of the resumption, None for none; ``excess`` says who gets in by it; ``advisory``
    that this holds by the version number alone.
    """

    made_at: VirtualServer
    entered: VirtualServer
    named: str | None
    excess: Excess
    advisory: bool


class _Maker(Struct, frozen=True):
    """A server that makes sessions, for all of the socket that check clients alike and are alike to TLS.

    ``kind`` is one number for all ``HandshakeChecks.kind`` that are equal.
    """

    server: VirtualServer
    name: str | None
    checks: HandshakeChecks
    kind: int
    context: SessionContext


def crossings(socket: Socket, ctx: Context) -> tuple[Crossing, ...]:
    """For each server of a TLS socket of http that can be entered so, one session that does.

    Sessions that are certain to open it come before those that do so by the version number alone. Once
    ``ENOUGH`` servers are found no more are looked for.
    """
    verifying = [server for server in socket.servers if server.verify_client != "off"]
    if not _is_usable(socket) or len(verifying) < 2:
        return ()
    found = []
    for crossing in _Finder(socket, ctx, verifying).find():
        found.append(crossing)
        if len(found) == ENOUGH:
            break
    return tuple(found)


def _is_usable(socket: Socket) -> bool:
    key = socket.key
    return socket.ssl and socket.module == "http" and key.transport == "tcp" and len(socket.servers) > 1


class _Finder:
    def __init__(self, socket: Socket, ctx: Context, verifying: list[VirtualServer]) -> None:
        self.socket = socket
        self.ctx = ctx
        self.early = ctx.version >= EARLY_NAME
        self.doubted = False
        self.members: dict[VirtualServer, _Maker] = {}
        self.kinds: dict[object, int] = {}
        self.exceeding: dict[tuple[int, int], bool] = {}
        for server in verifying:
            # Without a certificate of its own the default server's checks hold: no question of sessions.
            if server.has_ssl_context and not server.setting("ssl_reject_handshake").is_on:
                self._add(server)
        self.makers = self._representatives()
        self.index: SessionIndex[_Maker] = SessionIndex()
        for maker in self.makers:
            self.index.add(maker.context, maker.kind, maker)
        self.samples = {maker.kind: maker for maker in reversed(self.makers)}

    def _add(self, server: VirtualServer) -> None:
        if not server.complete:
            self.ctx.not_evaluated(server.span, "part of this server was not given or not read")
            return
        checks = handshake_checks(self.ctx, server)
        if checks is not None:
            context = session_context(self.ctx.configuration, server, self.ctx.file)
            # The default server's handshake needs no name.
            name = None if server is self.socket.default_server else example_name(server)
            kind = self.kinds.setdefault(checks.kind, len(self.kinds))
            self.members[server] = _Maker(server, name, checks, kind, context)

    def _representatives(self) -> list[_Maker]:
        alike: dict[object, _Maker] = {}
        default = self.socket.default_server
        for maker in self.members.values():
            server = maker.server
            if server is not default and maker.name is None:
                continue  # no SNI leads to it
            tls = (tickets_on(server), commanded_protocols(server), server is default)
            if not self._is_plain(maker):
                alike.setdefault((maker.checks, maker.context, tls), maker)
            else:
                # Before 1.29.2 it does not matter what the sessions were made for (see ``resumption``).
                alike.setdefault((maker.kind, maker.context if self.early else None, tls), maker)
        return list(alike.values())

    def _is_plain(self, maker: _Maker) -> bool:
        """Whether all is known of its sessions, and the name that is to lead to it does."""
        if unknown_setting(maker.server) is not None:
            return False
        name = normalise_host(maker.name, self.ctx.version) if maker.name is not None else None
        return name is None or NameTable.of(self.socket).find(name) is maker.server

    def find(self) -> Iterator[Crossing]:
        """The crossings, in the order of the servers that are entered."""
        if len({maker.checks for maker in self.members.values()}) < 2:
            return
        for server in self.members:
            if example_name(server) is None and any(name.kind is NameKind.REGEX for name in server.names):
                reason = (
                    f"{server.label} has no name but regular expressions: which SNI leads to it is not known"
                )
                self.ctx.not_evaluated(server.span, reason)
        for entered in self.members.values():
            best: Crossing | None = None
            for maker in self._candidates(entered):
                crossing = self._cross(maker, entered)
                if crossing is not None and (best is None or not crossing.advisory):
                    best = crossing
                if best is not None and not best.advisory:
                    break
            if best is not None and guards(self.ctx, self.socket, entered.server):
                yield best

    def _candidates(self, entered: _Maker) -> Iterator[_Maker]:
        """Those whose sessions may open the server.

        Since 1.29.2 only those of its own session-id context, or of the default server's.
        """

        def is_laxer(kind: int) -> bool:
            return self._is_laxer(kind, entered)

        if not self.early:
            yield from (maker for maker in self.makers if is_laxer(maker.kind))
            return
        default = self.members.get(self.socket.default_server)
        for wanted in [entered.context] if default is None else [entered.context, default.context]:
            yield from self.index.equal(wanted, is_laxer)
            for maker in () if self.doubted else self.index.doubtful(wanted, is_laxer):
                if isinstance(maker.context.same_as(wanted), Unknown) and not self.doubted:
                    yield maker

    def _is_laxer(self, kind: int, entered: _Maker) -> bool:
        """Whether those of a kind let more clients through: what is asked of one holds for all."""
        pair = (kind, entered.kind)
        if pair not in self.exceeding:
            self.exceeding[pair] = self._excess(self.samples[kind], entered) is not None
        return self.exceeding[pair]

    def _cross(self, maker: _Maker, entered: _Maker) -> Crossing | None:
        more = self._excess(maker, entered)
        name = example_name(entered.server)
        if more is None or name is None:
            return None
        advised = None
        for named in (name, None):
            if named is None and maker.server is self.socket.default_server:
                continue  # no session is needed: without SNI its own handshake leads to any Host
            if asks_ocsp(entered.server if named else self.socket.default_server):
                continue  # asked again, with that server's CAs (docs/evidence.md: resumption)
            for tls in ("1.3", "1.2"):
                answer = self._resume(Attempt(tls, maker.name, named, name), maker.server, entered.server)
                if answer is None or not _opens(answer, maker.server, entered.server):
                    continue
                crossing = Crossing(maker.server, entered.server, named, more, answer.advisory)
                if not answer.advisory:
                    return crossing
                advised = advised or crossing
        return advised

    def _excess(self, maker: _Maker, entered: _Maker) -> Excess | None:
        if maker.kind == entered.kind:
            return None
        return excess(self.ctx, maker.server, maker.checks, entered.server, entered.checks)

    def _resume(self, attempt: Attempt, maker: VirtualServer, entered: VirtualServer) -> Resumption | None:
        # A build without the fix does what its number says.
        fixed = True if self.ctx.carries_fix(RESUMPTION_CVE) else None
        answer = resume(self.ctx.configuration, self.socket, attempt, self.ctx.file, fixed=fixed)
        if isinstance(answer, Unknown):
            if not self.doubted:
                what = f"whether a session made at {maker.label} opens {entered.label}"
                self.ctx.not_evaluated(listen_span(self.socket), f"{what}: {answer.reason}")
            self.doubted = True
            return None
        return answer


def guards(ctx: Context, socket: Socket, server: VirtualServer) -> bool:
    """Whether it matters to a server of this socket whose certificate verifies."""
    rows = socket_rows(ctx.configuration, socket, ctx.now, [server])
    if any(row.who.kind == CERTIFICATES or row.uncertain for row in rows):
        return True
    scopes = (server.scope, *(location.scope for location in server.all_locations()))
    return any(backend_is_told(ctx.configuration, scope) for scope in scopes)


def _opens(answer: Resumption, maker: VirtualServer, entered: VirtualServer) -> bool:
    return (
        answer.fate is Fate.RESUMED
        and not answer.misdirected
        and answer.server is entered
        and answer.verdict_of is maker
    )
