"""Arguments too many or too few, blocks too many or too few."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_verify_client;",
            7,
            "error",
            "(it takes 1)",
        ),
        (
            "ssl_verify_client on off;",
            7,
            "error",
            'invalid number of arguments in "ssl_verify_client"',
        ),
        (
            "ssl_verify_client on {\n}",
            7,
            "error",
            "is not terminated by",
        ),
        (
            "location / ;",
            7,
            "error",
            'has no opening "{"',
        ),
        (
            "location {\n}",
            7,
            "error",
            '"location"',
        ),
        (
            "ssl_protocols;",
            7,
            "error",
            "(it takes 1+)",
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
        "location = / {\n}",
        "server_name\na.example\nb.example;",
        "if ($host) {\n}",
        "error_page 404 500 /x;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ssl_verify_client on\nssl_verify_depth 1;", True),
        ("ssl_verify_client on off;", False),
        ("ssl_verify_client 'a\nb' c;", False),
    ],
)
def test_the_missing_semicolon(check: Check, server: Around, text: str, hint: bool) -> None:
    (found,) = check(server(text)).findings
    assert ("`;` missing" in found.finding.remedy) is hint
