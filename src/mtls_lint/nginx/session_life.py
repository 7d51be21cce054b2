"""How long a TLS session, and the verdict on its client, outlives a reload of nginx.

Whoever resumes is not verified again (docs/evidence.md: resumption), so what a reload brings, a CRL that
lists one more certificate, does not reach clients whose sessions come through it. Keys of tickets, the
cache and the timeout are those of the socket's default server: OpenSSL asks the context that the connection
began with.
"""

from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.nginx.model import Socket, VirtualServer
from mtls_lint.nginx.resumption import EARLY_NAME, SHARED_KEYS, changes_keys_at_once, lifetime, tickets_on
from mtls_lint.nginx.tls import negotiable_protocols
from mtls_lint.syntax.tree import Directive, Unknown

DEFAULT_TIMEOUT = 2 * 60 * 60
"""What OpenSSL takes instead of ``ssl_session_timeout 0`` (tls1_default_timeout)."""

_SETTINGS = (
    "ssl_session_cache",
    "ssl_session_tickets",
    "ssl_session_ticket_key",
    "ssl_session_timeout",
    "ssl_protocols",
    "ssl_conf_command",
)


class Survival(Struct, frozen=True):
    """What brings sessions through a reload.

    ``kept_by`` is the cache or the key; ``seconds`` how long a session lasts, None where each resumption sets
    its clock back to the start (TLS 1.3 before 1.23.2); ``tls`` is ``1.2`` or ``1.3``.
    """

    kept_by: Directive
    seconds: int | None
    tls: str


def survival(server: VirtualServer, socket: Socket) -> Survival | Unknown | None:
    """What brings sessions that are made at ``server`` through a reload, the longest; None for nothing.

    ``socket`` is one where the server speaks TLS.
    """
    for owner in (server, socket.default_server):
        for name in _SETTINGS:
            setting = owner.setting(name)
            if setting.unknown is not None:
                return setting.unknown
    found = survivals(server, socket.default_server)
    return max(found, key=lambda one: float("inf") if one.seconds is None else one.seconds, default=None)


def survivals(server: VirtualServer, default: VirtualServer) -> Iterator[Survival]:
    """All that brings sessions made at ``server`` through a reload, newer protocols first."""
    version, seconds = server.scope.version, lifetime(default)
    reader = server if version >= EARLY_NAME else default
    spoken = negotiable_protocols(server, default)
    if seconds is None:
        return
    for tls in ("1.3", "1.2"):
        if f"TLSv{tls}" not in spoken:
            continue
        endless = tls == "1.3" and version < SHARED_KEYS
        # ngx_ssl_info_callback gives a session of TLS 1.3 the timeout as it is written; elsewhere OpenSSL
        # takes its own for a ticket in place of 0.
        lasts = None if endless else seconds or (DEFAULT_TIMEOUT if tls == "1.2" else 0)
        key = _kept_key(default) if tickets_on(server) and tickets_on(reader) else None
        if key is not None and lasts != 0 and not changes_keys_at_once(default):
            yield Survival(key, lasts, tls)
        # A client of TLS 1.2 may do without tickets; in TLS 1.3 numbers are known only where there are none.
        numbered = tls == "1.2" or not (tickets_on(server) or tickets_on(reader))
        cache = _shared_cache(default, alone=True)
        if cache is not None and numbered and seconds:
            yield Survival(cache, None if endless else seconds, tls)


def _kept_key(default: VirtualServer) -> Directive | None:
    """The directive by which the key of tickets stays the same over a reload."""
    own = default.setting("ssl_session_ticket_key").directive
    if own is not None:
        return own
    return _shared_cache(default) if default.scope.version >= SHARED_KEYS else None


def _shared_cache(default: VirtualServer, *, alone: bool = False) -> Directive | None:
    """The shared cache; with ``alone`` not one beside a built-in one, whose end takes its sessions along."""
    cache = default.setting("ssl_session_cache")
    if alone and any(word.startswith("builtin") for word in cache.words):
        return None
    return cache.directive if any(word.startswith("shared:") for word in cache.words) else None
