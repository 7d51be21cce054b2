"""Variables and values that a version has not yet: silent where nginx starts, fatal where it refuses."""

import pytest

from mtls_lint.testing import lint_text, with_material
from mtls_lint.testing.nginx import NginxBinary

NEW = "$ssl_client_sigalg"
TLS = "listen 8443 ssl; ssl_certificate /pki/server.pem;"

REFUSED_BY_OLD = [
    f"log_format tls '$host {NEW}'; server {{ listen 8080; }}",
    f"proxy_set_header X {NEW}; server {{ listen 8080; }}",
    f"fastcgi_param X {NEW}; server {{ listen 8080; }}",
    f"server {{ listen 8080; location / {{ uwsgi_param X {NEW}; uwsgi_pass 127.0.0.1:1; }} }}",
    f"server {{ listen 8080; location / {{ grpc_set_header X {NEW}; grpc_pass 127.0.0.1:1; }} }}",
    f"server {{ listen 8080; set $x {NEW}; }}",
    f"server {{ listen 8080; if ({NEW} = x) {{ return 403; }} }}",
    f"server {{ listen 8080; if ({NEW}) {{ return 403; }} }}",
    f"server {{ listen 8080; rewrite ^ /{NEW}; }}",
    "server { listen 8080; return 200 ${ssl_client_sigalg}x; }",
    f"server {{ listen 8080; location / {{ proxy_pass http://{NEW}; }} }}",
    f"map $host $y {{ default {NEW}; }} server {{ listen 8080; }}",
    f"map {NEW} $y {{ default x; }} server {{ listen 8080; }}",
    "server { listen 8080; add_header X $SSL_client_sigalg; }",
    f"server {{ {TLS} ssl_certificate_key store:file:/pki/server.key; }}",
]
TAKEN_BY_ALL = [
    f"map $host {NEW} {{ default 1; }} server {{ listen 8080; return 200 {NEW}; }}",
    f"server {{ listen 8080; set {NEW} 1; return 200 {NEW}; }}",
    f"server {{ listen 8080; server_name ~^(?<ssl_client_sigalg>.)x$; return 200 {NEW}; }}",
    f"server {{ listen 8080; if ($host ~ x{NEW}) {{ return 403; }} }}",
    f"server {{ listen 8080; rewrite x{NEW} /y; }}",
    f'map $host $y {{ "~x{NEW}" 1; }} server {{ listen 8080; }}',
    "server { listen 8080; return 200 $ssl_curve$ssl_alpn_protocol$ssl_early_data$ssl_client_escaped_cert; }",
    "server { listen 8080; ssl_certificate_key store:file:/pki/server.key; }",
    f"server {{ {TLS} ssl_certificate_key /pki/server.key; }}",
]


def fatal(text: str, nginx: NginxBinary) -> list[str]:
    report = lint_text(text, rules=["variable-too-new", "value-too-new"], version=str(nginx.version))
    assert all(found.finding.fatal for found in report.findings)
    return [found.rule for found in report.findings]


def whole(text: str) -> str:
    return with_material(f"events {{}}\nhttp {{ {text} }}\n")


@pytest.mark.parametrize("text", REFUSED_BY_OLD)
def test_what_only_newer_versions_take(text: str, nginx: NginxBinary) -> None:
    found = fatal(whole(text), nginx)
    assert bool(found) is (nginx.version < (1, 29, 0))
    assert nginx.check(whole(text)).accepted is not bool(found)


@pytest.mark.parametrize("text", TAKEN_BY_ALL)
def test_what_all_take(text: str, nginx: NginxBinary) -> None:
    assert fatal(whole(text), nginx) == []
    assert nginx.check(whole(text)).accepted


@pytest.mark.parametrize(
    ("text", "version", "number"),
    [
        ("return 200 $ssl_sigalgs;", "1.31.1", 1),
        ("return 200 $ssl_sigalgs;", "1.31.2", 0),
        ("return 200 $ssl_curve;", "1.21.4", 1),
        ("return 200 $ssl_client_v_end;", "1.11.6", 1),
        ("ssl_certificate $host.pem; ssl_certificate_key x;", "1.15.8", 1),
        ("ssl_certificate $host.pem; ssl_certificate_key x;", "1.15.9", 0),
        ("ssl_certificate x; ssl_certificate_key data:$key;", "1.15.9", 1),
    ],
)
def test_older_versions(text: str, version: str, number: int) -> None:
    config = f"events {{}} http {{ server {{ listen 443 ssl; {text} }} }}"
    found = lint_text(config, rules=["variable-too-new", "value-too-new"], version=version).findings
    assert len(found) == number
