"""Keys below document roots, compared with what nginx serves; and key logs."""

from pathlib import Path

import pytest

from mtls_lint.testing import NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import materialise
from rules.cases import Case, check

KEY_LOGS = [
    Case("of a server", "server {\nlisten 443 ssl;\nssl_key_log /tmp/k;\n}", [3], "/tmp/k"),
    Case(
        "of upstreams",
        "location / {\nproxy_pass https://b;\nproxy_ssl_key_log /tmp/k;\n}",
        [3],
        "proxy_ssl_key_log",
    ),
    Case("grpc and uwsgi", "location / {\ngrpc_ssl_key_log /tmp/k;\nuwsgi_ssl_key_log /tmp/l;\n}", [2, 3]),
    Case("none", "server {\nlisten 443 ssl;\n}"),
    Case("cancelled", "server {\nlisten 443 ssl;\nssl_key_log '';\n}"),
]


@pytest.mark.parametrize("case", KEY_LOGS, ids=str)
def test_key_logs(case: Case) -> None:
    check("ssl-key-log-enabled", case)


WEBROOTS = {
    "below the root": ("root DIR;", "/keys/server.key", True),
    "root with a slash": ("root DIR/;", "/keys/server.key", True),
    "the directory itself": ("root DIR/keys;", "/server.key", True),
    "elsewhere": ("root DIR/site;", "/server.key", False),
    "a longer name": ("root DIR/key;", "/s/server.key", False),
    "root of a location": ("location /a/ { root DIR; }", "/a/keys/server.key", False),
    "root of the right location": ("location /keys/ { root DIR; }", "/keys/server.key", True),
    "alias": ("location /x/ { alias DIR/keys/; }", "/x/server.key", True),
    "alias without a slash": ("location /x { alias DIR/keys; }", "/x/server.key", True),
    "denied": ("root DIR; location ~ \\.key$ { deny all; }", "/keys/server.key", False),
    "denied everywhere": ("root DIR; deny all;", "/keys/server.key", False),
    "denied but for some": ("root DIR; allow 127.0.0.1; deny all;", "/keys/server.key", True),
    "passed on": ("root DIR; location / { proxy_pass http://127.0.0.1:1; }", "/keys/server.key", False),
    "a redirect": ("root DIR; return 301 https://a.test/;", "/keys/server.key", False),
    "an answer": ("root DIR; location / { return 204; }", "/keys/server.key", False),
    "internal": ("root DIR; location / { internal; }", "/keys/server.key", False),
    "only one page": ("root DIR; location / { try_files /index.html =404; }", "/keys/server.key", False),
    "tried": ("root DIR; location / { try_files $uri =404; }", "/keys/server.key", True),
    "overridden": ("root DIR; location / { root DIR/site; }", "/keys/server.key", False),
    "an exact location": ("location = /keys/server.key { root DIR; }", "/keys/server.key", True),
}


@pytest.mark.parametrize("name", WEBROOTS)
def test_a_key_with_a_uri(name: str, nginx: NginxBinary, tmp_path: Path) -> None:
    lines, uri, served = WEBROOTS[name]
    materialise(tmp_path / "keys", ["server.pem", "server.key"])
    (tmp_path / "site").mkdir()
    body = lines.replace("DIR", str(tmp_path))
    tls = f"ssl_certificate {tmp_path}/keys/server.pem; ssl_certificate_key {tmp_path}/keys/server.key;"
    text = f"events {{}} http {{ server {{ listen 127.0.0.1:PORT_a; server_name a.test; {tls} {body} }} }}"
    with nginx.run(text, tmp_path) as running:
        reply = request(running.ports["a"], uri=uri, tls=False)
    assert (reply.status == 200) is served
    report = lint_text(text.replace("PORT_a", "80"), rules=["key-in-webroot"])
    assert report.crashes == ()
    assert bool(report.findings) is served
    if served:
        assert uri in report.findings[0].finding.message


def test_pass_phrases_and_client_keys_count() -> None:
    text = (
        "server { listen 443 ssl; root /srv; ssl_certificate /c/s.pem; ssl_certificate_key /c/s.key;\n"
        "ssl_password_file /srv/p.txt;\n"
        "location /b { proxy_pass https://b; proxy_ssl_certificate /c/c.pem;\n"
        "proxy_ssl_certificate_key /srv/c.key; } }"
    )
    report = lint_text(text, rules=["key-in-webroot"])
    assert [found.span.line for found in report.findings] == [2, 4]


def test_certificates_may_be_served() -> None:
    text = "server { listen 443 ssl; root /srv; ssl_certificate /srv/s.pem; ssl_certificate_key /c/s.key; }"
    assert lint_text(text, rules=["key-in-webroot"]).findings == ()
