"""Words that many messages need."""

from collections.abc import Sequence
from datetime import datetime, timezone

from mtls_lint.nginx.material import ServerCertificate
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.pki.validity import days_left


def day(moment: datetime) -> str:
    """``2027-01-31``, in UTC."""
    return moment.astimezone(timezone.utc).date().isoformat()


def minute(moment: datetime) -> str:
    """``2027-01-31 08:30 UTC``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def expired_on(moment: datetime, now: datetime) -> str:
    """``2025-01-01, 516 days ago``."""
    count = -days_left(moment, now)
    return f"{day(moment)}, {_days(count)} ago" if count else f"{day(moment)}, less than a day ago"


def due_on(moment: datetime, now: datetime) -> str:
    """``2026-07-01, in 30 days``."""
    return f"{day(moment)}, in {_days(days_left(moment, now))}"


def listed(words: Sequence[str], limit: int = 5) -> str:
    """``a, b and c``; beyond ``limit`` the rest is counted: ``a, b and 7 more``."""
    shown = list(words[:limit])
    if len(words) > limit:
        shown.append(f"{len(words) - limit} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def servers_in_words(servers: Sequence[VirtualServer], limit: int = 3) -> str:
    """``server api.example.com:443`` or ``servers a:443, b:443 and 7 more``."""
    labels = tuple(dict.fromkeys(server.label for server in servers))
    return f"{'server' if len(labels) == 1 else 'servers'} {listed(labels, limit)}"


def load_failure(pair: ServerCertificate, servers: Sequence[VirtualServer] | None = None) -> str:
    """What a pair that OpenSSL does not load leads to in these servers, or in all that name it."""
    named = servers_in_words(pair.servers if servers is None else servers)
    if pair.loaded_late:
        return f"nginx starts all the same, and every handshake with {named} fails"
    return f"nginx refuses to start because of {named}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
