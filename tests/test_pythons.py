"""Every Python that is supported and found here runs the program, and says the same."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "examples/two-way-authentication/corrected.conf"
COMMANDS = (
    ("check", EXAMPLE, "--format", "json", "--now", "2026-01-01"),
    ("matrix", EXAMPLE, "--format", "json", "--now", "2026-01-01"),
    ("explain", "ca-expired"),
    ("rules", "--format", "json"),
)


def others() -> Iterator[Path]:
    """One interpreter of each supported version but the running one: on the path, or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for minor in range(10, 14):
        if (3, minor) == sys.version_info[:2]:
            continue
        found = [Path(found)] if (found := shutil.which(f"python3.{minor}")) else []
        found += sorted(pyenv.glob(f"versions/3.{minor}.*/bin/python3.{minor}"))
        yield from [one for one in found if _runs(one)][:1]


def _runs(python: Path) -> bool:
    # What pyenv puts on the path fails for versions that are not chosen.
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def said(python: Path, command: tuple[str, ...]) -> tuple[int, str]:
    """Exit code and output of a command, run from the sources."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [python, "-m", "mtls_lint", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.sweep
@pytest.mark.parametrize("python", list(others()), ids=lambda one: one.name)
def test_it_runs_and_says_the_same(python: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    subprocess.run([python, "-m", "venv", home], check=True)
    installed = home / "bin" / "python"
    subprocess.run([installed, "-m", "pip", "install", "--quiet", ROOT], check=True)
    for command in COMMANDS:
        assert said(installed, command) == said(Path(sys.executable), command)
    code, output = said(installed, COMMANDS[0])
    assert code == 0
    assert json.loads(output)["summary"]["info"]
