"""What two versions of nginx make of one configuration, where client certificates depend on it.

Both models come from one tree, so their servers and locations correspond by position. Compared are what the
sockets speak, who gets in where (the matrices), what clients are verified with, what becomes of TLS sessions,
and how nginx speaks to upstreams; a request's own differences, which every configuration shares, are notes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.nginx.answering import listen_span
from mtls_lint.nginx.chain_check import ChainCheck, Reader, chain_check
from mtls_lint.nginx.material import ca_files, crl_file
from mtls_lint.nginx.matrix import socket_rows
from mtls_lint.nginx.matrix_rows import Hole, Row, Who
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.session_differences import session_differences
from mtls_lint.nginx.session_life import survival, survivals
from mtls_lint.nginx.tls import in_order, negotiable_protocols, protocol_words
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate


class Kind(Enum):
    """What a difference is about; the value is its word in reports."""

    START = "start"
    PROTOCOLS = "protocols"
    ACCESS = "access"
    TRUST = "trust"
    SESSIONS = "sessions"
    UPSTREAM = "upstream"
    FINDING = "finding"


class Access(Struct, frozen=True):
    """Who gets in at a place: the matrix's answer and its holes."""

    who: Who
    holes: tuple[Hole, ...]


class Difference(Struct, frozen=True):
    """One thing that the two versions do differently, at ``span``.

    ``where`` says what is concerned; ``before`` and ``after`` are words, or the matrices' answers. ``why``
    names the change of nginx. ``protocols`` are the TLS versions that only one of the two speaks.
    """

    kind: Kind
    where: str
    before: "str | Access"
    after: "str | Access"
    span: Span | None
    why: str = ""
    servers: tuple[VirtualServer, ...] = ()
    socket: Socket | None = None
    protocols: frozenset[str] = frozenset()


class NotCompared(Struct, frozen=True):
    """Something that could not be compared, and why."""

    span: Span
    reason: str


def differences(
    old: Configuration, new: Configuration, now: datetime, read: Reader, *, fixed: bool | None = None
) -> Iterator[Difference | NotCompared]:
    """What the two models say differently. ``read`` gives the files that the configuration names.

    ``fixed`` says whether the build of ``old`` has the fix of CVE-2025-23419, whatever its number.
    """
    yield from _protocols(old, new)
    yield from _access(old, new, now, read)
    yield from _trust(old, new, read)
    yield from _sessions(old, new, read, fixed)
    yield from _reloads(old, new)
    yield from _upstreams(old, new)


def notes(configuration: Configuration, old: NginxVersion, new: NginxVersion) -> tuple[str, ...]:
    """Changes of requests' handling that no configuration is spared."""
    crossed = [since for since in _REQUESTS if min(old, new) < since <= max(old, new)]
    return tuple(_REQUESTS[since] for since in crossed) if configuration.servers_of("http") else ()


_REQUESTS = {
    NginxVersion(
        1, 11, 0
    ): "a Host that is not the handshake's name is answered with 421, below 1.11.0 with 400",
    NginxVersion(1, 11, 6): "$ssl_client_s_dn follows RFC 2253; below 1.11.6 it is /O=.../CN=...",
    NginxVersion(1, 11, 7): "$ssl_client_verify is FAILED:reason; below 1.11.7 FAILED alone",
    NginxVersion(1, 29, 3): "CONNECT takes a name and a port, which choose the server; below 1.29.3 a path",
    NginxVersion(1, 29, 4): "a Host a.test:x is answered with 400 (RFC 3986); below 1.29.4 it is a name",
}


def _sockets(old: Configuration, new: Configuration) -> Iterator[tuple[Socket, Socket]]:
    """The sockets of both that speak TLS, or not, in both: else nginx refuses one of the two."""
    for before, after in zip(old.sockets, new.sockets, strict=True):
        if before.ssl is after.ssl:
            yield before, after


def _protocols(old: Configuration, new: Configuration) -> Iterator[Difference]:
    for before, after in _sockets(old, new):
        if not after.ssl:
            continue
        groups: dict[tuple[frozenset[str], frozenset[str]], list[VirtualServer]] = {}
        for one, other in zip(before.servers, after.servers, strict=True):
            spoken = _negotiable(before, one), _negotiable(after, other)
            if spoken[0] != spoken[1]:
                groups.setdefault(spoken, []).append(other)
        for (was, becomes), servers in groups.items():
            setting = servers[0].setting("ssl_protocols")
            default = not setting.is_set
            yield Difference(
                Kind.PROTOCOLS,
                f"{_labels(servers)} on {after.key}",
                ", ".join(in_order(was)) or "none",
                ", ".join(in_order(becomes)) or "none",
                listen_span(after, servers[0]) if default else setting.span,
                "the default of ssl_protocols" if default else "below 1.29.2 the default server's count",
                tuple(servers),
                after,
                was ^ becomes,
            )


