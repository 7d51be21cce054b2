"""Guards of speed that count instead of taking time: calls of functions, which no busy machine changes.

What is called in C counts once, however long it takes; `make bench` measures that. The limits leave a fifth
over what was counted on Python 3.10 to 3.13: a change that exceeds one makes every run that much slower, and
should say for what.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from benchmarks.trees import write_hosts, write_small

ROOT = Path(__file__).resolve().parent.parent.parent
COUNTED = """
import cProfile, sys
from mtls_lint.__main__ import main

profile = cProfile.Profile()
code = profile.runcall(main)
print(code, sum(entry.callcount for entry in profile.getstats()), file=sys.stderr)
"""

START = 200_000
HOST = 4_900


def calls(directory: Path) -> int:
    """How many calls a run over ``directory/nginx.conf`` makes, imports included."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, "nginx.conf", "-qq"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    code, _, count = done.stderr.rpartition("\n")[0].rpartition("\n")[2].partition(" ")
    assert code in {"0", "1"}, done.stderr
    return int(count)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> "Counted":
    return Counted(tmp_path_factory.mktemp("hosts"))


class Counted:
    """Calls by number of hosts, each counted once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @cache  # noqa: B019 - lives as long as the module's tests
    def of(self, hosts: int) -> int:
        write_hosts(self._directory / str(hosts), hosts)
        return calls(self._directory / str(hosts))


def test_a_start(tmp_path: Path) -> None:
    write_small(tmp_path, certificates=False)
    assert calls(tmp_path) < START


def test_a_host(counted: Counted) -> None:
    assert (counted.of(1000) - counted.of(100)) / 900 < HOST


def test_no_step_grows_faster_than_the_hosts(counted: Counted) -> None:
    assert (counted.of(1000) - counted.of(500)) / 500 < 1.1 * (counted.of(500) - counted.of(100)) / 400
