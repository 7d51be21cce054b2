"""HTTP/2 asks no other questions: nginx answers as it does in HTTP/1.1, and as ``decide`` says."""

import shutil
import subprocess
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import pytest

from differential.compare import mark_of
from mtls_lint.nginx.clients import ChainClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Request
from mtls_lint.nginx.model import build
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing.nginx import NginxBinary

CURL = shutil.which("curl") or ""

SERVERS = "".join(
    f"server {{ listen 127.0.0.1:PORT_a ssl LISTEN; server_name {name}.test;"
    f" add_header X-Where {name} always; error_page 400 405 421 /page; {verify}"
    f" location / {{ add_header X-Where {name}-place always; return 200 text; }}"
    f" location = /page {{ add_header X-Where {name}-page always; return 200 page; }} }}"
    for name, verify in (
        ("d", ""),
        ("a", "ssl_verify_client on; ssl_client_certificate PKI/ca-a.pem;"),
        ("o", ""),
    )
)
CONFIGURATION = f"""events {{}} http {{ access_log off; HTTP2
    ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key; {SERVERS} }}"""

REQUESTS = [
    (name, host, uri, method, client)
    for name, host in (("a", "a"), ("a", "o"), ("o", "a"), ("a", "d"), ("d", "o"))
    for uri, method, client in (
        ("/", "GET", "none"),
        ("/", "GET", "a"),
        ("/", "GET", "b"),
        ("/", "TRACE", "none"),
        ("/%zz", "GET", "none"),
        ("/..", "GET", "none"),
    )
] + [("a", "a..", "/", "GET", "none"), ("o", "A.TEST:99", "/", "GET", "none"), ("a", "a", "/", "get", "none")]


@cache
def _speaks_http2() -> bool:
    return bool(CURL) and "HTTP2" in subprocess.check_output([CURL, "--version"], text=True)


def _ask(protocol: str, port: int, pki: Path, asked: tuple[str, ...]) -> tuple[str, str]:
    name, host, uri, method, client = asked
    command = [CURL, "-sk", "-i", f"--{protocol}", "-X", method, "--request-target", uri]
    command += ["-H", f"Host: {_host(host)}", "--connect-to", f"::127.0.0.1:{port}"]
    if client != "none":
        command += ["--cert", str(pki / f"{client}.pem"), "--key", str(pki / f"{client}.key")]
    done = subprocess.run(
        [*command, f"https://{name}.test/"], capture_output=True, text=True, timeout=20, check=False
    )
    first, *lines = done.stdout.splitlines()
    assert first.startswith("HTTP/2 " if protocol == "http2" else "HTTP/1.1 ")
    marks = (line.partition(":")[2].strip() for line in lines if line.lower().startswith("x-where:"))
    return first.split()[1], next(marks, "")


def _host(word: str) -> str:
    return word if "." in word else f"{word}.test"


@pytest.mark.skipif(not _speaks_http2(), reason="no curl that speaks HTTP/2")
def test_http2_is_answered_like_http1(nginx: NginxBinary, tmp_path: Path, scenario_pki: Path) -> None:
    new = nginx.version >= (1, 25, 1)
    text = CONFIGURATION.replace("PKI/", f"{scenario_pki}/")
    text = text.replace("HTTP2", "http2 on;" if new else "").replace("LISTEN", "" if new else "http2")
    store = PemStore()
    with nginx.run(text, tmp_path) as server:
        port = server.ports["a"]
        main = tmp_path / "asked.conf"
        main.write_text(text.replace("PORT_a", str(port)))
        configuration = build(load(str(main)), nginx.version)
        for asked in REQUESTS:
            name, host, uri, method, client = asked
            chain = store.read(str(scenario_pki / f"{client}.pem")).certificates
            decision = decide(
                configuration,
                Connection("127.0.0.1", port, "1.3" if new else "1.2", f"{name}.test"),
                Request(_host(host), uri, method),
                ChainClient(configuration, chain, lambda one: store.read(one.path or "")) if chain else None,
                datetime.now(timezone.utc),
            )
            said = (str(decision.status), mark_of(decision))
            answers = [_ask(protocol, port, scenario_pki, asked) for protocol in ("http1.1", "http2")]
            assert not decision.uncertain
            assert answers[0] == answers[1] == said, asked
