"""``upgrade`` against two real nginx: where their answers differ, it lists why, and nowhere else.

A fixed slice of seeds runs always; ``make test-all`` runs 300 configurations with 20 requests each.
"""

from pathlib import Path

import pytest

from differential.scenario import make
from differential.upgrades import Figures, compare_versions, write_mixed_file
from mtls_lint.testing.nginx import find_nginx

NGINX = find_nginx()
QUESTIONS = 20

pytestmark = pytest.mark.skipif(len(NGINX) < 2, reason="needs two versions of nginx")


def compared(seeds: range, directory: Path, pki: Path) -> Figures:
    write_mixed_file(pki)
    figures = Figures()
    for seed in seeds:
        compare_versions(make(seed, QUESTIONS), NGINX[-1], NGINX[0], directory, pki, figures)
    return figures


@pytest.mark.parametrize("first", range(0, 24, 6))
def test_what_differs_is_listed(first: int, tmp_path: Path, scenario_pki: Path) -> None:
    figures = compared(range(first, first + 6), tmp_path, scenario_pki)
    assert (figures.unlisted, figures.untrue) == ([], [])
    assert figures.differing > 0


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(1000, 1300, 50))
def test_what_differs_is_listed_everywhere(first: int, tmp_path: Path, scenario_pki: Path) -> None:
    figures = compared(range(first, first + 50), tmp_path, scenario_pki)
    assert (figures.unlisted, figures.untrue) == ([], [])
