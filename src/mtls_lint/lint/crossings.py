"""TLS sessions made at one server of a socket that open another, whose own check their clients fail."""

from collections.abc import Hashable, Iterator
from functools import cached_property
from itertools import chain

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.handshake_checks import Excess, HandshakeChecks, excess, handshake_checks
from mtls_lint.lint.session_index import Lot, Lots, SessionIndex
from mtls_lint.nginx.answering import example_name, listen_span
from mtls_lint.nginx.asking import asks_ocsp, backend_is_told
from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.material import FileReference
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
    session_maker,
    tickets_on,
    unknown_setting,
)
from mtls_lint.nginx.tls import commanded_protocols
from mtls_lint.pki.store import PemFile
from mtls_lint.syntax.tree import Unknown

ENOUGH = 6
"""Servers that are entered, after which no more are looked for: messages show five."""

_VERSIONS = ("1.3", "1.2")


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


class _Member(Struct, frozen=True):
    """A server that verifies clients in handshakes of its own; no SNI leads to it without a ``name``."""

    server: VirtualServer
    name: str | None
    checks: HandshakeChecks
    context: SessionContext


class _Maker(Struct, frozen=True):
    """A server that makes sessions, for all of the socket that check clients alike and are alike to TLS."""

    order: int
    server: VirtualServer
    name: str | None
    checks: HandshakeChecks
    context: SessionContext
    habit: Hashable


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
        self.checks: dict[VirtualServer, HandshakeChecks] = {}
        self.contexts: dict[VirtualServer, SessionContext] = {}
        for server in verifying:
            # Without a certificate of its own the default server's checks hold: no question of sessions.
            if server.has_ssl_context and not server.setting("ssl_reject_handshake").is_on:
                self._check(server)

    def _check(self, server: VirtualServer) -> None:
        if not server.complete:
            self.ctx.not_evaluated(server.span, "part of this server was not given or not read")
            return
        checks = handshake_checks(self.ctx, server)
        if checks is not None:
            self.checks[server] = checks

    def find(self) -> Iterator[Crossing]:
        """The crossings, in the order of the servers that are entered."""
        if len(set(self.checks.values())) < 2:
            return
        for server in self.checks:
            if example_name(server) is None and any(name.kind is NameKind.REGEX for name in server.names):
                reason = (
                    f"{server.label} has no name but regular expressions: which SNI leads to it is not known"
                )
                self.ctx.not_evaluated(server.span, reason)
        for member in self.members.values():
            best: Crossing | None = None
            for maker in self._candidates(member):
                crossing = self._cross(maker, member)
                if crossing is not None and (best is None or not crossing.advisory):
                    best = crossing
                if best is not None and not best.advisory:
                    break
            if best is not None and guards(self.ctx, self.socket, member.server):
                yield best

    @cached_property
    def members(self) -> dict[VirtualServer, _Member]:
        """Those that are entered, and that make sessions."""
        default = self.socket.default_server
        return {
            # The default server's handshake needs no name.
            server: _Member(
                server, None if server is default else example_name(server), checks, self._context(server)
            )
            for server, checks in self.checks.items()
        }

    @cached_property
    def makers(self) -> SessionIndex[_Maker]:
        """Those whose sessions may open others: of those that are alike to TLS the first."""
        alike: dict[object, _Member] = {}
        default = self.socket.default_server
        for member in self.members.values():
            server = member.server
            if server is not default and member.name is None:
                continue  # no SNI leads to it
            tls = (tickets_on(server), commanded_protocols(server), server is default)
            if not self._is_plain(member):
                alike.setdefault((member.checks, member.context, tls), member)
            else:
                # Before 1.29.2 it does not matter what the sessions were made for (see ``resumption``).
                alike.setdefault((member.checks.kind, member.context if self.early else None, tls), member)
        return SessionIndex(
            _Maker(
                order,
                one.server,
                one.name,
                one.checks,
                one.context,
                (one.server is default, self._habit(one)),
            )
            for order, one in enumerate(alike.values())
        )

    def _is_plain(self, member: _Member) -> bool:
        """Whether all is known of its sessions, and the name that is to lead to it does."""
        if unknown_setting(member.server) is not None:
            return False
        name = normalise_host(member.name, self.ctx.version) if member.name is not None else None
        return name is None or NameTable.of(self.socket).find(name) is member.server

    def _habit(self, member: _Member) -> Hashable:
        """What is equal for makers of which ``resume`` says the same for any server that is entered.

        That is but for the contexts of their sessions: whether they fit the default server's is part of it.
        """
        made = [
            session_maker(self.ctx.configuration, self.socket, tls, member.name, self.ctx.file)
            for tls in _VERSIONS
        ]
        known = [one for one in made if not isinstance(one, Unknown)]
        if len(known) < len(made):
            return "unknown"
        kept = tuple(is_kept for _, is_kept in known)
        if not any(kept):
            return "no session"
        server, (selected, _) = member.server, known[0]
        if selected is not server:
            # What another server makes opens nothing as a session of this one; it may be a matter of doubt.
            return selected if self.early and self.some_unread else "another"
        if not self.early:
            return kept, tickets_on(server)
        fits = member.context.same_as(self._context(self.socket.default_server))
        return kept, tickets_on(server), None if isinstance(fits, Unknown) else fits

    @cached_property
    def some_unread(self) -> bool:
        """Whether it is not known for all servers what their sessions are made for."""
        contexts = map(self._context, self.socket.servers)
        return any(context.certificates_unread or context.names_unread for context in contexts)

    def _context(self, server: VirtualServer) -> SessionContext:
        if server not in self.contexts:
            self.contexts[server] = session_context(self.ctx.configuration, server, self._read)
        return self.contexts[server]

    def _read(self, reference: FileReference) -> PemFile | None:
        return self.ctx.file(reference) if reference.path is not None else None

    def _candidates(self, entered: _Member) -> Iterator[_Maker]:
        """Those whose sessions may open the server, of those with one habit the first that is laxer.

        Since 1.29.2 only those of its own session-id context, or of the default server's.
        """
        if not self.early:
            yield from _first_laxer(self.makers.all, entered)
            return
        default = self.members.get(self.socket.default_server)
        for wanted in [entered.context] if default is None else [entered.context, default.context]:
            yield from _first_laxer(self.makers.equal(wanted), entered)
            for lots in () if self.doubted else self.makers.doubtful(wanted):
                others = tuple(_doubtful(lot, wanted, entered) for lot in lots)
                for maker in _first_laxer(others, entered):
                    if self.doubted:
                        break
                    yield maker

    def _cross(self, maker: _Maker, entered: _Member) -> Crossing | None:
        name = example_name(entered.server)
        if name is None:
            return None
        advised = None
        for named in (name, None):
            if named is None and maker.server is self.socket.default_server:
                continue  # no session is needed: without SNI its own handshake leads to any Host
            if asks_ocsp(entered.server if named else self.socket.default_server):
                continue  # asked again, with that server's CAs (docs/evidence.md: resumption)
            for tls in _VERSIONS:
                answer = self._resume(Attempt(tls, maker.name, named, name), maker.server, entered.server)
                if answer is None or not _opens(answer, maker.server, entered.server):
                    continue
                more = excess(self.ctx, maker.server, maker.checks, entered.server, entered.checks)
                if more is None:
                    return None
                crossing = Crossing(maker.server, entered.server, named, more, answer.advisory)
                if not answer.advisory:
                    return crossing
                advised = advised or crossing
        return advised

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


def _first_laxer(lots: Lots[_Maker], entered: _Member) -> Iterator[_Maker]:
    """Of each lot the first that is laxer than ``entered``."""
    found = chain.from_iterable(lot.laxer(entered.checks)[:1] for lot in lots)
    yield from sorted(found, key=lambda maker: maker.order)


def _doubtful(lot: Lot[_Maker], wanted: SessionContext, entered: _Member) -> Lot[_Maker]:
    """The lot, or, where the first that is laxer than ``entered`` is sure to have the context, the others."""
    if any(maker.context == wanted for maker in lot.laxer(entered.checks)[:1]):
        return lot.without(wanted, lambda maker: maker.context == wanted)
    return lot


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
