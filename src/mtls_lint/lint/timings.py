"""Where the CPU time of a run goes: its stages, and its rules."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from msgspec import Struct

SHOWN = 15
"""How many rules are listed one by one, unless all are wanted."""


class Timings:
    """Takes the time (CPU seconds of this process) of stages, and of rules within one of them.

    What several rules ask for is worked out for the first of them and kept: the time is charged to it.
    Where the times are not ``wanted``, nothing is taken: the clock is a system call.
    """

    def __init__(self, *, wanted: bool = True, clock: Callable[[], float] = time.process_time) -> None:
        self._wanted = wanted
        self._clock = clock
        self._stages: dict[str, float] = {"start": clock()} if wanted else {}
        self._rules: dict[str, float] = {}

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Charge what happens inside to a stage; one that comes again adds up."""
        return self._taking(self._stages, name) if self._wanted else nullcontext()

    def rule(self, rule: str) -> AbstractContextManager[None]:
        """Charge what happens inside to a rule, by its id."""
        return self._taking(self._rules, rule) if self._wanted else nullcontext()

    @contextmanager
    def _taking(self, kept: dict[str, float], name: str) -> Iterator[None]:
        before = self._clock()
        try:
            yield
        finally:
            kept[name] = kept.get(name, 0.0) + self._clock() - before

    def taken(self) -> "Taken | None":
        """What was taken until now, None where nothing was; what is in no stage is ``other``."""
        if not self._wanted:
            return None
        stages = dict(self._stages)
        stages["other"] = max(self._clock() - sum(stages.values()), 0.0)
        return Taken(stages, dict(sorted(self._rules.items(), key=lambda item: (-item[1], item[0]))))


NOT_TAKEN = Timings(wanted=False)


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
