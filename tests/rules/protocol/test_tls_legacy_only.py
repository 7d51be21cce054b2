"""Values that leave nothing OpenSSL 3 speaks."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_protocols TLSv1 TLSv1.1;",
            7,
            "error",
            "TLSv1 and TLSv1.1 only",
        ),
        (
            "ssl_protocols SSLv3;",
            7,
            "error",
            "every handshake fails",
        ),
        (
            "ssl_protocols SSLv2 SSLv3;\nssl_ciphers DEFAULT:@SECLEVEL=0;",
            7,
            "error",
            "OpenSSL 3 has it no longer",
        ),
        (
            "ssl_protocols tlsv1;\nssl_protocols TLSv1.1;",
            7,
            "error",
            "TLSv1 and TLSv1.1 only",
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
        "ssl_protocols TLSv1 TLSv1.2;",
        "ssl_protocols TLSv1;\nssl_protocols TLSv1.2;",
        "ssl_protocols TLSv1;\nssl_ciphers HIGH:@SECLEVEL=0;",
        "ssl_protocols TLSv1;\nssl_conf_command Protocol TLSv1.2;",
        "ssl_protocols TLSv1 $more;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_both_directives_are_shown(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_protocols TLSv1;\nssl_protocols TLSv1.1;")).findings
    assert [related.span.line for related in found.finding.related] == [8]


def test_the_default_server_decides(check: Check, http: Around) -> None:
    tls = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
    text = http(
        f"server {{ listen 443 ssl; {tls} ssl_protocols TLSv1.2; }}\n"
        f"server {{ listen 443 ssl; server_name a.example; {tls} ssl_protocols TLSv1; }}"
    )
    assert check(text, version="1.22.1").findings == ()
    assert [found.span.line for found in check(text, version="1.29.2").findings] == [4]
