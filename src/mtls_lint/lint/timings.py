"""Where the CPU time of a run goes: its stages, and its rules."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

SHOWN = 15
"""How many rules are listed one by one, unless all are wanted."""


class Timings:
    """Takes the time (CPU seconds of this process) of stages, and of rules within one of them.

    What several rules ask for is worked out for the first of them and kept: the time is charged to it.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._stages: dict[str, float] = {"start": clock()}
        self._rules: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge what happens inside to a stage; one that comes again adds up."""
        with self._taking(self._stages, name):
            yield

    @contextmanager
    def rule(self, rule: str) -> Iterator[None]:
        """Charge what happens inside to a rule, by its id."""
        with self._taking(self._rules, rule):
            yield

    @contextmanager
    def _taking(self, kept: dict[str, float], name: str) -> Iterator[None]:
        before = self._clock()
        try:
            yield
        finally:
            kept[name] = kept.get(name, 0.0) + self._clock() - before

    def taken(self) -> "Taken":
        """What was taken until now; what is in no stage is ``other``."""
        stages = dict(self._stages)
        stages["other"] = max(self._clock() - sum(stages.values()), 0.0)
        return Taken(stages, dict(sorted(self._rules.items(), key=lambda item: (-item[1], item[0]))))


class Taken(Struct, frozen=True):
    """CPU seconds by stage, in the order of the run, and by rule, the dearest first.

    ``start`` is Python itself and the command line.
    """

    stages: dict[str, float]
    rules: dict[str, float]

    def lines(self, *, every: bool = False) -> Iterator[str]:
        """For people: milliseconds, and shares of the whole."""
        whole = sum(self.stages.values())
        yield f"timings: {whole:.3f} s of CPU"
        for name, seconds in self.stages.items():
            yield _row(name, seconds, whole)
        shown = list(self.rules.items())[: None if every else SHOWN]
        rest = list(self.rules.values())[len(shown) :]
        yield f"  {len(self.rules)} rules, {sum(self.rules.values()):.3f} s:"
        for name, seconds in shown:
            yield _row(name, seconds, whole)
        if rest:
            yield _row(f"{len(rest)} others (-v lists them)", sum(rest), whole)


def _row(name: str, seconds: float, whole: float) -> str:
    share = seconds / whole if whole else 0.0
    return f"  {seconds * 1000:10.1f} ms {share:6.1%}  {name}"
