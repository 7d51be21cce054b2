"""``explain``, ``rules``, ``rules test``, ``new-rule``."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run, WriteRule

ROOT = Path(__file__).resolve().parent.parent.parent


def test_explain_shows_the_page(cli: Run) -> None:
    result = cli("explain", "cert-san-mismatch")
    assert result.returncode == 0
    assert result.stdout.startswith("cert-san-mismatch\n")
    for part in ("severity", "Bad:", "Good:", "References", "ssl_certificate"):
        assert part in result.stdout


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_explain_in_other_forms(cli: Run, form: str) -> None:
    result = cli("explain", "cert-expired", "--format", form)
    assert result.returncode == 0
    if form == "json":
        assert json.loads(result.stdout)["id"] == "cert-expired"
    else:
        assert "```nginx" in result.stdout


def test_explain_suggests(cli: Run) -> None:
    result = cli("explain", "cert-expird")
    assert (result.returncode, result.stdout) == (2, "")
    assert "cert-expired" in result.stderr


def test_every_rule_of_the_folder_is_listed(cli: Run) -> None:
    files = {path.stem.replace("_", "-"): path.parent.name for path in (ROOT / "rules").glob("*/*.py")}
    listed = json.loads(cli("rules", "--format", "json").stdout)["rules"]
    assert {rule["id"]: rule["family"] for rule in listed} == files
    text = cli("rules").stdout
    assert all(rule in text for rule in files)


def test_the_list_can_be_narrowed(cli: Run) -> None:
    listed = json.loads(
        cli("rules", "--format", "json", "--family", "trust", "--severity", "warning").stdout
    )["rules"]
    assert listed
    assert {(rule["family"], rule["severity"]) for rule in listed} == {("trust", "warning")}


def test_the_examples_of_a_pack_are_tried(cli: Run, write_rule: WriteRule) -> None:
    good = cli("rules", "test", write_rule("port-open"))
    assert good.returncode == 0, good.stdout + good.stderr
    bad = cli("rules", "test", write_rule("never-found", "unsure"))
    assert bad.returncode == 1
    assert "a Bad block has no finding" in bad.stdout
    assert cli("rules", "test", write_rule("broken", "1 / 0")).returncode == 2


def test_the_built_in_examples_hold(cli: Run) -> None:
    result = cli("rules", "test", ROOT / "rules" / "trust")
    assert result.returncode == 0, result.stdout


def test_a_new_rule_is_ready_to_edit(cli: Run, tmp_path: Path) -> None:
    result = cli("new-rule", "listen-on-port-80")
    assert result.returncode == 0, result.stderr
    file = tmp_path / "rules" / "listen_on_port_80.py"
    unedited = cli("rules", "test", "rules")
    assert unedited.returncode == 1
    assert "template" in unedited.stdout
    assert cli("new-rule", "listen-on-port-80").returncode == 2
    file.write_text(file.read_text().replace("REPLACE-ME", "Replaced"))
    assert "template" not in cli("rules", "test", "rules").stdout


@pytest.mark.parametrize("name", ["Bad_Name", "-x", "x--y", "../x", ""])
def test_a_bad_id_is_refused(cli: Run, tmp_path: Path, name: str) -> None:
    assert cli("new-rule", "--", name).returncode == 2
    assert list(tmp_path.iterdir()) == []