def _negotiable(socket: Socket, server: VirtualServer) -> frozenset[str]:
    default = socket.default_server
    return negotiable_protocols(server if server.has_ssl_context else default, default)


def _access(
    old: Configuration, new: Configuration, now: datetime, read: Reader
) -> Iterator[Difference | NotCompared]:
    for before, after in _sockets(old, new):
        was, becomes = _by_uri(old, before, now, read), _by_uri(new, after, now, read)
        groups: dict[tuple[int, Access | None, Access | None], dict[str, None]] = {}
        doubts: dict[str, Span] = {}
        for index, uri in dict.fromkeys((*was, *becomes)):
            rows = [table.get((index, uri)) for table in (was, becomes)]
            for row, _ in filter(None, rows):
                doubts.update(dict.fromkeys(row.uncertain, after.servers[index].span))
            answers = (_answer(rows[0]), _answer(rows[1]))
            if answers[0] != answers[1]:
                # A handshake that fails leads to no location: the other version knows which it is.
                place = next((place for _, place in filter(None, reversed(rows)) if place != uri), uri)
                groups.setdefault((index, *answers), {})[place] = None
        for (index, was_in, gets_in), places in groups.items():
            server = after.servers[index]
            yield Difference(
                Kind.ACCESS,
                f"{server.label}, {', '.join(places)} on {after.key}",
                was_in or _NO_ANSWER,
                gets_in or _NO_ANSWER,
                server.span,
                servers=(server,),
                socket=after,
            )
        for reason, span in doubts.items():
            yield NotCompared(span, f"who gets in: {reason}")


_NO_ANSWER = "no answer of this server"


def _by_uri(
    configuration: Configuration, socket: Socket, now: datetime, read: Reader
) -> dict[tuple[int, str], tuple[Row, str]]:
    """The row and the place for each server (by position) and URI; in stream and mail, a place is its own."""
    index = {server: number for number, server in enumerate(socket.servers)}
    return {
        (index[row.server], uri): (row, place)
        for row in socket_rows(configuration, socket, now, read=read)
        for uri, place in row.asked or [(place, place) for place in row.places]
    }


def _answer(found: tuple[Row, str] | None) -> Access | None:
    return Access(found[0].who, found[0].holes) if found is not None else None


def _trust(old: Configuration, new: Configuration, read: Reader) -> Iterator[Difference | NotCompared]:
    """Before 1.27.2 one lookup reads certificates and CRLs from the files of CAs and the CRL file alike."""
    doubts: dict[str, Span] = {}
    found: dict[tuple[str, Span, str, str], list[VirtualServer]] = {}
    for before, after in zip(old.servers, new.servers, strict=True):
        span = after.setting("ssl_crl").span
        if after.verify_client == "off" or not after.has_ssl_context or span is None:
            continue
        if crl_file(new, after) is None:
            continue
        was = chain_check(old, before, ca_files(old, before), read)
        becomes = chain_check(new, after, ca_files(new, after), read)
        if isinstance(was, Unknown) or isinstance(becomes, Unknown):
            unknown = was if isinstance(was, Unknown) else becomes
            doubts.setdefault(unknown.reason if isinstance(unknown, Unknown) else "", span)
            continue
        for where, words in (
            ("certificates in the file of ssl_crl", _changed_trust(was, becomes)),
            ("CRLs in the files of CAs", _changed_crls(was, becomes)),
        ):
            if words is not None:
                found.setdefault((where, span, *words), []).append(after)
    for reason, span in doubts.items():
        yield NotCompared(span, f"what clients are verified with: {reason}")
    why = "since 1.27.2 files of CAs are read for certificates alone, CRL files for CRLs alone"
    for (where, span, told, tells), servers in found.items():
        yield Difference(Kind.TRUST, f"{where} of {_labels(servers)}", told, tells, span, why, tuple(servers))


def _changed_trust(was: ChainCheck, becomes: ChainCheck) -> tuple[str, str] | None:
    gone, added = set(was.store) - set(becomes.store), set(becomes.store) - set(was.store)
    if not gone and not added:
        return None
    names = _subjects(gone or added)
    told = (f"trusted for clients: {names}", f"not trusted: {names}")
    return told if gone else (told[1], told[0])


