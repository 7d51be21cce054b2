"""Ratios of paired runs: what is divided by what, and what counts as met."""

import pytest
from benchmarks.measure import Usage
from benchmarks.ratios import Comparison, Quantity, Ratio, compare


def comparison(
    quantity: Quantity = Quantity.CPU, must: float | None = 2.0, aim: float | None = 1.0
) -> Comparison:
    return Comparison("part", "what", "measured", "a", "b", quantity, must, aim)


def test_each_pair_gives_a_ratio_and_the_median_counts() -> None:
    runs = {
        "a": [Usage(2.0, 1024), Usage(9.0, 1024), Usage(4.0, 1024)],
        "b": [Usage(1.0, 1024), Usage(3.0, 1024), Usage(4.0, 1024)],
    }
    result = compare(comparison(), runs)
    assert result.ratios == (2.0, 3.0, 1.0)
    assert result.ratio == 2.0
    assert (result.value, result.other) == (4.0, 3.0)


def test_a_program_that_ran_once_is_compared_with_the_run_of_its_turn() -> None:
    runs = {"a": [Usage(2.0, 1), Usage(50.0, 1)], "b": [Usage(8.0, 1)]}
    assert compare(comparison(), runs).ratios == (0.25,)


def test_memory_is_in_mebibytes() -> None:
    result = compare(comparison(Quantity.PEAK), {"a": [Usage(1.0, 2048)], "b": [Usage(1.0, 8192)]})
    assert (result.ratio, result.value, result.other) == (0.25, 2.0, 8.0)


def test_a_peer_that_was_stopped_makes_the_ratio_a_bound() -> None:
    runs = {"a": [Usage(1.0, 1)], "b": [Usage(10.0, 1, complete=False)]}
    assert compare(comparison(), runs).at_most


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.9, "aim"), (1.0, "aim"), (1.5, "must"), (2.0, "must"), (2.1, "missed")]
)
def test_must_and_aim(ratio: float, verdict: str) -> None:
    assert Ratio(comparison(), (ratio,), ratio, 1.0).verdict == verdict


def test_a_line_for_information_meets_nothing() -> None:
    assert Ratio(comparison(must=None, aim=None), (5.0,), 5.0, 1.0).verdict == ""
