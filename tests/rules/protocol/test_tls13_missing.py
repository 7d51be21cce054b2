"""TLS 1.3 left out, by hand or by the version."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_protocols TLSv1.2;",
            7,
            "info",
            "stops at TLSv1.2",
        ),
        (
            "ssl_protocols tlsv1.1 tlsv1.2;",
            7,
            "info",
            "stops at TLSv1.2",
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
        "",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "ssl_protocols TLSv1.2;\nssl_protocols TLSv1.3;",
        "ssl_protocols TLSv1;",
        "ssl_protocols TLSv1.2;\nssl_conf_command Protocol TLSv1.3;",
        "ssl_protocols TLSv1.2 TLSv1.4;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


@pytest.mark.parametrize(
    ("version", "lines"), [("1.12.0", []), ("1.22.1", [3]), ("1.23.3", [3]), ("1.23.4", [])]
)
def test_by_default(check: Check, server: Around, version: str, lines: list[int]) -> None:
    assert [found.span.line for found in check(server(""), version=version).findings] == lines


def test_nginx_did_not_know_it(check: Check, server: Around) -> None:
    assert check(server("ssl_protocols TLSv1.2;"), version="1.12.2").findings == ()


def test_what_was_not_read_may_say_it(check: Check, server: Around) -> None:
    report = check(server("ssl_protocols TLSv1.2;\ninclude gone.conf;"))
    assert [found.confidence.value for found in report.findings] == ["likely"]
    report = check(server("include gone.conf;"), version="1.22.1")
    assert report.findings == ()
    assert "tls13-missing" in {entry.rule for entry in report.not_evaluated}
