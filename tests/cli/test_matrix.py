"""``matrix``: its formats and exit codes."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run

TEXT = """\
events {}
http {
    ssl_certificate s.pem; ssl_certificate_key s.key;
    server {
        listen 443 ssl; server_name a.test; ssl_client_certificate ca-a.pem; ssl_verify_client on;
        location / { proxy_pass http://127.0.0.1:1; }
    }
    server {
        listen 443 ssl; server_name b.test; ssl_client_certificate ca-b.pem; ssl_verify_client on;
        location / { proxy_pass http://127.0.0.1:1; }
    }
    server { listen 80; return 301 https://$host$request_uri; }
}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "nginx.conf"
    path.write_text(TEXT)
    return path


def test_the_table(cli: Run, conf: Path) -> None:
    result = cli("matrix", "nginx.conf", cwd=conf.parent)
    assert (result.returncode, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
*:443 TLS  a.test
  /
      certificates of ca-a.pem  nginx.conf:5

*:443 TLS  b.test
  /
      certificates of ca-b.pem  nginx.conf:9
      ! hole: certificates of ca-a.pem with no SNI in the handshake

*:80 plain  (no name)
  /
      redirect  nginx.conf:12
"""
    )


def test_json(cli: Run, conf: Path) -> None:
    document = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)
    assert list(document) == ["version", "rows"]
    row = document["rows"][1]
    assert list(row) == [
        "socket",
        "tls",
        "names",
        "server",
        "locations",
        "who",
        "cas",
        "by",
        "holes",
        "uncertain",
    ]
    assert (row["socket"], row["tls"], row["names"], row["locations"]) == ("*:443", True, ["b.test"], ["/"])
    assert (row["who"], row["cas"]) == ("certificates", ["ca-b.pem"])
    assert row["by"] == {"file": "nginx.conf", "line": 9}
    assert row["holes"] == [{"sni": None, "who": "certificates", "cas": ["ca-a.pem"]}]


def test_markdown(cli: Run, conf: Path) -> None:
    lines = cli("matrix", "nginx.conf", "--format", "markdown", cwd=conf.parent).stdout.splitlines()
    assert len(lines) == 5
    assert lines[2] == "| *:443 TLS | a.test | `/` | certificates of ca-a.pem | nginx.conf:5 |  |"


def test_two_runs_are_equal(cli: Run, conf: Path) -> None:
    one, two = (cli("matrix", "nginx.conf", env={"PYTHONHASHSEED": seed}, cwd=conf.parent) for seed in "12")
    assert one.stdout == two.stdout


def test_what_was_not_read_is_3(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("http {", "http { include absent.conf;"))
    assert cli("matrix", "nginx.conf", cwd=conf.parent).returncode == 3
    conf.write_text("events {}\nstream { server { listen 443; return x; } }\n")
    assert cli("matrix", "nginx.conf", cwd=conf.parent).returncode == 2
