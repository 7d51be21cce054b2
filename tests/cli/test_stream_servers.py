"""``trace`` and ``matrix`` where the port belongs to stream."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import catalogue

CONFIGURATION = """\
events {}
stream {
    map $ssl_preread_server_name $where {
        api.example.com  127.0.0.1:8443;
        default          10.0.0.9:443;
    }
    ssl_certificate     server.pem;
    ssl_certificate_key server.key;
    server {
        listen 443;
        ssl_preread on;
        proxy_pass $where;
    }
    server {
        listen 8444 ssl;
        server_name public.example.com;
        proxy_pass 10.0.0.5:1;
    }
    server {
        listen 8444 ssl;
        server_name internal.example.com;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
        proxy_pass 10.0.0.5:1;
    }
    server {
        listen 8445;
        deny all;
        proxy_pass 10.0.0.5:1;
    }
}
http {
    server {
        listen 127.0.0.1:8443 ssl;
        ssl_certificate     server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
        location / { return 200 hello; }
    }
}
"""
INTERNAL = "192.0.2.1:8444 --sni internal.example.com"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    catalogue.materialise(tmp_path, [f"{name}.pem" for name in ("root", "client", "stranger", "server")])
    (tmp_path / "nginx.conf").write_text(CONFIGURATION)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "outcome", "status", "ends"),
    [
        (INTERNAL, "no-certificate", None, "the connection is closed after the handshake"),
        (f"{INTERNAL} --client-cert client.pem", "response", None, "proxy_pass 10.0.0.5:1"),
        (f"{INTERNAL} --client-cert stranger.pem", "certificate-error", None, "closed after the handshake"),
        ("192.0.2.1:8444 --no-sni", "response", None, "proxy_pass 10.0.0.5:1"),
        ("192.0.2.1:8444 --plain", "plain-to-https", None, "a plain client speaks to a TLS socket"),
        ("192.0.2.1:443 --sni api.example.com", "no-certificate", 400, "there is none (496)"),
        ("192.0.2.1:443 --sni api.example.com --client-cert client.pem", "response", 200, "return 200 hello"),
        ("192.0.2.1:443 --sni www.example.com", "response", None, "10.0.0.9:443, which decides alone"),
        ("192.0.2.1:8445 --plain", "response", None, "the connection is closed"),
        ("192.0.2.1:8445", "handshake-failed", None, "the connection is closed"),
        ("192.0.2.1:8446", "refused", None, "nobody listens on 192.0.2.1:8446"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_connection(
    cli: Run, tree: Path, arguments: str, outcome: str, status: int | None, ends: str
) -> None:
    result = cli("trace", "nginx.conf", "--connect", *arguments.split(), "--format", "json", cwd=tree)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["outcome"], document["status"]) == (outcome, status)
    assert ends in document["steps"][-1]["what"]


def test_the_story(cli: Run, tree: Path) -> None:
    shown = cli(
        "trace", "nginx.conf", "--connect", *INTERNAL.split(), cwd=tree, env={"COLUMNS": "120"}
    ).stdout
    assert shown.splitlines()[:2] == [
        "a connection to 192.0.2.1:8444 (TLS 1.3, SNI internal.example.com, no certificate)",
        "=> the connection is closed after the handshake: a client certificate is required, and none was"
        " sent",
    ]
    passed = cli("trace", "nginx.conf", "--connect", "192.0.2.1:8444", "--no-sni", cwd=tree).stdout
    assert "\n=> passed to 10.0.0.5:1\n" in passed


def test_a_version_that_mixes_modes_is_uncertain(cli: Run, tree: Path) -> None:
    arguments = ("--connect", *INTERNAL.split(), "--nginx-version", "1.31.3", "--format", "json")
    result = cli("trace", "nginx.conf", *arguments, cwd=tree)
    assert result.returncode == 3
    assert "CVE-2026-120967" in json.loads(result.stdout)["uncertain"][0]


def test_the_matrix(cli: Run, tree: Path) -> None:
    document = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=tree).stdout)
    rows = [row for row in document["rows"] if row["module"] == "stream"]
    shown = [(row["socket"], row["locations"], row["who"], row["by"]["line"]) for row in rows]
    assert shown == [
        ("*:443", ["10.0.0.9:443", "127.0.0.1:8443"], "backend decides", 12),
        ("*:8444", ["10.0.0.5:1"], "anyone", 17),
        ("*:8444", ["10.0.0.5:1"], "certificates", 23),
        ("*:8445", ["10.0.0.5:1"], "nobody", 28),
    ]
    assert rows[2]["holes"] == [{"sni": None, "who": "anyone", "cas": []}]
    text = cli("matrix", "nginx.conf", cwd=tree, env={"COLUMNS": "120"}).stdout
    assert (
        "*:443 plain stream\n  (no name)             10.0.0.9:443, 127.0.0.1:8443  whoever the backend"
        in text
    )
    markdown = cli("matrix", "nginx.conf", "--format", "markdown", cwd=tree).stdout
    assert (
        "| *:8444 TLS stream | internal.example.com | `10.0.0.5:1` | certificates of root.pem |" in markdown
    )
