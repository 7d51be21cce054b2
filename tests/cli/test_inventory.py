"""``inventory``: its formats, exit codes and options."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import catalogue

TEXT = """\
events {}
http {
    server {
        listen 443 ssl; server_name a.test;
        ssl_certificate expiring.pem; ssl_certificate_key expiring.key;
        ssl_client_certificate ca-expired.pem; ssl_verify_client on;
    }
    server { listen 443 ssl; server_name b.test; ssl_certificate server.pem; ssl_certificate_key server.key; }
}
"""
NAMES = ("expiring.pem", "expiring.key", "ca-expired.pem", "server.pem", "server.key", "encrypted.key")
NOW = ("--now", "2026-06-01")


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    catalogue.materialise(tmp_path, NAMES)
    path = tmp_path / "nginx.conf"
    path.write_text(TEXT)
    return path


def variable_parts(text: str) -> str:
    """Fingerprints and serial numbers of freshly made certificates, blanked."""
    return re.sub(r"\b([0-9a-f]{64}|[0-9A-F]{30,40})\b", "#", text)


def test_the_text(cli: Run, conf: Path) -> None:
    result = cli("inventory", "nginx.conf", *NOW, "--within", "60d", env={"PYTHONUTF8": "1"}, cwd=conf.parent)
    assert (result.returncode, result.stderr) == (1, "")
    assert (
        variable_parts(result.stdout)
        == """\
2 objects, what fails first on top; a bar is 60 days from 2026-06-01.

[!···················] expired 2025-01-01, 516 days ago
    certificate Expired Root CA
      self-issued
      key EC, 256 bits; signature EC with sha256
      serial #
      SHA-256 #
      from 2014-01-01 00:00:00 UTC to 2025-01-01 00:00:00 UTC
      client CA: nginx.conf:6 ssl_client_certificate ca-expired.pem (a.test:443)

[██████████··········] 2026-07-01, in 30 days
    certificate www.example.com
      issuer CN=Example Root CA
      names DNS:www.example.com, DNS:api.example.com, DNS:example.com
      key EC, 256 bits; signature EC with sha256
      serial #
      SHA-256 #
      from 2026-01-01 00:00:00 UTC to 2026-07-01 00:00:00 UTC
      server certificate: nginx.conf:5 ssl_certificate expiring.pem (a.test:443)
