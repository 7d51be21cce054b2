"""Misspelt names, and names of modules that are not known here."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_verfy_client on;",
            7,
            "error",
            "no directive `ssl_verfy_client`",
        ),
        (
            "SSL_verify_client on;",
            7,
            "error",
            "no directive `SSL_verify_client`",
        ),
        (
            "location / {\nproxy_pas http://127.0.0.1;\n}",
            8,
            "error",
            "`proxy_pas`",
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
        "ssl_verify_depth 1;",
        "location / {\nreturn 204;\n}",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_each_place_is_reported_with_the_name_meant(check: Check, server: Around) -> None:
    findings = check(server("ssl_verify_clent on;\nssl_verify_clent on;")).findings
    assert [(found.span.line, found.finding.remedy) for found in findings] == [
        (7, "did you mean `ssl_verify_client`?"),
        (8, "did you mean `ssl_verify_client`?"),
    ]


@pytest.mark.parametrize("name", ["more_set_headers", "auth_jwt_claim_set", "brotli", "foo"])
def test_other_modules_are_not_evaluated(check: Check, server: Around, name: str) -> None:
    report = check(server(f"{name} a;\n{name} b;"))
    assert report.findings == ()
    assert [(entry.line, f"`{name}`" in entry.reason) for entry in report.not_evaluated] == [(7, True)]


def test_rows_are_no_directives(check: Check, http: Around) -> None:
    report = check(http("map $host $a {\nssl_verfy_client on;\n}"))
    assert (report.findings, report.not_evaluated) == ((), ())
