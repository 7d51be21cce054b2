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
  server     locations  who gets in               by
*:443 TLS
  a.test     /          certificates of ca-a.pem  nginx.conf:5
  b.test     /          certificates of ca-b.pem  nginx.conf:9
             ! hole: certificates of ca-a.pem with no SNI in the handshake
*:80 plain
  (no name)  /          redirect                  nginx.conf:12
"""
    )


def test_json(cli: Run, conf: Path) -> None:
    document = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)
    assert list(document) == ["version", "rows"]
    row = document["rows"][1]
    assert list(row) == [
        "socket",
        "module",
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


def test_certificates_with_a_flaw(cli: Run, conf: Path) -> None:
    flawed = TEXT.replace("ca-b.pem;", "ca-a.pem; ssl_crl crl-b.pem; ssl_verify_depth 0;")
    conf.write_text(flawed)
    shown = cli("matrix", "nginx.conf", env={"COLUMNS": "200"}, cwd=conf.parent)
    assert shown.returncode == 0
    revoked = "certificates of ca-a.pem revoked in crl-b.pem"
    deep = "certificates of ca-a.pem below 1 or more intermediates (more than ssl_verify_depth)"
    for words in (revoked, deep):
        assert f"! hole: {words} with no SNI in the handshake\n" in shown.stdout
    markdown = cli("matrix", "nginx.conf", "--format", "markdown", cwd=conf.parent).stdout
    assert f"{revoked} with no SNI in the handshake; {deep} with no SNI in the handshake" in markdown
    document = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)
    common = {"sni": None, "who": "certificates", "cas": ["ca-a.pem"]}
    assert document["rows"][1]["holes"] == [
        {**common, "flaw": {"kind": "revoked", "crl": "crl-b.pem", "intermediates": 0}},
        {**common, "flaw": {"kind": "too deep", "crl": None, "intermediates": 1}},
    ]


def test_an_expired_certificate_that_opens_a_door(cli: Run, conf: Path) -> None:
    unless = "if ($ssl_client_verify !~ expired) { return 403; }"
    door = f"error_page 495 = @late; location @late {{ {unless} proxy_pass http://127.0.0.1:1; }}"
    conf.write_text(TEXT.replace("ca-b.pem;", f"ca-b.pem; {door}"))
    shown = cli("matrix", "nginx.conf", env={"COLUMNS": "200"}, cwd=conf.parent).stdout
    assert "! hole: any certificate that has expired with SNI b.test in the handshake\n" in shown


def test_two_runs_are_equal(cli: Run, conf: Path) -> None:
    one, two = (cli("matrix", "nginx.conf", env={"PYTHONHASHSEED": seed}, cwd=conf.parent) for seed in "12")
    assert one.stdout == two.stdout


def test_what_was_not_read_is_3(cli: Run, conf: Path) -> None:
    conf.write_text(TEXT.replace("http {", "http { include absent.conf;"))
    assert cli("matrix", "nginx.conf", cwd=conf.parent).returncode == 3
    conf.write_text("events {}\nmail { }\n")
    assert cli("matrix", "nginx.conf", cwd=conf.parent).returncode == 2


def test_ways_to_a_login(cli: Run, conf: Path) -> None:
    pair = "ssl_certificate s.pem; ssl_certificate_key s.key; ssl_client_certificate ca.pem;"
    servers = (
        "server { listen 993 ssl; protocol imap; }",
        "server { listen 143; protocol imap; starttls on; }",
        "server { listen 110; protocol pop3; starttls only; }",
        "server { listen 25; protocol smtp; }",
    )
    conf.write_text(
        f"events {{}}\nmail {{ auth_http a.test; {pair} ssl_verify_client on; {' '.join(servers)} }}\n"
    )
    rows = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)["rows"]
    assert [(row["module"], row["socket"], row["locations"], row["who"]) for row in rows] == [
        ("mail", "*:993", ["login within TLS"], "certificates"),
        ("mail", "*:143", ["login without TLS"], "anyone"),
        ("mail", "*:143", ["login after STARTTLS"], "certificates"),
        ("mail", "*:110", ["login without TLS"], "nobody"),
        ("mail", "*:110", ["login after STARTTLS"], "certificates"),
        ("mail", "*:25", ["login without TLS"], "anyone"),
    ]


def test_a_table_of_fifty_servers(cli: Run, tmp_path: Path) -> None:
    """A line for each server whose locations are alike, however narrow the terminal; nothing is cut off."""
    locations = "location / { proxy_pass http://b; } location /healthz { return 200; }"
    servers = (f"server {{ listen 443 ssl; server_name s{n}.example.com; {locations} }}" for n in range(50))
    pair = "ssl_certificate s.pem; ssl_certificate_key s.key; ssl_client_certificate company-root.pem;"
    http = f"{pair} ssl_verify_client on; {' '.join(servers)} upstream b {{ server b.test; }}"
    (tmp_path / "nginx.conf").write_text(f"events {{}} http {{ {http} }}")
    wide = cli("matrix", "nginx.conf", cwd=tmp_path, env={"COLUMNS": "100"}).stdout.splitlines()
    assert len(wide) == 52
    assert wide[51] == "  s49.example.com  /, /healthz  certificates of company-root.pem  nginx.conf:1"
    narrow = cli("matrix", "nginx.conf", cwd=tmp_path, env={"COLUMNS": "70"}).stdout
    assert max(map(len, narrow.splitlines())) <= 70
    assert narrow.count("company-root.pem") == 50


def test_a_page_that_explains_a_refusal_lets_nobody_in(cli: Run, conf: Path) -> None:
    page = "error_page 495 496 /sorry.html; location = /sorry.html { root /srv; internal; }"
    conf.write_text(TEXT.replace("ca-b.pem;", f"ca-b.pem; {page}"))
    rows = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)["rows"]
    assert [(row["locations"], row["who"]) for row in rows[:2]] == [(["/"], "certificates")] * 2


def test_nobody_gets_around_to_a_server_without_content(cli: Run, conf: Path) -> None:
    rejecting = "server { listen 443 ssl default_server; ssl_reject_handshake on; }"
    conf.write_text(TEXT.replace("server {", f"{rejecting} server {{", 1))
    rows = json.loads(cli("matrix", "nginx.conf", "--format", "json", cwd=conf.parent).stdout)["rows"]
    assert next((row["who"], row["holes"]) for row in rows if not row["names"]) == ("nobody", [])
