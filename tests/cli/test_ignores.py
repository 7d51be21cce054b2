"""Ignores on the command line: exit codes, streams, and what the formats say of them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
WriteRule = Callable[..., Path]

CONF = "events {{}}\nhttp {{\n    server {{\n        listen 80; {}\n    }}\n}}\n"
REASON = "# mtls-lint: ignore[pack/port-open] until=2027-01-31 only redirects"


@pytest.fixture
def only(write_rule: WriteRule, conf: Path) -> tuple[str, ...]:
    """The options that run one rule and those about ignores, at a fixed moment."""
    conf.write_text(CONF.format(REASON))
    pack = str(write_rule("port-open"))
    return ("nginx.conf", "--rules", pack, "--select", "pack/*,ignores", "--now", "2026-06-01")


def test_what_is_ignored_does_not_count_and_is_counted(cli: Run, only: tuple[str, ...]) -> None:
    result = cli(*only)
    assert (result.returncode, result.stderr) == (0, "")
    assert "No findings in 1 file (1 server, 6 rules); 1 suppressed" in result.stdout
    assert "only redirects (until 2027-01-31)" in cli(*only, "-v").stdout
    assert cli(*only, "--format", "concise").stdout == ""
    report = json.loads(cli(*only, "--format", "json").stdout)
    (finding,) = report["findings"]
    assert finding["suppressed"] == "only redirects (until 2027-01-31)"
    assert finding["suppressed_by"] == "comment"
    assert (report["summary"]["error"], report["summary"]["suppressed"]) == (0, 1)


def test_no_ignores_shows_everything(cli: Run, only: tuple[str, ...]) -> None:
    result = cli(*only, "--no-ignores", "--format", "concise")
    assert result.returncode == 1
    assert result.stdout.startswith("nginx.conf:4:9: error pack/port-open ")


def test_after_its_day_it_counts_again(cli: Run, only: tuple[str, ...]) -> None:
    result = cli(*only[:-1], "2027-02-01", "--format", "concise")
    assert result.returncode == 1
    assert [line.split()[2] for line in result.stdout.splitlines()] == ["pack/port-open", "ignore-expired"]


def test_settings_can_do_without_reasons(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    conf.write_text(CONF.format("# mtls-lint: ignore[pack/port-open]"))
    assert cli(*only).returncode == 1
    (conf.parent / "mtls-lint.toml").write_text("ignores-need-reason = false\n")
    assert cli(*only).returncode == 0


def test_stdin(cli: Run, only: tuple[str, ...]) -> None:
    result = cli("-", *only[1:], stdin=CONF.format(REASON).encode())
    assert (result.returncode, result.stderr) == (0, "")


def test_a_rule_that_crashed_may_need_its_ignore(
    cli: Run, write_rule: WriteRule, only: tuple[str, ...]
) -> None:
    write_rule("port-open", "crashes")
    result = cli(*only, "--format", "concise")
    assert result.returncode == 3
    assert "pack/port-open could not decide everything" in result.stdout
    assert "info ignore-unused" not in result.stdout
