"""Whose ssl_protocols counts on a socket below 1.29.2."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]

TLS = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"


def two(first: str, second: str, port: int = 443) -> str:
    return (
        f"server {{ listen 443 ssl; server_name a.example; {TLS}\n{first} }}\n"
        f"server {{ listen {port} ssl; server_name b.example; {TLS}\n{second} }}"
    )


@pytest.mark.parametrize(
    ("first", "second", "version", "line", "words"),
    [
        (
            "ssl_protocols TLSv1.2;",
            "ssl_protocols TLSv1.3;",
            "1.22.1",
            6,
            "clients of this server get TLSv1.2",
        ),
        ("", "ssl_protocols TLSv1.3;", "1.29.1", 6, "get TLSv1.2 TLSv1.3"),
        ("ssl_protocols TLSv1.3;", "", "1.22.1", 4, "hold for b.example:443 too"),
    ],
)
def test_found(
    check: Check, http: Around, first: str, second: str, version: str, line: int, words: str
) -> None:
    (found,) = check(http(two(first, second)), version=version).findings
    assert (found.span.line, found.severity.value, found.confidence.value) == (line, "warning", "certain")
    assert words in found.finding.message


@pytest.mark.parametrize(
    ("first", "second", "version", "port"),
    [
        ("ssl_protocols TLSv1.2;", "ssl_protocols TLSv1.3;", "1.29.2", 443),
        ("ssl_protocols TLSv1.2;", "ssl_protocols TLSv1.3;", "1.22.1", 444),
        ("ssl_protocols TLSv1.2;", "ssl_protocols TLSv1.2;", "1.22.1", 443),
        ("", "ssl_protocols TLSv1.2 TLSv1.1 TLSv1;", "1.22.1", 443),
    ],
)
def test_silent(check: Check, http: Around, first: str, second: str, version: str, port: int) -> None:
    assert check(http(two(first, second, port)), version=version).findings == ()


def test_in_a_fragment_the_default_server_may_be_elsewhere(check: Check) -> None:
    text = two("ssl_protocols TLSv1.2;", "ssl_protocols TLSv1.3;")
    (found,) = check(text, version="1.22.1").findings
    assert (found.span.line, found.confidence.value) == (4, "likely")
