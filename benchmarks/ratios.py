"""Ratios of paired runs: the programs take turns, and each turn gives one ratio.

What else the machine does changes from minute to minute and weighs on neighbouring runs alike, so that a
ratio of two runs in a row says more than two averages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.measure import Usage

    Runs = Mapping[str, Sequence[Usage]]


class Quantity(Enum):
    """What is compared."""

    CPU = "CPU"
    PEAK = "peak memory"


@dataclass(frozen=True)
class Comparison:
    """One line of the table: a run over another, by their names; without a limit it is for information."""

    part: str
    what: str
    measured: str
    run: str
    over: str
    quantity: Quantity = Quantity.CPU
    must: float | None = None
    aim: float | None = None


@dataclass(frozen=True)
class Ratio:
    """What came out: the ratios of the pairs, and the medians of both sides in seconds or MiB.

    With ``at_most`` the other program was stopped, and the true ratio is smaller.
    """

    comparison: Comparison
    ratios: tuple[float, ...]
    value: float
    other: float
    at_most: bool = False

    @property
    def ratio(self) -> float:
        """The median."""
        return median(self.ratios)

    @property
    def verdict(self) -> str:
        """Against must and aim; nothing where there is none."""
        must, aim = self.comparison.must, self.comparison.aim
        if must is None or aim is None:
            return ""
        if self.ratio > must:
            return "missed"
        return "must" if self.ratio > aim else "aim"


def compare(comparison: Comparison, runs: Runs) -> Ratio:
    """The ratios of the rounds in which both programs ran."""
    pairs = list(zip(runs[comparison.run], runs[comparison.over], strict=False))
    values = [_quantity(own, comparison.quantity) for own, _ in pairs]
    others = [_quantity(other, comparison.quantity) for _, other in pairs]
    return Ratio(
        comparison,
        tuple(value / other for value, other in zip(values, others, strict=True)),
        median(values),
        median(others),
        at_most=not all(other.complete for _, other in pairs),
    )


def _quantity(usage: Usage, quantity: Quantity) -> float:
    return usage.cpu if quantity is Quantity.CPU else usage.peak / 1024
