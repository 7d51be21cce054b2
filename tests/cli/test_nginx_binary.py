"""``--nginx-binary``: real binaries are asked, and what is none is said to people."""

import json
import shutil
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import with_material
from mtls_lint.testing.nginx import NginxBinary

TEXT = """\
events {}
http {
    server {
        listen 443 ssl; server_name a.test;
        ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;
        ssl_client_certificate /pki/root.pem; ssl_verify_client on; ssl_ocsp on; resolver 127.0.0.1;
        ssl_protocols TLSv1.2 TLSv1.3;
        return 200;
    }
}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "nginx.conf"
    path.write_text(with_material(TEXT))
    return path


def test_a_binary_is_asked(cli: Run, config: Path, nginx: NginxBinary) -> None:
    result = cli(config, "--nginx-binary", nginx.path, "--format", "json")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    told = document["nginx"]
    assert (told["version"], told["told"]) == (str(nginx.version), True)
    assert Path(told["binary"]).resolve() == nginx.path
    assert told["openssl"].startswith("3.")
    # Neither a version that is not known, nor one that its number would make suspect.
    assert not any("version of nginx" in entry["reason"] for entry in document["not_evaluated"])


def test_the_report_says_which(cli: Run, config: Path, nginx: NginxBinary) -> None:
    result = cli(config, "--nginx-binary", nginx.path)
    said = " ".join(result.stdout.split())
    assert f"Judged as {nginx.path} (nginx {nginx.version}" in said


def test_debians_changelog_is_read(cli: Run, config: Path, nginx: NginxBinary) -> None:
    by_number, asked = (
        json.loads(cli(config, *told, "--select", "versions", "--format", "json").stdout)
        for told in (("--nginx-version", nginx.version), ("--nginx-binary", nginx.path))
    )
    advised = [{one["rule"] for one in document["findings"]} for document in (by_number, asked)]
    package = asked["nginx"]["package"]
    if package is None:
        assert advised[0] == advised[1]
    elif "deb12u11" in package:
        assert {"cve-2026-40701", "cve-2026-118899"} <= advised[0]
        assert not any(rule.startswith("cve-") for rule in advised[1])
    else:
        pytest.skip(f"{package}: what its changelog names is not known here")


def test_a_command_is_looked_for(cli: Run, config: Path) -> None:
    if shutil.which("nginx") is None:
        pytest.skip("no nginx in PATH")
    assert '"binary": "/' in cli(config, "--nginx-binary", "nginx", "--format", "json").stdout


@pytest.mark.parametrize("command", ["matrix", "inventory"])
def test_other_commands_take_it(cli: Run, config: Path, nginx: NginxBinary, command: str) -> None:
    shown = ("--format", "json", "--now", "2026-06-01")
    by_number = cli(command, config, "--nginx-version", nginx.version, *shown)
    asked = cli(command, config, "--nginx-binary", nginx.path, *shown)
    assert (asked.returncode, asked.stdout) == (by_number.returncode, by_number.stdout)


def test_trace_takes_it(cli: Run, config: Path, nginx: NginxBinary) -> None:
    where = ("--connect", "127.0.0.1:443")
    by_number = cli("trace", config, *where, "--nginx-version", nginx.version)
    assert cli("trace", config, *where, "--nginx-binary", nginx.path).stdout == by_number.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "does not exist"),
        ("#!/bin/sh\necho hello\n", "does not answer like nginx: hello"),
        ("#!/bin/sh\necho 'nginx version: angie/1.8.0' >&2\n", "does not answer like nginx"),
        ("#!/bin/sh\nexit 1\n", "does not answer like nginx: nothing"),
        ("#!/bin/sh\nexec sleep 60\n", "did not end within 10 seconds"),
        ("#!/no/such/interpreter\n", "cannot be run: No such file"),
    ],
    ids=["absent", "another program", "a fork with its own numbers", "silent", "endless", "cannot run"],
)
def test_what_is_no_nginx(cli: Run, config: Path, text: str | None, words: str) -> None:
    path = config.parent / "other"
    if text is not None:
        path.write_text(text)
        path.chmod(0o755)
    result = cli(config, "--nginx-binary", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_a_directory_and_a_file_that_may_not_run(cli: Run, config: Path) -> None:
    assert "is a directory" in cli(config, "--nginx-binary", config.parent).stderr
    result = cli(config, "--nginx-binary", config)
    assert result.returncode == 2
    assert "cannot be run: Permission denied" in result.stderr


def test_not_both_at_once(cli: Run, config: Path) -> None:
    result = cli(config, "--nginx-binary", "nginx", "--nginx-version", "1.31.3")
    assert result.returncode == 2
    assert "give one of the two" in result.stderr
