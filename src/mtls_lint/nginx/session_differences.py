"""What two versions of nginx do differently with TLS sessions that come back (see ``resumption``)."""

from collections import Counter
from collections.abc import Iterator
from itertools import product
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.nginx.answering import example_name
from mtls_lint.nginx.chain_check import Reader
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.resumption import (
    Attempt,
    Fate,
    Resumption,
    SessionContext,
    resume,
    session_context,
    tickets_on,
)
from mtls_lint.nginx.tls import negotiable_protocols
from mtls_lint.syntax.tree import Unknown


class SessionDifference(Struct, frozen=True):
    """What becomes in both versions of a session made ``made``, brought back ``named`` (words for SNI)."""

    made: str
    named: str
    before: str
    after: str
    tls: str = ""


_ALIKE = 8
"""Contexts of sessions that are asked for, of those that nothing but certificates and CA names tell apart.

Each is asked for with each other, and what comes of it is said of each two.
"""

_Answer = tuple[Fate, int | None, int | None, bool]


def session_differences(
    old: Configuration,
    before: Socket,
    new: Configuration,
    after: Socket,
    read: Reader,
    *,
    fixed: bool | None = None,
) -> Iterator[SessionDifference | Unknown]:
    """The differences of one TLS socket of http: of those that are alike, the first.

    Asked is where both versions speak the TLS version in question, for servers that differ in what matters to
    sessions, each with its own name, and without SNI. ``fixed`` says whether the old build has the fix of
    CVE-2025-23419; unless given, its number decides. How many servers were not asked about is said last.
    """
    if not after.ssl or after.module != "http" or after.key.transport != "tcp":
        return
    if all(server.verify_client == "off" for server in after.servers):
        return
    without = (None, after.servers.index(after.default_server))
    representatives, left_out = _representatives(new, after, read)
    kinds = [*representatives, without]
    host = kinds[-2][0] if len(kinds) > 1 else None
    seen: set[tuple[str, _Answer, _Answer]] = set()
    found: dict[SessionDifference, list[str]] = {}
    for tls in ("1.3", "1.2"):
        able = [(name, at) for name, at in kinds if _speaks(before, at, tls) and _speaks(after, at, tls)]
        for (made, _), (named, _) in product(able, able):
            attempt = Attempt(tls, made, named, named or host or "localhost")
            was = resume(old, before, attempt, read, fixed=fixed)
            becomes = resume(new, after, attempt, read)
            if isinstance(was, Unknown):
                yield was
                return
            if isinstance(becomes, Unknown):
                yield becomes
                return
            answers = (_answer(was, before), _answer(becomes, after))
            if answers[0] != answers[1] and (tls, *answers) not in seen and _matters(was, becomes):
                seen.add((tls, *answers))
                one = SessionDifference(_sni(made), _sni(named), _words(was), _words(becomes))
                found.setdefault(one, []).append(tls)
    for one, versions in found.items():
        yield replace(one, tls=" and ".join(sorted(versions)))
    if left_out:
        yield Unknown(
            f"asked for {_ALIKE}, not for {left_out} more, of the servers that certificates and names of CAs"
            " alone tell apart"
        )


def _matters(was: Resumption, becomes: Resumption) -> bool:
    """Whether a server that verifies clients has to do with it: to the others a session is a shorter way."""
    entered = [one.server for one in (was, becomes) if one.server is not None]
    return not entered or any(server.verify_client != "off" for server in entered)


def _representatives(
    configuration: Configuration, socket: Socket, read: Reader
) -> tuple[list[tuple[str, int]], int]:
    """A name and the position of one server of each kind, as far as sessions can tell them apart.

    Of contexts that the same kinds of servers have, the first few stand for all; the number is that of the
    servers of the others.
    """
    kinds: dict[SessionContext, dict[tuple[object, ...], tuple[str, int]]] = {}
    for at, server in enumerate(socket.servers):
        name = example_name(server)
        if name is None:
            continue
        kind = (
            server.verify_client,
            server.has_ssl_context,
            server.setting("ssl_reject_handshake").is_on,
            tickets_on(server),
            server is socket.default_server,
        )
        context = session_context(configuration, server, read)
        kinds.setdefault(context, {}).setdefault(kind, (name, at))
    chosen: list[tuple[str, int]] = []
    alike: Counter[frozenset[tuple[object, ...]]] = Counter()
    for known in kinds.values():
        alike[frozenset(known)] += 1
        if alike[frozenset(known)] <= _ALIKE:
            chosen += known.values()
    return sorted(chosen, key=itemgetter(1)), sum(max(0, number - _ALIKE) for number in alike.values())


def _speaks(socket: Socket, at: int, tls: str) -> bool:
    server, default = socket.servers[at], socket.default_server
    return f"TLSv{tls}" in negotiable_protocols(server if server.has_ssl_context else default, default)


def _answer(answer: Resumption, socket: Socket) -> _Answer:
    def index(server: VirtualServer | None) -> int | None:
        return None if server is None else socket.servers.index(server)

    return answer.fate, index(answer.verdict_of), index(answer.server), answer.misdirected


def _sni(name: str | None) -> str:
    return f"with SNI {name}" if name is not None else "without SNI"


def _words(answer: Resumption) -> str:
    said = {
        Fate.NO_SESSION: "full handshake",
        Fate.ACCESS_DENIED: "refused (alert access_denied)",
        Fate.HANDSHAKE_FAILED: "the handshake fails",
    }.get(answer.fate, answer.fate.value)
    if answer.server is not None and answer.misdirected:
        said += ", then 421"
    elif answer.server is not None and answer.verdict_of is not None:
        said += f"; {answer.server.label} answers, with the verdict of {answer.verdict_of.label}"
    return said
