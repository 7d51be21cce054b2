"""``--profile``, ``--by control`` and ``--format html`` on the command line."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing.catalogue import materialise

TEXT = """events {}
http {
    ssl_protocols TLSv1.2 TLSv1.3;
    server {
        listen 443 ssl;
        server_name www.example.com;
        ssl_certificate baseline.pem;
        ssl_certificate_key baseline.key;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
    }
}
"""
NOW = ("--now", "2026-06-01")


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    materialise(tmp_path, ["baseline.pem", "baseline.key", "root.pem"])
    path = tmp_path / "nginx.conf"
    path.write_text(TEXT)
    return path


def test_a_profile_changes_what_is_found_and_how_it_is_judged(cli: Run, conf: Path) -> None:
    plain = json.loads(cli(conf, *NOW, "--format", "json").stdout)["findings"]
    judged = json.loads(cli(conf, *NOW, "--format", "json", "--profile", "stig-v1r1").stdout)["findings"]
    severities = [{one["rule"]: one["severity"] for one in found} for found in (plain, judged)]
    assert severities[0]["revocation-none"] == "info"
    assert severities[1]["revocation-none"] == "error"
    assert cli(conf, *NOW).returncode == 0
    assert cli(conf, *NOW, "--profile", "stig-v1r1").returncode == 1
    assert cli(conf, *NOW, "--profile", "default").stdout == cli(conf, *NOW).stdout
    found = cli(conf, *NOW, "--profile", "cis-3.0.0", "--format", "concise").stdout
    assert "protocol-outside-profile" in found


def test_controls_as_json(cli: Run, conf: Path) -> None:
    told = cli(conf, *NOW, "--profile", "cis-3.0.0", "--by", "control", "--format", "json")
    document = json.loads(told.stdout)
    by_control = document["by_control"]
    assert by_control["profile"] == "cis-3.0.0"
    controls = {one["control"]: one for one in by_control["controls"]}
    states = {name.removeprefix("CIS NGINX 3.0.0 "): one["state"] for name, one in controls.items()}
    assert states["4.1.4"] == "failed"
    assert states["4.1.10"] == "passed"
    assert states["4.1.12"] == "not covered"
    fingerprints = {one["fingerprint"]: one["rule"] for one in document["findings"]}
    named = controls["CIS NGINX 3.0.0 4.1.4"]["fingerprints"]
    assert [fingerprints[one] for one in named] == ["protocol-outside-profile"]
    told_of = {one for control in controls.values() for one in control["fingerprints"]}
    assert told_of | set(by_control["other_fingerprints"]) == set(fingerprints)
    assert "by_control" not in json.loads(cli(conf, *NOW, "--format", "json").stdout)


@pytest.mark.usefixtures("conf")
def test_controls_as_text(cli: Run) -> None:
    told = cli("nginx.conf", *NOW, "--profile", "pci-dss-4.0.1", "--by", "control")
    assert told.returncode == 1
    assert told.stdout.startswith("PCI DSS 4.0.1 (profile pci-dss-4.0.1)\n3 controls: 1 failed")
    assert "Not covered\n  PCI DSS 4.0.1 4.2.1.1" in told.stdout
    assert max(map(len, told.stdout.splitlines())) <= 80
    unread = cli("nginx.conf", *NOW, "--profile", "pci-dss-4.0.1", "--by", "control", "--select", "protocol")
    assert "ca-expired was not selected" in unread.stdout
    assert "Passed" not in unread.stdout


def test_controls_of_all_standards_without_a_profile(cli: Run, conf: Path) -> None:
    told = cli(conf, *NOW, "--by", "control").stdout
    assert "RFC 9325 3.1.1" in told
    assert "--profile cis-3.0.0 knows all that it asks for" in told
    assert "Findings of none of these controls" not in told


def test_mistakes(cli: Run, conf: Path) -> None:
    wrong = cli(conf, "--profile", "cis")
    assert wrong.returncode == 2
    assert "did you mean 'cis-" in wrong.stderr
    assert cli(conf, "--by", "control", "--format", "concise").returncode == 2


def test_the_page_goes_to_stdout_or_to_a_file(cli: Run, conf: Path) -> None:
    shown = cli(conf, *NOW, "--format", "html")
    assert shown.returncode == 0
    assert shown.stdout.startswith("<!DOCTYPE html>")
    assert f"mtls-lint {conf}" in shown.stdout
    written = cli(conf, *NOW, "--format", "html", "--output", "report.html")
    assert (written.returncode, written.stdout) == (0, "")
    page = (conf.parent / "report.html").read_text("utf-8")
    assert page.count("<h2>") == shown.stdout.count("<h2>")
    refused = cli(conf, "--format", "html", "--output", "root.pem")
    assert refused.returncode == 2
