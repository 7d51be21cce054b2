"""Broken suites: those clients can use, those a level bars, those a build left out."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_ciphers ALL:@SECLEVEL=0;",
            7,
            "error",
            "lets clients use",
        ),
        (
            "ssl_ciphers ALL:eNULL;",
            7,
            "warning",
            "security level (the default)",
        ),
        (
            "ssl_ciphers ALL:aNULL:@SECLEVEL=1;",
            7,
            "warning",
            "security level (1)",
        ),
        (
            "ssl_ciphers HIGH:@SECLEVEL=0;\nssl_conf_command CipherString eNULL:ECDHE+AESGCM;",
            8,
            "error",
            "no encryption",
        ),
        (
            "ssl_ciphers HIGH;",
            7,
            "warning",
            "no server authentication",
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
        "ssl_ciphers ECDHE+AESGCM:!RC4:!3DES:!aNULL;",
        "ssl_ciphers ECDHE+AESGCM:RC4-SHA:!RC4;",
        "ssl_ciphers ALL:eNULL;\nssl_protocols TLSv1.3;",
        "ssl_ciphers NULL-SHA256:ECDHE+AESGCM;\nssl_conf_command CipherString ECDHE+AESGCM;",
        "ssl_ciphers DEFAULT;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_algorithms_that_builds_leave_out(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_ciphers ECDHE+AESGCM:RC4-SHA;")).findings
    assert found.severity.value == "warning"
    assert "RC4-SHA (RC4)" in found.finding.message


def test_a_profile_is_not_evaluated(check: Check, server: Around) -> None:
    report = check(server("ssl_ciphers PROFILE=SYSTEM;"))
    assert report.findings == ()
    assert [entry.line for entry in report.not_evaluated] == [7]