def _changed_crls(was: ChainCheck, becomes: ChainCheck) -> tuple[str, str] | None:
    gone, added = set(was.crls or ()) - set(becomes.crls or ()), set(becomes.crls or ()) - set(was.crls or ())
    if not gone and not added:
        return None
    told = ("count", "do not count: those that they list get in, unless the file of ssl_crl lists them, too")
    return told if gone else (told[1], told[0])


def _subjects(certificates: "set[Certificate]") -> str:
    return "; ".join(sorted(one.subject or "(no subject)" for one in certificates))


def _sessions(
    old: Configuration, new: Configuration, read: Reader, fixed: bool | None
) -> Iterator[Difference | NotCompared]:
    why = "since 1.29.2 the server is chosen before the session is looked at"
    for before, after in _sockets(old, new):
        span = listen_span(after)
        for one in session_differences(old, before, new, after, read, fixed=fixed):
            if isinstance(one, Unknown):
                yield NotCompared(span, f"what becomes of TLS sessions on {after.key}: {one.reason}")
            else:
                where = f"TLS {one.tls} session made {one.made}, brought back {one.named}, on {after.key}"
                yield Difference(Kind.SESSIONS, where, one.before, one.after, span, why, socket=after)


def _reloads(old: Configuration, new: Configuration) -> Iterator[Difference | NotCompared]:
    """How long sessions outlive a reload, and with them what a new CRL revokes."""
    why = "since 1.23.2 a shared ssl_session_cache keeps the keys of tickets, and TLS 1.3 the timeout"
    for before, after in _sockets(old, new):
        if not after.ssl or after.module != "http":
            continue
        groups: dict[tuple[str, str], list[VirtualServer]] = {}
        for one, other in zip(before.servers, after.servers, strict=True):
            if other.verify_client == "off" or not other.has_ssl_context:
                continue
            was, becomes = survival(one, before), survival(other, after)
            if isinstance(was, Unknown) or isinstance(becomes, Unknown):
                unknown = was if isinstance(was, Unknown) else becomes
                reason = unknown.reason if isinstance(unknown, Unknown) else ""
                yield NotCompared(other.span, f"whether sessions outlive a reload: {reason}")
                continue
            words = _survives(one, before), _survives(other, after)
            if words[0] != words[1]:
                groups.setdefault(words, []).append(other)
        for words, servers in groups.items():
            where = f"TLS sessions of {_labels(servers)} on {after.key}"
            yield Difference(Kind.SESSIONS, where, *words, listen_span(after), why, tuple(servers), after)


def _survives(server: VirtualServer, socket: Socket) -> str:
    """How long sessions last beyond a reload, by the TLS version."""
    longest: dict[str, float] = {}
    for one in survivals(server, socket.default_server):
        seconds = float("inf") if one.seconds is None else one.seconds
        longest[one.tls] = max(seconds, longest.get(one.tls, 0))
    if not longest:
        return "end with a reload"
    said = [
        f"TLS {tls} " + ("without end" if seconds == float("inf") else f"up to {seconds:.0f} seconds")
        for tls, seconds in sorted(longest.items())
    ]
    return f"outlive a reload, and what a new CRL revokes: {', '.join(said)}"


_UPSTREAM_SCHEMES = {"proxy": "https://", "grpc": "grpcs://", "uwsgi": "suwsgi://"}


def _upstreams(old: Configuration, new: Configuration) -> Iterator[Difference]:
    """The default of ``proxy_ssl_protocols`` and its like, once for each of them, at its first place."""
    seen: set[str] = set()
    for before, after in zip(old.servers, new.servers, strict=True):
        for one, other in zip(before.all_locations(), after.all_locations(), strict=True):
            for prefix, scheme in _UPSTREAM_SCHEMES.items():
                name = f"{prefix}_ssl_protocols"
                passing = _passing(other, f"{prefix}_pass", scheme)
                was, becomes = (protocol_words(place.setting(name).words) for place in (one, other))
                if passing is not None and was != becomes and name not in seen:
                    seen.add(name)
                    where = f"TLS towards upstreams ({passing.text} and others like it)"
                    words = ", ".join(in_order(was)), ", ".join(in_order(becomes))
                    yield Difference(Kind.UPSTREAM, where, *words, passing.span, f"the default of {name}")


def _passing(location: Location, name: str, scheme: str) -> Directive | None:
    passing = (
        one for one in location.scope.find(name) if one.args and one.args[0].lower().startswith(scheme)
    )
    return next(passing, None)


def _labels(servers: Sequence[VirtualServer]) -> str:
    names = list(dict.fromkeys(server.label for server in servers))
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
