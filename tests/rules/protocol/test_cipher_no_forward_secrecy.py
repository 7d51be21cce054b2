"""Static key exchange in a cipher string: who has a say in it, and what is left alone."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_ciphers AES128-SHA:ECDHE+AESGCM;",
            7,
            "warning",
            "AES128-SHA, as OpenSSL",
        ),
        (
            "ssl_ciphers HIGH:!aNULL;",
            7,
            "warning",
            " more, as OpenSSL",
        ),
        (
            "ssl_ciphers ECDHE+AESGCM;\nssl_conf_command CipherString kRSA;",
            8,
            "warning",
            "recorded traffic",
        ),
        (
            "ssl_ciphers AES128-SHA:NULL-SHA256:@SECLEVEL=2;",
            7,
            "warning",
            "has AES128-SHA, as",
        ),
    ],
)
def test_found(check: Check, server: Around, text: str, line: int, severity: str, words: str) -> None:
    (found,) = check(server(text)).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (line, severity, False)
    assert words in found.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "ssl_ciphers HIGH:!aNULL:!MD5;",
        "ssl_ciphers DHE-RSA-AES128-GCM-SHA256;",
        "ssl_ciphers AES128-SHA;\nssl_protocols TLSv1.3;",
        "ssl_ciphers HIGH:!kRSA;",
        "ssl_ciphers AES128-SHA;\nssl_conf_command CipherString ECDHE+AESGCM;",
        "ssl_ciphers ECDHE+AESGCM:AES128-SHA:@SECLEVEL=3;",
        "ssl_ciphers NULL-SHA256:ECDHE+AESGCM;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_no_server_speaks_tls(check: Check, http: Around) -> None:
    assert check(http("ssl_ciphers AES128-SHA;\nserver { listen 80; }")).findings == ()


def test_of_http_reported_once(check: Check, http: Around) -> None:
    tls = "listen 127.0.0.1:12345 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
    (found,) = check(http(f"ssl_ciphers AES128-SHA;\nserver {{ {tls} }}\nserver {{ {tls} }}")).findings
    assert found.span.line == 3
    assert found.span.text == "AES128-SHA"


def test_a_profile_is_not_evaluated(check: Check, server: Around) -> None:
    report = check(server("ssl_ciphers PROFILE=SYSTEM;"))
    assert report.findings == ()
    assert [(entry.line, "PROFILE=SYSTEM" in entry.reason) for entry in report.not_evaluated] == [(7, True)]
