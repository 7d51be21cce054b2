"""docs/writing-rules.md: the commands run, and the rule in it does what it says."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "writing-rules.md").read_text(encoding="utf-8")
RULE = re.search(r"^```python\n(.*?\n)```\n\nNow", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ mtls-lint (.*)$", PAGE, re.MULTILINE)


def run(directory: Path, command: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "mtls_lint", *command.split()]
    return subprocess.run(arguments, cwd=directory, capture_output=True, text=True, check=False)


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    begin, unfinished, *finished = COMMANDS
    assert run(tmp_path, begin).returncode == 0
    first = run(tmp_path, unfinished)
    assert (first.returncode, "template" in first.stdout) == (1, True)
    assert RULE is not None
    (tmp_path / "rules" / "plain_http_port.py").write_text(RULE[1], encoding="utf-8")
    (tmp_path / "nginx.conf").write_text("events {}\nhttp {\n    server {\n        listen 80;\n    }\n}\n")
    examples, page, check = (run(tmp_path, command) for command in finished)
    assert examples.returncode == 0, examples.stdout
    assert page.stdout.startswith("rules/plain-http-port\nA server listens on port 80.\n")
    assert check.returncode == 1
    assert "warning[rules/plain-http-port]: _:80 listens on port 80" in check.stdout
    assert "nginx.conf:4:9" in check.stdout
