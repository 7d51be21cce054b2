"""Exposure: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"
NAME = "server_name api.example.com;"
STRICT = f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;"


def http(*lines: str) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


CASES: dict[str, list[Case]] = {
    "same-app-without-client-certificate": [
        Case("port 80 to the same backend", http(f"server {{ {STRICT} {PROXY} }}", "server { server_name x.test;", "listen 80;", PROXY, "}"), [5], "serves proxy_pass http://127.0.0.1:8080", Severity.ERROR, Confidence.LIKELY, witness="curl -i http://x.test/"),
        Case("through an upstream", http("upstream app { server localhost:8080; }", f"server {{ {STRICT} location / {{ proxy_pass http://app; }} }}", "server {", "listen 8443 ssl;", f"{PAIR} {PROXY} }}"), [6]),
        Case("a place inside a location of the other", http(f"server {{ {STRICT} location /admin/ {{ proxy_pass http://127.0.0.1:8080; }} }}", "server {", "listen 80;", PROXY, "}"), [5], witness="curl -i http://localhost/admin/"),
        Case("another address, the same place there", http(f"server {{ {STRICT} location /v1/ {{ proxy_pass http://127.0.0.1:8080/; }} }}", "server {", "listen 80;", PROXY, "}"), [5], witness="curl -i http://localhost/"),
        Case("the same files", http(f"server {{ {STRICT} root /srv/app; }}", "server {", "listen 80;", "root /srv/app/; }"), [5], "root /srv/app"),
        Case("the same name over IPv6", http(f"server {{ {STRICT} {PROXY} }}", "server {", f"listen [::]:443 ssl; {NAME} {PAIR}", "location / { proxy_pass http://127.0.0.1:9; }", "}"), [5], "answers the same name", witness="curl -i -k -6 https://api.example.com/"),
        Case("the same name on an address", http(f"server {{ {STRICT} {PROXY} }}", "server {", f"listen 192.0.2.1:443 ssl; {NAME} {PAIR}", "location / { proxy_pass http://127.0.0.1:9; }", "}"), [5]),
        Case("the default server of the same socket", http("server {", f"listen 443 ssl default_server; {PAIR}", PROXY, "}", f"server {{ {STRICT} {PROXY} }}"), [4], "asks nobody", witness="curl -i -k https://localhost/"),
        Case("the backend is told", http(f"server {{ {STRICT} location / {{ proxy_set_header X-V $ssl_client_verify; proxy_pass http://127.0.0.1:8080; }} }}", "server {", "listen 80;", PROXY, "}"), [5], severity=Severity.WARNING, confidence=Confidence.POSSIBLE),
        Case("a check instead of a requirement", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}", "server {", "listen 80;", PROXY, "}"), [5]),
        Case("other URIs of the backend", http(f"server {{ {STRICT} location /admin/ {{ proxy_pass http://127.0.0.1:8080; }} }}", "server { listen 80; location /public/ { proxy_pass http://127.0.0.1:8080; } }")),
        Case("another backend", http(f"server {{ {STRICT} {PROXY} }}", "server { listen 80; server_name x.test; location / { proxy_pass http://127.0.0.1:8081; } }")),
        Case("a loopback address", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 127.0.0.1:80; {PROXY} }}")),
        Case("a redirect", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 80; {NAME} return 301 https://$host$request_uri; {PROXY} }}")),
        Case("both require it", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 8443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; {PROXY} }}")),
        Case("another service of the name on another port", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 8443 ssl; {NAME} {PAIR} location / {{ proxy_pass http://127.0.0.1:8081; }} }}")),
        Case("the same place is open there, too", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; {PROXY} }}", f"server {{ listen 80; {PROXY} }}")),
        Case("only a health check", http(f"server {{ {STRICT} {PROXY} location = /healthz {{ proxy_pass http://127.0.0.1:8080; }} }}", "server { listen 80; location = /healthz { proxy_pass http://127.0.0.1:8080; } location / { return 404; } }")),
        Case("nobody asks", http(f"server {{ listen 443 ssl; {PAIR} {PROXY} }}", f"server {{ listen 80; {PROXY} }}")),
        Case("what cannot be known", http("geo $inside { default 0; }", f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 80; if ($inside = 0) {{ return 403; }} {PROXY} }}"), words="geo", not_evaluated=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
