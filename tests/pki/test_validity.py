from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.pki.validity import Horizon, LifetimeState, crl_state, days_left, lifetime_state

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
END = START + timedelta(days=90)


@pytest.mark.parametrize(
    ("day", "expiry_days", "state"),
    [
        (-1, None, LifetimeState.NOT_YET_VALID),
        (0, None, LifetimeState.VALID),
        (59, None, LifetimeState.VALID),
        (60, None, LifetimeState.EXPIRING),
        (90, None, LifetimeState.EXPIRING),
        (91, None, LifetimeState.EXPIRED),
        (60, 14, LifetimeState.VALID),
        (76, 14, LifetimeState.EXPIRING),
        (89, 0, LifetimeState.VALID),
        (90, 0, LifetimeState.EXPIRING),
    ],
)
def test_states(day: int, expiry_days: int | None, state: LifetimeState) -> None:
    assert lifetime_state(START, END, START + timedelta(days=day), expiry_days) is state


def test_days_left() -> None:
    assert days_left(END, END) == 0
    assert days_left(END, END - timedelta(hours=47)) == 1
    assert days_left(END, END + timedelta(hours=1)) == 0
    assert days_left(END, END + timedelta(hours=49)) == -2


def test_lifetime_that_ends_before_it_starts() -> None:
    assert Horizon().of(END, START) == timedelta()
    assert lifetime_state(END, START, START + timedelta(days=1)) is LifetimeState.EXPIRED


@given(
    st.datetimes(),
    st.timedeltas(timedelta(0), timedelta(days=9000)),
    st.timedeltas(max_value=timedelta(days=9000)),
)
def test_states_follow_each_other(start: datetime, length: timedelta, offset: timedelta) -> None:
    try:
        end, now = start + length, start + offset
    except OverflowError:
        return
    state = lifetime_state(start, end, now)
    assert (state is LifetimeState.NOT_YET_VALID) == (now < start)
    assert (state is LifetimeState.EXPIRED) == (now > end)


@pytest.mark.parametrize(
    ("day", "expiry_days", "state"),
    [
        (-1, None, LifetimeState.NOT_YET_VALID),
        (59, None, LifetimeState.VALID),
        (61, None, LifetimeState.EXPIRING),
        (61, 7, LifetimeState.VALID),
        (59, 45, LifetimeState.VALID),
        (84, 7, LifetimeState.EXPIRING),
        (91, 7, LifetimeState.EXPIRED),
    ],
)
def test_a_crl_is_not_due_before_its_last_third(
    day: int, expiry_days: int | None, state: LifetimeState
) -> None:
    assert crl_state(START, END, START + timedelta(days=day), expiry_days) is state


def test_a_crl_without_an_end() -> None:
    assert crl_state(START, None, START + timedelta(days=9000)) is LifetimeState.VALID
    assert crl_state(START, None, START - timedelta(days=1)) is LifetimeState.NOT_YET_VALID
