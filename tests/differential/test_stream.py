"""``decide`` against real nginx for stream: no disagreement is allowed.

A fixed slice of seeds runs always, more with `make test-all`;
`python tests/differential/sweep_stream.py FIRST LAST` tries others.
"""

from pathlib import Path

import pytest

from differential.stream import compare, make, total
from mtls_lint.testing.nginx import NginxBinary

QUESTIONS = 20


def differing(seeds: range, nginx: NginxBinary, directory: Path, pki: Path) -> tuple[str, ...]:
    if not nginx.can_run("stream {}"):
        pytest.skip(f"{nginx} has no stream")
    scenarios = [make(seed, QUESTIONS, nginx.version) for seed in seeds]
    return total([compare(scenario, nginx, directory, pki) for scenario in scenarios]).differing


@pytest.mark.parametrize("first", range(0, 20, 10))
def test_decide_agrees_with_nginx(first: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path) -> None:
    assert differing(range(first, first + 10), nginx, tmp_path, scenario_pki) == ()


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(1000, 1300, 50))
def test_decide_agrees_with_nginx_everywhere(
    first: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path
) -> None:
    assert differing(range(first, first + 50), nginx, tmp_path, scenario_pki) == ()
