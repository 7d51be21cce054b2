"""There are ``fatal`` findings exactly where ``nginx -t`` refuses, on random configurations with mistakes in
them.

What no rule can know with certainty is a short list with reasons, ``BEYOND``; a fatal finding where nginx
starts is never excused.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from differential.refusals import BEYOND, Broken, Verdicts, alone, ask, make_broken, make_material
from mtls_lint.testing.nginx import NginxBinary


@pytest.fixture(scope="session")
def refusal_material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("refusal-material")
    make_material(directory)
    return directory


def verdicts(
    configurations: Iterable[Broken], nginx: NginxBinary, directory: Path, material: Path
) -> list[Verdicts]:
    return [ask(broken, nginx, directory, material) for broken in configurations]


def disagreements(found: Iterable[Verdicts]) -> list[str]:
    return [str(one) for one in found if not one.agree and one.beyond is None]


# 214: alias in a named location. 1174: a module that is not there.
@pytest.mark.parametrize("seeds", [range(20), range(20, 40), range(40, 60), (214, 1174, 1263, 1444)])
def test_fatal_findings_agree_with_nginx(
    seeds: Iterable[int], nginx: NginxBinary, tmp_path: Path, refusal_material: Path
) -> None:
    asked = map(make_broken, seeds)
    assert disagreements(verdicts(asked, nginx, tmp_path, refusal_material)) == []


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(2000, 2400, 50))
def test_fatal_findings_agree_with_nginx_everywhere(
    first: int, nginx: NginxBinary, tmp_path: Path, refusal_material: Path
) -> None:
    asked = map(make_broken, range(first, first + 50))
    assert disagreements(verdicts(asked, nginx, tmp_path, refusal_material)) == []


@pytest.mark.sweep
def test_every_mistake_by_itself(nginx: NginxBinary, tmp_path: Path, refusal_material: Path) -> None:
    found = verdicts(alone(), nginx, tmp_path, refusal_material)
    assert disagreements(found) == []
    refused = [one.complaint for one in found if not one.accepted]
    unused = [why for pattern, why in BEYOND if not any(re.search(pattern, text) for text in refused)]
    assert unused == []
