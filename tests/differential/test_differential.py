"""``decide`` against real nginx, on random configurations: no disagreement is allowed.

A fixed slice of seeds runs always; ``make test-all`` runs 300 configurations with 20 requests each, on every
nginx that is there. `python tests/differential/sweep.py FIRST LAST` tries other seeds.
"""

from pathlib import Path

import pytest

from differential.compare import compare
from differential.scenario import make
from mtls_lint.testing.nginx import NginxBinary

QUESTIONS = 20


def disagreements(seeds: range, nginx: NginxBinary, directory: Path, pki: Path) -> list[object]:
    return [found for seed in seeds for found in compare(make(seed, QUESTIONS), nginx, directory, pki)]


@pytest.mark.parametrize("seed", range(25))
def test_decide_agrees_with_nginx(seed: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path) -> None:
    assert disagreements(range(seed, seed + 1), nginx, tmp_path, scenario_pki) == []


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(1000, 1300, 50))
def test_decide_agrees_with_nginx_everywhere(
    first: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path
) -> None:
    assert disagreements(range(first, first + 50), nginx, tmp_path, scenario_pki) == []
