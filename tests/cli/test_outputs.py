"""The formats of ``check`` and several reports of one run, from the command line."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
WriteRule = Callable[..., Path]

FORMATS = ("sarif", "github", "gitlab", "junit", "markdown")


def only(pack: Path) -> tuple[str, ...]:
    return ("--rules", str(pack), "--select", "pack/*")


def test_several_reports_of_one_run_beside_the_text(
    cli: Run, conf: Path, tmp_path: Path, write_rule: WriteRule
) -> None:
    pack = only(write_rule("port-open"))
    alone = cli(conf, *pack)
    further = [word for one in FORMATS for word in ("--output-format", one, "--output-file", f"report.{one}")]
    result = cli(conf, *pack, *further)
    assert (result.returncode, result.stdout, result.stderr) == (1, alone.stdout, "")
    log = json.loads((tmp_path / "report.sarif").read_bytes())
    (found,) = log["runs"][0]["results"]
    assert found["ruleId"] == "pack/port-open"
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "nginx.conf"
    (issue,) = json.loads((tmp_path / "report.gitlab").read_bytes())
    assert issue["location"] == {"path": "nginx.conf", "lines": {"begin": 4}}
    assert ElementTree.fromstring((tmp_path / "report.junit").read_bytes()).attrib["failures"] == "1"
    assert "::error file=nginx.conf,line=4," in (tmp_path / "report.github").read_text()
    assert "## error: `pack/port-open`" in (tmp_path / "report.markdown").read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_two_runs_are_byte_equal_and_files_hold_what_stdout_shows(
    cli: Run, conf: Path, tmp_path: Path, write_rule: WriteRule, form: str
) -> None:
    pack = only(write_rule("port-open"))
    once = cli(conf, *pack, "--format", form)
    again = cli(conf, *pack, "--format", form, "--output-format", form, "--output-file", "further")
    assert once.stdout
    assert once.stdout == again.stdout == (tmp_path / "further").read_text(encoding="utf-8")
    assert bool(once.stderr) is (form == "gitlab"), "its format has no place for what was not evaluated"


@pytest.mark.parametrize("form", FORMATS)
def test_clean(cli: Run, conf: Path, form: str) -> None:
    result = cli(conf, "--ignore", "all", "--format", form, "-q")
    assert (result.returncode, result.stderr) == (0, "")
    if form == "sarif":
        assert json.loads(result.stdout)["runs"][0]["results"] == []
    if form == "gitlab":
        assert json.loads(result.stdout) == []
    if form == "github":
        assert result.stdout == ""


def test_what_fails_the_run_fails_in_junit(cli: Run, conf: Path, write_rule: WriteRule) -> None:
    pack = only(write_rule("port-open", severity="WARNING"))
    for least, code, failures in (("warning", 1, "1"), ("error", 0, "0"), ("never", 0, "0")):
        result = cli(conf, *pack, "--format", "junit", "--fail-on", least)
        assert result.returncode == code
        assert ElementTree.fromstring(result.stdout).attrib["failures"] == failures


def test_an_include_that_is_absent_is_in_every_format(cli: Run, conf: Path) -> None:
    conf.write_text("events {}\nhttp { include gone.conf; server { listen 80; } }\n", encoding="utf-8")
    said = {form: cli(conf, "--ignore", "all", "--format", form) for form in FORMATS}
    assert {result.returncode for result in said.values()} == {3}
    (invocation,) = json.loads(said["sarif"].stdout)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error"]
    for form in FORMATS:
        assert "1 include absent" in said[form].stdout + said[form].stderr or "gone.conf" in said[form].stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--output-format", "sarif"), "1 formats for 0 files"),
        (("--output-file", "x"), "0 formats for 1 files"),
        (("--output-format", "sarif", "--output-file", "no/x"), "there is no directory no"),
        (("--output-format", "sarif", "--output-file", "x", "-o", "./x"), "two reports are to be written to"),
        (("--output-format", "sarif", "--output-file", "nginx.conf"), "is part of what is checked"),
        (("--output-format", "xml", "--output-file", "x"), "'xml' is not one of"),
    ],
)
def test_what_cannot_be_written_is_wrong_usage(
    cli: Run, conf: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = conf.read_bytes()
    result = cli("nginx.conf", "--ignore", "all", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())
    assert conf.read_bytes() == before
    assert not (tmp_path / "x").exists()


def test_silence_is_for_stdout_alone(cli: Run, conf: Path, tmp_path: Path, write_rule: WriteRule) -> None:
    pack = only(write_rule("port-open"))
    result = cli(conf, *pack, "-qq", "--output-format", "gitlab", "--output-file", "report.json")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert json.loads((tmp_path / "report.json").read_bytes())
