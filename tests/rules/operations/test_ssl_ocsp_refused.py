"""OCSP settings that nginx refuses."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_ocsp on;\nssl_verify_client optional_no_ca;",
            7,
            "error",
            "incompatible with ssl_verify_client optional_no_ca",
        ),
        (
            "ssl_ocsp leaf;\nssl_ocsp_responder https://a.example/;",
            8,
            "error",
            "not https://a.example/",
        ),
        (
            "ssl_ocsp on;\nssl_ocsp_responder http://;",
            8,
            "error",
            "by http:// only",
        ),
    ],
)
def test_found(check: Check, server: Around, text: str, line: int, severity: str, words: str) -> None:
    (found,) = check(server(text)).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (line, severity, True)
    assert words in found.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "ssl_ocsp on;\nssl_verify_client optional;",
        "ssl_ocsp off;\nssl_verify_client optional_no_ca;",
        "ssl_ocsp_responder https://a.example/;",
        "ssl_ocsp on;\nssl_ocsp_responder HTTP://a.example/;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_a_template_is_not_evaluated(check: Check, server: Around) -> None:
    report = check(server("ssl_ocsp on;\nssl_ocsp_responder ${RESPONDER};"))
    assert report.findings == ()
    assert [entry.line for entry in report.not_evaluated if entry.rule] == [8]


def test_inherited(check: Check, http: Around) -> None:
    server = "server { listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
    (found,) = check(http(f"ssl_ocsp on;\n{server}\nssl_verify_client optional_no_ca; }}")).findings
    assert (found.span.line, [related.span.line for related in found.finding.related]) == (3, [5])


def test_without_a_certificate_nginx_does_not_look(check: Check, http: Around) -> None:
    text = "server { listen 80; ssl_ocsp on; ssl_verify_client optional_no_ca; }"
    assert check(http(text)).findings == ()
