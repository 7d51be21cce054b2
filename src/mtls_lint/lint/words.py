"""Words that many messages need."""

from collections.abc import Sequence
from datetime import datetime, timezone

from mtls_lint.nginx.inheritance import Holder
from mtls_lint.nginx.material import KeyPair, ServerCertificate
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.nginx.upstream_certificates import UpstreamCertificate
from mtls_lint.nginx.upstream_tls import UpstreamPass
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
    labels = tuple(dict.fromkeys([server.label for server in servers]))
    return f"{'server' if len(labels) == 1 else 'servers'} {listed(labels, limit)}"


def passes_in_words(passes: Sequence[UpstreamPass], limit: int = 3) -> str:
    """``location /a of api.example.com:443``, and how many more there are."""
    labels = (one.label if one.location is not None else f"server {one.label}" for one in passes)
    return listed(tuple(dict.fromkeys(labels)), limit)


def holders_in_words(holders: Sequence[Holder]) -> str:
    """The servers, or the places that hand requests on, which have a certificate."""
    passes = [one for one in holders if isinstance(one, UpstreamPass)]
    if passes:
        return passes_in_words(passes)
    return servers_in_words([one for one in holders if isinstance(one, VirtualServer)])


def presented(pair: KeyPair) -> str:
    """``server a:443 presents``, or ``nginx presents to https://app (location / of a:443)``."""
    if not isinstance(pair, UpstreamCertificate):
        return f"{holders_in_words(pair.presenters)} presents"
    backends = tuple(dict.fromkeys(one.written for one in pair.presenters))
    return f"nginx presents to {listed(backends, 3)} ({passes_in_words(pair.presenters)})"


def refusal(pair: KeyPair) -> str:
    """What those to whom a certificate is presented do when it is not in order."""
    if isinstance(pair, ServerCertificate):
        return "clients refuse the connection"
    return "a backend that checks it refuses every request"


def load_failure(pair: KeyPair, holders: Sequence[Holder] | None = None) -> str:
    """What a pair that OpenSSL does not load leads to in these places, or in all that name it."""
    named = holders_in_words(pair.holders if holders is None else holders)
    if not pair.loaded_late:
        return f"nginx refuses to start because of {named}"
    if isinstance(pair, UpstreamCertificate):
        return f"nginx starts all the same, and answers every request in {named} with 500"
    return f"nginx starts all the same, and every handshake with {named} fails"


def lasting(seconds: int) -> str:
    """``5 minutes``, ``1 day``, ``36 hours``: in the largest unit that fits."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, rest = divmod(seconds, size)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "0 seconds"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
