"""Values off the list of a directive."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_verify_client required;",
            7,
            "error",
            'invalid value "required" of `ssl_verify_client`',
        ),
        (
            "ssl_protocols TLSv1.2 TLSv1.4;",
            7,
            "error",
            '"TLSv1.4" of `ssl_protocols`',
        ),
        (
            "ssl_verify_depth two;",
            7,
            "error",
            "invalid number",
        ),
        (
            "ssl_session_timeout 5x;",
            7,
            "error",
            '"ssl_session_timeout"',
        ),
        (
            "ssl_prefer_server_ciphers yes;",
            7,
            "error",
            'it must be "on" or "off"',
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
        "ssl_verify_client Optional_No_CA;",
        "ssl_verify_client 'on';",
        "ssl_protocols tlsv1.2;",
        "ssl_session_timeout 1h30m;",
        "ssl_verify_client ${MODE};",
        "ssl_ciphers anything;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    # What a template fills in is said once of the text as a whole, by no rule.
    assert [entry for entry in report.not_evaluated if entry.rule] == []


def test_the_remedy_lists_the_words(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_verify_client required;")).findings
    assert found.finding.remedy == "allowed: off, on, optional, optional_no_ca"
