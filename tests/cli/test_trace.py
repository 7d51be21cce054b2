"""``trace``: the contract, the story, and what each kind of question is answered."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import catalogue

CONFIGURATION = """\
events {}
http {
    ssl_certificate     server.pem;
    ssl_certificate_key server.key;
    server {
        listen 443 ssl default_server;
        listen 80;
        server_name public.example.com;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / { return 200 public; }
    }
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
        location / { proxy_pass http://127.0.0.1:8080; }
        location /fixed { return 204; }
    }
    server {
        listen 443 ssl;
        server_name soft.example.com;
        ssl_client_certificate root.pem;
        ssl_verify_client optional;
        if ($ssl_client_verify != SUCCESS) { return 403; }
        location / { proxy_pass http://127.0.0.1:8080; }
    }
    server {
        listen 443 ssl;
        server_name page.example.com;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
        error_page 496 =200 /help;
        location /help { return 200 help; }
    }
    server {
        listen 443 ssl;
        server_name absent.example.com;
        ssl_client_certificate no-such.pem;
        ssl_verify_client on;
    }
}
"""
API = "--sni api.example.com"
UNVERIFIED, EXPIRED = "unable to verify the first certificate", "certificate has expired"
KEYS = [
    "version",
    "outcome",
    "status",
    "client_verify",
    "tls_server",
    "server",
    "location",
    "uncertain",
    "steps",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    names = ("root", "client", "stranger", "expired-client", "client-chain", "server")
    catalogue.materialise(tmp_path, [f"{name}.pem" for name in names])
    (tmp_path / "nginx.conf").write_text(CONFIGURATION)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "outcome", "status", "verify"),
    [
        ("--sni api.example.com", "no-certificate", 400, "NONE"),
        ("--sni api.example.com --client-cert client.pem", "response", None, "SUCCESS"),
        ("--sni api.example.com --client-cert client.pem --uri /fixed", "response", 204, "SUCCESS"),
        ("--sni api.example.com --client-cert client.pem --uri //x/../fixed", "response", 204, "SUCCESS"),
        ("--sni api.example.com --client-cert client.pem --tls 1.2", "response", None, "SUCCESS"),
        (f"{API} --client-cert stranger.pem", "certificate-error", 400, f"FAILED:{UNVERIFIED}"),
        (f"{API} --client-cert expired-client.pem", "certificate-error", 400, f"FAILED:{EXPIRED}"),
        ("--sni api.example.com --client-cert client-chain.pem", "response", None, "SUCCESS"),
        ("--sni public.example.com --host api.example.com", "misdirected", 421, "NONE"),
        ("--no-sni --host api.example.com --client-cert client.pem", "no-certificate", 400, "NONE"),
        ("--sni api.example.com --host public.example.com", "response", 200, "NONE"),
        ("--plain --host public.example.com", "plain-to-https", 400, ""),
        ("--sni soft.example.com", "response", 403, "NONE"),
        ("--sni soft.example.com --client-cert client.pem", "response", None, "SUCCESS"),
        ("--sni page.example.com", "response", 200, "NONE"),
        ("--sni api.example.com --method TRACE", "response", 405, "NONE"),
    ],
)  # fmt: skip
def test_what_is_answered(
    cli: Run, tree: Path, arguments: str, outcome: str, status: int | None, verify: str
) -> None:
    result = cli(
        "trace", "nginx.conf", "--connect", "127.0.0.1:443", *arguments.split(), "--format", "json", cwd=tree
    )
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert list(document) == KEYS
    assert (document["outcome"], document["status"], document["client_verify"]) == (outcome, status, verify)
    assert document["uncertain"] == []
    assert all(list(step) == ["what", "file", "line"] for step in document["steps"])


def test_nobody_listens(cli: Run, tree: Path) -> None:
    result = cli("trace", "nginx.conf", "--connect", "127.0.0.1:8443", "--format", "json", cwd=tree)
    assert json.loads(result.stdout)["outcome"] == "refused"


def test_plain_port_80_and_tls_to_it(cli: Run, tree: Path) -> None:
    plain = cli("trace", "nginx.conf", "--connect", "127.0.0.1:80", "--plain", "--format", "json", cwd=tree)
    assert json.loads(plain.stdout)["outcome"] == "response"
    tls = cli("trace", "nginx.conf", "--connect", "127.0.0.1:80", "--format", "json", cwd=tree)
    assert json.loads(tls.stdout)["outcome"] == "handshake-failed"


def test_the_places_are_named(cli: Run, tree: Path) -> None:
    arguments = [*API.split(), "--client-cert", "client.pem", "--format", "json"]
    result = cli("trace", "nginx.conf", "--connect", "127.0.0.1:443", *arguments, cwd=tree)
    document = json.loads(result.stdout)
    assert document["tls_server"] == {"file": "nginx.conf", "line": 12, "names": ["api.example.com"]}
    assert document["server"] == document["tls_server"]
    assert document["location"] == {"file": "nginx.conf", "line": 17, "pattern": "/"}


def test_the_version_decides_the_protocols(cli: Run, tree: Path) -> None:
    arguments = [
        "trace",
        "nginx.conf",
        "--connect",
        "127.0.0.1:443",
        "--tls",
        "1.3",
        "--sni",
        "absent.example.com",
    ]
    (tree / "nginx.conf").write_text(CONFIGURATION.replace("        ssl_protocols TLSv1.2 TLSv1.3;\n", ""))
    old = cli(*arguments, "--nginx-version", "1.22.1", "--format", "json", cwd=tree)
    assert json.loads(old.stdout)["outcome"] == "handshake-failed"
    new = cli(*arguments, "--nginx-version", "1.31.3", "--format", "json", cwd=tree)
    assert json.loads(new.stdout)["outcome"] == "no-certificate"


def test_an_absent_ca_file_leaves_it_uncertain(cli: Run, tree: Path) -> None:
    arguments = ["--sni", "absent.example.com", "--client-cert", "client.pem"]
    result = cli("trace", "nginx.conf", "--connect", "127.0.0.1:443", *arguments, cwd=tree)
    assert result.returncode == 3
    assert "Uncertain" in result.stdout
    assert "no-such.pem" in result.stdout


def test_the_story(cli: Run, tree: Path) -> None:
    result = cli("trace", "nginx.conf", "--connect", "127.0.0.1:443", "--sni", "api.example.com", cwd=tree)
    assert (
        result.stdout
        == """\
GET / to 127.0.0.1:443 (TLS 1.3, SNI api.example.com, no certificate; Host
api.example.com)
=> 400: a client certificate is required, and none was sent

  1. the socket *:443 (TLS) takes the connection
     --> nginx.conf:6:9
  2. SNI api.example.com selects server api.example.com:443
     --> nginx.conf:12:5
  3. api.example.com:443 asks for a client certificate (on)
     --> nginx.conf:16:9
  4. the client sends none
  5. api.example.com:443 requires a certificate and there is none (496)
     --> nginx.conf:16:9

$ssl_client_verify is NONE
"""
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("nginx.conf", 2, "--connect"),
        ("nginx.conf --connect 443", 2, "ADDRESS:PORT"),
        ("nginx.conf --connect a:0", 2, "ADDRESS:PORT"),
        ("nginx.conf --connect 127.0.0.1:443 --plain --sni a.test", 2, "plain client"),
        ("nginx.conf --connect 127.0.0.1:443 --client-cert no-such.pem", 2, "no-such.pem"),
        ("nginx.conf --connect 127.0.0.1:443 --client-cert nginx.conf", 2, "nginx.conf"),
        ("broken.conf --connect 127.0.0.1:443", 3, "broken.conf:2:"),
        ("nginx.conf --connect 127.0.0.1:443 --plain --starttls", 2, "plain client"),
        ("empty.conf --connect 127.0.0.1:993", 2, "no server"),
    ],
)
def test_what_cannot_be_traced(cli: Run, tree: Path, arguments: str, code: int, words: str) -> None:
    (tree / "broken.conf").write_text("events {}\nhttp {")
    (tree / "empty.conf").write_text("events {}\nmail { }\n")
    result = cli("trace", *arguments.split(), cwd=tree)
    assert result.returncode == code, result.stdout
    assert words in result.stderr
    assert "Traceback" not in result.stderr


MAIL = """events {}
mail {
    auth_http 127.0.0.1:9000/auth; ssl_certificate s.pem; ssl_certificate_key s.key;
    server {
        listen 143; protocol imap; starttls on;
        ssl_client_certificate ca.pem; ssl_verify_client on;
    }
    server { listen 110; protocol pop3; starttls only; }
}
"""


@pytest.mark.parametrize(
    ("arguments", "headline"),
    [
        ("127.0.0.1:143 --plain", "a login, decided by auth_http 127.0.0.1:9000/auth"),
        ("127.0.0.1:143 --starttls", "the connection is closed after the handshake: a client certificate is"),
        ("127.0.0.1:143", "the TLS handshake fails"),
        ("127.0.0.1:110 --plain", "no login without TLS"),
        ("127.0.0.1:110 --starttls", "a login, decided by auth_http 127.0.0.1:9000/auth"),
    ],
)
def test_a_mail_client(cli: Run, tmp_path: Path, arguments: str, headline: str) -> None:
    (tmp_path / "mail.conf").write_text(MAIL)
    result = cli("trace", "mail.conf", "--connect", *arguments.split(), cwd=tmp_path)
    assert result.returncode == 0
    assert f"=> {headline}\n" in result.stdout
    assert "Host" not in result.stdout


def test_the_headline_says_that_an_error_page_answers(cli: Run, tmp_path: Path) -> None:
    page = "error_page 496 /sorry.html; location = /sorry.html { root /srv; }"
    pair = "ssl_certificate s.pem; ssl_certificate_key s.key; ssl_client_certificate ca.pem;"
    server = f"server {{ listen 443 ssl; {pair} ssl_verify_client on; {page} }}"
    (tmp_path / "nginx.conf").write_text(f"events {{}} http {{ {server} }}")
    shown = cli("trace", "nginx.conf", "--connect", "127.0.0.1:443", "--host", "a.test").stdout
    assert "=> refused (496), and the error page for that answers: content\n" in shown
