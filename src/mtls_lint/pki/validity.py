"""How much of a lifetime is left."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum

from msgspec import Struct

DEFAULT_SHARE = 3
"""A certificate is due for renewal when a third of its lifetime is left: what ACME clients do."""

LONGEST_HORIZON = timedelta(days=365)
"""A third of what a root lives is years; nobody renews it that early."""


PUBLIC_LIMITS = tuple(
    (datetime.fromisoformat(day).replace(tzinfo=timezone.utc), timedelta(days=days))
    for day, days in (("2020-09-01", 398), ("2026-03-15", 200), ("2027-03-15", 100), ("2029-03-15", 47))
)
"""How long server certificates of public CAs may be valid, by the first day of their validity.

CA/Browser Forum, Baseline Requirements for TLS Server Certificates, 6.3.2.
"""


class LifetimeState(Enum):
    """Where a moment stands in a lifetime."""

    NOT_YET_VALID = "not yet valid"
    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"


class Horizon(Struct, frozen=True):
    """From when on a lifetime counts as about to end.

    A number of days; or (None) a third of the lifetime, at most a year.
    """

    expiry_days: int | None = None

    def of(self, not_before: datetime, not_after: datetime) -> timedelta:
        """How long before its end this lifetime counts as expiring."""
        if self.expiry_days is not None:
            return timedelta(days=self.expiry_days)
        return min(max(not_after - not_before, timedelta()) / DEFAULT_SHARE, LONGEST_HORIZON)


def longest_public_validity(not_before: datetime) -> timedelta | None:
    """How long a public CA may let a server certificate be valid; None for those of before 2020-09-01."""
    return next((limit for since, limit in reversed(PUBLIC_LIMITS) if not_before >= since), None)


def lifetime_state(
    not_before: datetime, not_after: datetime, now: datetime, expiry_days: int | None = None
) -> LifetimeState:
    """Where ``now`` stands between two moments, both of which are still valid; all three are aware.

    ``expiry_days`` replaces the horizon of a third of the lifetime.
    """
    if now > not_after:
        return LifetimeState.EXPIRED
    if now < not_before:
        return LifetimeState.NOT_YET_VALID
    if not_after - now <= Horizon(expiry_days).of(not_before, not_after):
        return LifetimeState.EXPIRING
    return LifetimeState.VALID


def crl_state(
    last_update: datetime, next_update: datetime | None, now: datetime, expiry_days: int | None = None
) -> LifetimeState:
    """Where ``now`` stands in the time of a CRL; without a ``next_update`` it never ends.

    ``expiry_days`` can only shorten the horizon: a CRL is made anew every few days or weeks, so that one that
    is fresh would often be within the days that suit a certificate.
    """
    if next_update is None:
        return LifetimeState.NOT_YET_VALID if now < last_update else LifetimeState.VALID
    state = lifetime_state(last_update, next_update, now)
    if state is LifetimeState.EXPIRING and expiry_days is not None:
        return lifetime_state(last_update, next_update, now, expiry_days)
    return state


def days_left(not_after: datetime, now: datetime) -> int:
    """Whole days until ``not_after``; negative when it is past."""
    left = not_after - now
    return left // timedelta(days=1) if left >= timedelta() else -(-left // timedelta(days=1))
