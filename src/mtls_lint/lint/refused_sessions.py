"""TLS sessions that nginx refuses because they come back with another name."""

from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.nginx.answering import listen_span
from mtls_lint.nginx.model import Socket, VirtualServer
from mtls_lint.nginx.names import NameKind
from mtls_lint.nginx.resumption import EARLY_NAME, RESUMPTION_CVE, Attempt, Fate, has_fix, resume, tickets_on
from mtls_lint.syntax.tree import Unknown


class RefusedSession(Struct, frozen=True):
    """A session made with the SNI ``made`` is refused when it comes back with ``named``, of ``server``."""

    made: str
    named: str
    server: VirtualServer


def refused_session(socket: Socket, ctx: Context) -> RefusedSession | None:
    """One pair of names of a socket between which TLS 1.3 sessions end in an alert; None where none do.

    So does the fix of CVE-2025-23419 below 1.29.2 (docs/evidence.md: resumption).
    """
    fixed = has_fix(ctx.version) or ctx.carries_fix(RESUMPTION_CVE) is True
    if not fixed or ctx.version >= EARLY_NAME or not socket.ssl or socket.module != "http":
        return None
    for server in socket.servers:
        if server.verify_client == "off":
            continue
        for made, named in _pairs(socket, server):
            attempt = Attempt("1.3", made, named, named)
            answer = resume(ctx.configuration, socket, attempt, ctx.file, fixed=True)
            if isinstance(answer, Unknown):
                what = f"whether a session made for {made} is refused for {named}"
                ctx.not_evaluated(listen_span(socket), f"{what}: {answer.reason}")
                return None
            if answer.fate is Fate.ACCESS_DENIED:
                return RefusedSession(made, named, server)
    return None


def _pairs(socket: Socket, server: VirtualServer) -> Iterator[tuple[str, str]]:
    """Names to make a session with, and one of the server: its own first, then one of each kind of maker."""
    own = list(_names(server))
    if not own:
        return
    named = own[0]
    yield from ((made, named) for made in own[1:2])
    seen = set()
    for other in socket.servers:
        kind = (tickets_on(other), other.has_ssl_context, other.setting("ssl_reject_handshake").is_on)
        made = next(_names(other), None)
        if other is not server and made is not None and kind not in seen:
            seen.add(kind)
            yield made, named


def _names(server: VirtualServer) -> Iterator[str]:
    """Names that clients may send to reach the server."""
    for name in server.names:
        if name.kind is NameKind.EXACT:
            yield name.text
        elif name.kind in {NameKind.LEADING_WILDCARD, NameKind.DOTTED}:
            yield f"www.{name.text.lstrip('*').lstrip('.')}"
            yield f"api.{name.text.lstrip('*').lstrip('.')}"
