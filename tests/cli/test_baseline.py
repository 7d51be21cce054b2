"""Baselines: known findings do not count, new ones do, and what is gone is said."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
WriteRule = Callable[..., Path]

CONF = "events {{}}\nhttp {{\n    server {{\n{}    }}\n}}\n"
TWO = CONF.format("        listen 80;\n        listen 127.0.0.1:80;\n")


@pytest.fixture
def only(write_rule: WriteRule, conf: Path) -> tuple[str, ...]:
    """The options that run one rule, which finds plain listeners, and the configuration with two of them."""
    conf.write_text(TWO)
    return (
        "nginx.conf",
        "--rules",
        str(write_rule("port-open")),
        "--select",
        "pack/*",
        "--baseline",
        "b.json",
    )


def entries(directory: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((directory / "b.json").read_text())["findings"]
    return found


def test_what_is_known_does_not_count(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    written = cli("baseline", "write", *only)
    assert (written.returncode, written.stdout, written.stderr) == (0, "", "b.json: 2 findings\n")
    first = (conf.parent / "b.json").read_bytes()
    assert [entry["file"] for entry in entries(conf.parent)] == ["nginx.conf"] * 2
    result = cli("check", *only, "--format", "json")
    report = json.loads(result.stdout)
    assert result.returncode == 0
    assert {f["suppressed"] for f in report["findings"]} == {"known: it stands in the baseline b.json"}
    assert {f["suppressed_by"] for f in report["findings"]} == {"baseline"}
    assert report["baseline"] == {"file": "b.json", "known": 2, "stale": []}
    assert cli("baseline", "write", *only).returncode == 0
    assert (conf.parent / "b.json").read_bytes() == first


def test_lines_move_and_new_findings_count(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    cli("baseline", "write", *only)
    conf.write_text("\n\n# moved\n" + TWO)
    assert cli("check", *only).returncode == 0
    assert cli("baseline", "check", *only).returncode == 0
    conf.write_text(
        CONF.format("        listen 80;\n        listen [::]:80;\n        listen 127.0.0.1:80;\n")
    )
    result = cli("check", *only, "--format", "json")
    assert result.returncode == 1
    assert [f["line"] for f in json.loads(result.stdout)["findings"] if not f["suppressed"]] == [5]


def test_what_is_gone_is_said_and_removed(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    cli("baseline", "write", *only)
    conf.write_text(CONF.format("        listen 80;\n"))
    result = cli("check", *only)
    assert result.returncode == 0
    assert "No longer found\n  nginx.conf: pack/port-open (" in result.stdout
    assert "1 entry of the baseline b.json no longer found" in result.stdout
    assert cli("baseline", "check", *only).returncode == 1
    pruned = cli("baseline", "prune", *only)
    assert (pruned.returncode, pruned.stderr) == (0, "b.json: 1 removed, 1 left\n")
    assert len(entries(conf.parent)) == 1
    assert cli("baseline", "check", *only).returncode == 0


def test_one_entry_stands_for_one_finding(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    """Two configurations of one repository may have servers that nothing but the file tells apart."""
    cli("baseline", "write", *only)
    other = conf.parent / "other.conf"
    other.write_text(TWO)
    result = cli("other.conf", *only, "--format", "json")
    assert result.returncode == 1
    counting = [f["file"] for f in json.loads(result.stdout)["findings"] if not f["suppressed"]]
    assert counting == ["other.conf"] * 2
    # A file that is renamed keeps what is known of it.
    conf.unlink()
    assert cli("other.conf", *only[1:]).returncode == 0


def test_only_what_would_have_been_found_is_gone(
    cli: Run, conf: Path, write_rule: WriteRule, only: tuple[str, ...]
) -> None:
    cli("baseline", "write", *only)
    conf.write_text(CONF.format(""))
    (conf.parent / "other.conf").write_text(CONF.format(""))
    # The rule did not run, or not over that file, or something was not read.
    assert cli("baseline", "check", *only, "--ignore", "all").returncode == 0
    assert cli("baseline", "check", "other.conf", *only[1:]).returncode == 0
    conf.write_text("events {}\nhttp { include absent.conf; }\n")
    pruned = cli("baseline", "prune", *only)
    assert pruned.returncode == 3
    assert "was left as it is" in pruned.stderr
    assert len(entries(conf.parent)) == 2
    # The rule could not decide.
    write_rule("port-open", "unsure")
    conf.write_text(CONF.format(""))
    assert cli("baseline", "check", *only).returncode == 0
    # A rule that there is no more.
    (conf.parent / "pack" / "family" / "port_open.py").unlink()
    write_rule("port-closed")
    assert cli("baseline", "check", *only).returncode == 1


def test_ignored_findings_are_not_written(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    conf.write_text(CONF.format("        listen 80; # mtls-lint: ignore[pack/port-open] a redirect\n"))
    assert cli("baseline", "write", *only).stderr == "b.json: 0 findings\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 1, "findings": [1]}',
        '{"version": 9, "findings": []}',
        "\\xff",
        "[" * 9999,
    ],
    ids=["empty", "object", "list", "entry", "version", "bytes", "deep"],
)
def test_another_file_is_neither_used_nor_overwritten(
    cli: Run, conf: Path, only: tuple[str, ...], text: str
) -> None:
    (conf.parent / "b.json").write_text(text, encoding="latin-1")
    for arguments in (("check",), ("baseline", "write"), ("baseline", "check"), ("baseline", "prune")):
        result = cli(*arguments, *only)
        assert (result.returncode, result.stdout) == (2, "")
        assert "b.json" in result.stderr
    assert (conf.parent / "b.json").read_text(encoding="latin-1") == text


def test_which_file(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    assert cli("baseline", "check", *only).returncode == 2  # not there
    assert "which file" in cli("baseline", "write", *only[:-2]).stderr
    (conf.parent / "mtls-lint.toml").write_text("baseline = 'known.json'\n")
    assert cli("baseline", "write", *only[:-2]).stderr == "known.json: 2 findings\n"
    assert cli(*only[:-2]).returncode == 0


def test_of_another_directory(cli: Run, conf: Path, only: tuple[str, ...]) -> None:
    (conf.parent / "sub").mkdir()
    absolute = [str(conf), *only[1:-1], str(conf.parent / "sub" / "b.json")]
    assert cli("baseline", "write", *absolute, cwd=conf.parent / "sub").returncode == 0
    assert {entry["file"] for entry in entries(conf.parent / "sub")} == {"../nginx.conf"}
    assert cli("nginx.conf", *only[1:-1], "sub/b.json").returncode == 0
