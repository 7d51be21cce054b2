"""Sockets that two lines want for themselves."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "server { listen 80;\nlisten *:80; }",
            4,
            "error",
            "listens on *:80 twice",
        ),
        (
            "server { listen 80 default_server; }\nserver { listen 80 default_server; }",
            4,
            "error",
            "second default_server",
        ),
        (
            "server { listen 80 reuseport; }\nserver { listen 80 backlog=5; }",
            4,
            "error",
            "socket options in a second server",
        ),
        (
            "server { listen 80 default_server bind; }\nserver { listen 80 default_server bind; }",
            4,
            "error",
            "second default_server",
        ),
        (
            "server { listen 80-82; listen\n81; }",
            3,
            "error",
            "listens on *:81 twice",
        ),
    ],
)
def test_found(check: Check, http: Around, text: str, line: int, severity: str, words: str) -> None:
    (found,) = check(http(text)).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (line, severity, True)
    assert words in found.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "server { listen 80 default_server; listen [::]:80 default_server; }",
        "server { listen 80 reuseport; } server { listen 80; }",
        "server { listen 80; listen 127.0.0.1:80; }",
        "server { listen 80 default_server; } server { listen 81 default_server; }",
        "server { } server { }",
    ],
)
def test_silent(check: Check, http: Around, text: str) -> None:
    report = check(http(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


@pytest.mark.parametrize(
    ("module", "version", "count"), [("stream", "1.22.1", 1), ("stream", "1.25.5", 0), ("mail", "1.30.7", 1)]
)
def test_servers_that_cannot_share(check: Check, module: str, version: str, count: int) -> None:
    text = f"events {{}}\n{module} {{\nserver {{ listen 25; }}\nserver {{ listen 25; }}\n}}\n"
    findings = check(text, version=version).findings
    assert [(found.span.line, found.finding.fatal) for found in findings] == [(4, True)] * count
    assert all(f"two servers of {module}" in found.finding.message for found in findings)


def test_the_first_is_shown(check: Check, http: Around) -> None:
    (found,) = check(
        http("server { listen 80; }\nserver { listen 80 bind; }\nserver { listen 80 bind; }")
    ).findings
    assert found.span.line == 5
    assert [related.span.line for related in found.finding.related] == [4]