"""
    )


def test_a_terminal_of_ascii_gets_ascii(cli: Run, conf: Path) -> None:
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    result = cli("inventory", "nginx.conf", *NOW, env=env, cwd=conf.parent)
    assert "[##..................] 2026-07-01" in result.stdout
    assert "[####################> 2036-01-01" in result.stdout
    assert result.stdout.isascii()


def test_colour_adds_nothing_but_colour(cli: Run, conf: Path) -> None:
    plain, coloured = (
        cli("inventory", "nginx.conf", *NOW, "--color", when, cwd=conf.parent).stdout
        for when in ("never", "always")
    )
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 0),
        (("--within", "30d"), 1),
        (("--within", "4w"), 1),
        (("--within", "0"), 1),
        (("--within", "soon"), 2),
        (("--within", "-1d"), 2),
        (("--within", "9999999w"), 2),
    ],
)
def test_exit_codes(cli: Run, conf: Path, arguments: tuple[str, ...], code: int) -> None:
    assert cli("inventory", "nginx.conf", *NOW, *arguments, cwd=conf.parent).returncode == code


def test_nothing_fails_is_0_and_said(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("ca-expired.pem", "server.pem"))
    result = cli("inventory", "nginx.conf", *NOW, "--within", "29d", cwd=conf.parent)
    assert result.returncode == 0
    assert result.stdout == "Nothing has failed or fails within 29 days (counted from 2026-06-01).\n"
    assert cli("inventory", "nginx.conf", *NOW, "--within", "720h", cwd=conf.parent).returncode == 1


def test_what_was_not_read_is_3_and_listed(cli: Run, conf: Path) -> None:
    (conf.parent / "server.pem").unlink()
    for arguments in ((), ("--within", "1h")):
        result = cli("inventory", "nginx.conf", *NOW, *arguments, cwd=conf.parent)
        assert result.returncode == 3
        assert "Not read (1):\n  ./server.pem: there is no such file" in result.stdout
        assert "server certificate: nginx.conf:8 ssl_certificate server.pem (b.test:443)" in result.stdout


def test_an_absent_include_is_3_and_listed(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("http {", "http { include absent.conf;"))
    result = cli("inventory", "nginx.conf", *NOW, cwd=conf.parent)
    assert result.returncode == 3
    assert "absent.conf does not exist" in " ".join(result.stdout.split())


def test_a_key_that_may_not_be_read(cli: Run, conf: Path) -> None:
    (conf.parent / "server.key").chmod(0)
    result = cli("inventory", "nginx.conf", *NOW, cwd=conf.parent, unprivileged=True)
    assert result.returncode == 3
    assert "this user may not read it" in " ".join(result.stdout.split())


def test_no_key_material_is_printed(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("expiring.key", "encrypted.key"))
    secrets = [
        line
        for name in ("server.key", "encrypted.key")
        for line in (conf.parent / name).read_text().splitlines()
        if not line.startswith("---")
    ]
    for form in ("text", "json", "csv", "markdown"):
        printed = cli("inventory", "nginx.conf", *NOW, "--format", form, cwd=conf.parent).stdout
        assert not [line for line in secrets if line in printed]
        assert "encrypted" in printed


def test_json(cli: Run, conf: Path) -> None:
    result = cli("inventory", "nginx.conf", *NOW, "--within", "30d", "--format", "json", cwd=conf.parent)
    document = json.loads(result.stdout)
    assert list(document) == ["version", "now", "within_days", "complete", "objects", "not_read"]
    assert (document["version"], document["now"], document["within_days"]) == (1, "2026-06-01T00:00:00Z", 30)
    assert (document["complete"], document["not_read"]) == (True, [])
    expired = document["objects"][0]
    assert list(expired) == [
        "kind", "name", "subject", "issuer", "alternative_names", "key_algorithm", "key_bits", "signature",
        "sha256", "serial", "not_before", "not_after", "days_left", "state", "encrypted", "fits", "opened",
        "uses",
    ]  # fmt: skip
    assert (expired["state"], expired["days_left"], expired["not_after"]) == (
        "expired",
        -516,
        "2025-01-01T00:00:00Z",
    )
    assert expired["uses"] == [
        {
            "role": "client CA",
            "pem_line": 1,
            "fits": None,
            "directive": "ssl_client_certificate",
            "written": "ca-expired.pem",
            "path": "./ca-expired.pem",
            "file": "nginx.conf",
            "line": 6,
            "servers": ["a.test:443"],
            "opened": True,
        }
    ]


def test_json_of_what_was_not_read(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("server.pem", "absent.pem").replace("expiring.pem", "$a.pem"))
    document = json.loads(cli("inventory", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)
    assert not document["complete"]
    assert [(one["path"], one["counts"]) for one in document["not_read"]] == [
        ("$a.pem", False),
        ("./absent.pem", True),
    ]
    assert document["not_read"][1]["uses"][0]["servers"] == ["b.test:443"]


def test_csv(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("server.pem", "'a,\"b.pem'"))
    printed = cli("inventory", "nginx.conf", *NOW, "--format", "csv", cwd=conf.parent).stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [(row["state"], row["kind"], row["subject"]) for row in rows] == [
        ("expired", "certificate", "CN=Expired Root CA"),
        ("valid", "certificate", "CN=www.example.com"),
        ("", "private key", ""),
        ("", "private key", ""),
        ("not read", "", ""),
    ]
    assert rows[1]["alternative_names"] == "DNS:www.example.com; DNS:api.example.com; DNS:example.com"
    assert (rows[1]["places"], rows[1]["servers"], rows[1]["days_left"]) == (
        "nginx.conf:5",
        "a.test:443",
        "30",
    )
    assert (rows[4]["files"], rows[4]["places"]) == ('./a,"b.pem', "nginx.conf:8")
    assert "there is no such file" in rows[4]["not_read"]
    assert None not in rows[0]


def test_markdown(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("server.pem", "'a|b.pem'"))
    printed = cli("inventory", "nginx.conf", *NOW, "--format", "markdown", cwd=conf.parent).stdout
    lines = printed.splitlines()
    assert lines[2].startswith(
        "| 2025-01-01 (expired) | -516 | certificate Expired Root CA | CN=Expired Root CA |"
    )
    assert lines[-1].startswith("| ./a\\|b.pem | there is no such file")
    assert {line.replace("\\|", "").count("|") for line in lines[:6]} == {9}


def test_the_output_file_is_written_and_no_file_of_the_configuration_is(cli: Run, conf: Path) -> None:
    result = cli("inventory", "nginx.conf", *NOW, "-o", "list.txt", cwd=conf.parent)
    assert (result.returncode, result.stdout) == (0, "")
    assert "expired 2025-01-01" in (conf.parent / "list.txt").read_text()
    for name in ("nginx.conf", "server.key"):
        before = (conf.parent / name).read_bytes()
        result = cli("inventory", "nginx.conf", "-o", name, cwd=conf.parent)
        assert result.returncode == 2
        assert "was not overwritten" in result.stderr
        assert (conf.parent / name).read_bytes() == before


def test_two_runs_are_equal(cli: Run, conf: Path) -> None:
    one, two = (
        cli(
            "inventory", "nginx.conf", *NOW, "--format", "json", env={"PYTHONHASHSEED": seed}, cwd=conf.parent
        )
        for seed in "12"
    )
    assert one.stdout == two.stdout


def test_stream_alone_is_fine(cli: Run, conf: Path) -> None:
    conf.write_text(
        "events {}\nstream { server { listen 443 ssl; proxy_pass b:1;"
        " ssl_certificate server.pem; ssl_certificate_key server.key; } }\n"
    )
    result = cli("inventory", "nginx.conf", *NOW, cwd=conf.parent)
    assert result.returncode == 0
    assert "fits its certificate" in result.stdout


def test_the_help_tells_the_exit_codes(cli: Run) -> None:
    words = " ".join(cli("inventory", "--help").stdout.split())
    assert "1 with --within: something does" in words
    assert "3 something was not read" in words
