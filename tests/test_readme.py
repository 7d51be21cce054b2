"""What the README and the guides show is what the tool prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMAND = re.compile(r"^```console\n\$ mtls-lint (.*)\n((?:.*\n)+?)```", re.MULTILINE)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [block for page in PAGES for block in COMMAND.findall(page.read_text(encoding="utf-8"))]
SHOWN = [(command, output) for command, output in BLOCKS if not output.startswith("$ ")]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command.split()[0] for command, _ in SHOWN])
def test_the_output_of_a_command(command: str, output: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mtls_lint", *command.split()],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "80", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == output.strip()


def test_there_is_something_to_compare() -> None:
    assert len(SHOWN) >= 4


def test_the_commands_of_a_baseline(tmp_path: Path) -> None:
    """Those that ignores.md shows in a row: write, use, check, prune."""
    page = (ROOT / "docs" / "ignores.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ mtls-lint (.*--baseline .*)$", page, re.MULTILINE)
    assert [command.split()[:2] for command in commands] == [
        ["baseline", "write"],
        ["nginx", "--baseline"],
        ["baseline", "check"],
        ["baseline", "prune"],
    ]
    (tmp_path / "nginx").mkdir()
    (tmp_path / "nginx" / "nginx.conf").write_text(
        "events {} http { server { listen 80; ssl_protocols TLSv1; root /srv; } }"
    )
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "mtls_lint", *command.split()],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "COLUMNS": "80", "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
