"""Directives that earlier versions do not know yet."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "version", "words"),
    [
        ("server {\nhttp2 on;\n}", "1.25.0", "`http2` in server appeared in 1.25.1"),
        ("server {\nssl_reject_handshake on;\n}", "1.18.0", "appeared in 1.19.4"),
    ],
)
def test_found(check: Check, http: Around, text: str, version: str, words: str) -> None:
    (found,) = check(http(text), version=version).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (4, "error", True)
    assert words in found.finding.message
    assert found.finding.remedy.startswith("run nginx 1.")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("http2 on;", "1.25.1"),
        ("ssl_reject_handshake on;", "1.19.4"),
        ("no_such_directive_here on;", "1.9.0"),
    ],
)
def test_silent(check: Check, http: Around, text: str, version: str) -> None:
    assert check(http(f"server {{ {text} }}"), version=version).findings == ()


def test_a_context_can_be_new(check: Check) -> None:
    text = "events {}\nstream { server {\nssl_reject_handshake on;\n} }\n"
    (found,) = check(text, version="1.22.1").findings
    assert found.span.line == 3
    assert "in stream server appeared in 1.25.5" in found.finding.message


def test_versions_newer_than_the_table(check: Check, http: Around) -> None:
    report = check(http(""), version="99.0.0")
    assert report.findings == ()
    assert ["are not known here" in entry.reason for entry in report.not_evaluated] == [True]
