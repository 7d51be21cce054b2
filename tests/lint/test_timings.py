"""Where a run's time goes."""

import pytest

from mtls_lint.lint.timings import SHOWN, Taken, Timings


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.5

    def __call__(self) -> float:
        return self.now


def taken(timings: Timings) -> Taken:
    found = timings.taken()
    assert found is not None
    return found


def test_stages_and_rules_have_what_was_spent_in_them() -> None:
    clock = Clock()
    timings = Timings(clock=clock)
    with timings.stage("read"):
        clock.now += 1
    clock.now += 0.25
    with timings.stage("rules"):
        for seconds in (1, 2):
            with timings.rule("cheap"):
                clock.now += seconds
        with timings.rule("dear"):
            clock.now += 4
    with timings.stage("read"):
        clock.now += 1
    found = taken(timings)
    assert found.stages == {"start": 0.5, "read": 2, "rules": 7, "other": 0.25}
    assert list(found.rules.items()) == [("dear", 4), ("cheap", 3)]
    assert list(found.lines())[:3] == [
        "timings: 9.750 s of CPU",
        "       500.0 ms   5.1%  start",
        "      2000.0 ms  20.5%  read",
    ]


def test_a_stage_that_fails_has_its_time() -> None:
    clock = Clock()
    timings = Timings(clock=clock)

    def fails() -> None:
        with timings.stage("read"):
            clock.now += 1
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert taken(timings).stages["read"] == 1


def test_only_the_dearest_rules_are_listed_unless_all_are_wanted() -> None:
    clock = Clock()
    timings = Timings(clock=clock)
    for number in range(SHOWN + 3):
        with timings.rule(f"rule-{number:02}"):
            clock.now += 1 + number
    few, every = list(taken(timings).lines()), list(taken(timings).lines(every=True))
    assert few[-1].endswith("3 others (-v lists them)")
    assert not any("rule-00" in line for line in few)
    assert every[-1].endswith("rule-00")
    assert len(every) == len(few) + 2


def test_what_nobody_wants_is_not_taken() -> None:
    clock = Clock()
    timings = Timings(wanted=False, clock=clock)
    with timings.stage("rules"), timings.rule("dear"):
        clock.now += 1
    assert timings.taken() is None
