"""Ports and parameters of listen, by module and version."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "listen 443 SSL;",
            7,
            "error",
            "no parameter `SSL`",
        ),
        (
            "listen 443 udp;",
            7,
            "error",
            "no parameter `udp` in http",
        ),
        (
            "listen 443 ssl tls nonsense;",
            7,
            "error",
            "no parameter `tls`",
        ),
        (
            "listen 443 backlog;",
            7,
            "error",
            "no parameter `backlog`",
        ),
        (
            "listen 443 backlog=0;",
            7,
            "error",
            "does not take `backlog=0`",
        ),
        (
            "listen 70000;",
            7,
            "error",
            "no port, or no range",
        ),
        (
            "listen 82-80;",
            7,
            "error",
            "no range of ports",
        ),
        (
            "listen a.example:https;",
            7,
            "error",
            "`https` in `listen a.example:https` is no port",
        ),
        (
            "listen unix:;",
            7,
            "error",
            "names no path",
        ),
        (
            "listen 80\nserver_name a.example;",
            8,
            "error",
            "no parameter `server_name`",
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
        "listen 127.0.0.1;",
        "listen a.example;",
        "listen unix:relative;",
        "listen 80-82 ssl;",
        "listen 80 so_keepalive=30m::10 rcvbuf=8k;",
        "listen 80 quic;",
        "listen ${PORT}x:y;",
        "listen 80 $flags;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    # What a template fills in is said once of the text as a whole, by no rule.
    assert [entry for entry in report.not_evaluated if entry.rule] == []


@pytest.mark.parametrize(
    ("module", "word", "version", "count"),
    [
        ("http", "quic", "1.24.0", 1),
        ("http", "quic", "1.25.0", 0),
        ("http", "spdy", "1.8.0", 0),
        ("stream", "default_server", "1.25.4", 1),
        ("stream", "default_server", "1.25.5", 0),
        ("stream", "udp", "1.22.1", 0),
        ("stream", "http2", "1.22.1", 1),
        ("mail", "default_server", "1.30.7", 1),
        ("mail", "proxy_protocol", "1.30.7", 0),
    ],
)
def test_by_module_and_version(check: Check, module: str, word: str, version: str, count: int) -> None:
    text = f"events {{}}\n{module} {{\nserver {{\nlisten 25 {word};\n}}\n}}\n"
    findings = check(text, version=version).findings
    assert [(found.span.line, found.span.text) for found in findings] == [(4, word)] * count


def test_the_module_of_a_fragment_is_a_guess(check: Check) -> None:
    assert check("server {\n    listen 53 udp;\n}\n").findings == ()
    assert [found.span.line for found in check("server {\n    listen 53 upd;\n}\n").findings] == [2]


def test_the_missing_semicolon(check: Check, server: Around) -> None:
    (found,) = check(server("listen 80\nserver_name a.example;")).findings
    assert "`;` at the end of the line above" in found.finding.remedy
