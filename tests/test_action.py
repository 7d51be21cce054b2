"""action.yml: its own script, run by bash as a runner does."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEP = ACTION["runs"]["steps"][-1]


def run(directory: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    given = {name: str(spec["default"]) for name, spec in ACTION["inputs"].items()} | inputs
    bin_ = directory / "temp" / "mtls-lint" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(sys.executable)
    (bin_ / "mtls-lint").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mtls_lint "$@"\n')
    (bin_ / "mtls-lint").chmod(0o755)
    environment = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: given[match[1]], value)
        for name, value in STEP["env"].items()
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEP["run"]],
        cwd=directory,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "RUNNER_TEMP": str(directory / "temp"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "site.conf").write_text("server {\n    listen 80;\n    ssl_verify_client maybe;\n}\n")
    return tmp_path


def test_words_are_split_as_a_shell_does(directory: Path) -> None:
    done = run(directory, args="'a b/site.conf' --select invalid-value", format="json")
    assert [one["rule"] for one in json.loads(done.stdout)["findings"]] == ["invalid-value"]
    assert done.returncode == 1


def test_nothing_of_an_input_is_run(directory: Path) -> None:
    done = run(
        directory, args="'a b/site.conf' $(touch was-run) `touch was-run` ; touch was-run", format="json"
    )
    assert done.returncode == 2
    assert not (directory / "was-run").exists()


def test_no_input_is_pasted_into_a_script() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_documentation_has_every_input() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for name, spec in ACTION["inputs"].items():
        assert f"| `{name}` | {'`' + spec['default'] + '`' if spec['default'] else 'none'} |" in page


def test_sarif_beside_the_annotations(directory: Path) -> None:
    done = run(directory, args="'a b/site.conf' --select invalid-value", **{"sarif-file": "out.sarif"})
    assert "::error file=a b/site.conf" in done.stdout
    assert (
        json.loads((directory / "out.sarif").read_text())["runs"][0]["results"][0]["ruleId"]
        == "invalid-value"
    )
