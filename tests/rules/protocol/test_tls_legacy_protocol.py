"""Versions below 1.2, written or by default."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_protocols TLSv1.1 TLSv1.2;",
            7,
            "error",
            "allows TLSv1.1, which RFC 9325 forbids",
        ),
        (
            "ssl_protocols SSLv3 TLSv1.2;",
            7,
            "error",
            "allows SSLv3, which RFC 9325 forbids: the usual builds of OpenSSL no longer have it",
        ),
        (
            "ssl_protocols TLSv1.1 TLSv1.2;\nssl_ciphers HIGH:@SECLEVEL=0;",
            7,
            "error",
            "security level 0 in the cipher string",
        ),
        (
            "ssl_protocols TLSv1;\nssl_protocols TLSv1.2;",
            7,
            "error",
            "allows TLSv1,",
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
        "ssl_protocols TLSv1 TLSv1.1;",
        "ssl_protocols TLSv1.1 TLSv1.2;\nssl_conf_command MinProtocol TLSv1.2;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


@pytest.mark.parametrize(("version", "lines"), [("1.22.1", [3]), ("1.27.2", [3]), ("1.27.3", [])])
def test_by_default(check: Check, server: Around, version: str, lines: list[int]) -> None:
    findings = check(server(""), version=version).findings
    assert [(found.span.line, found.severity.value) for found in findings] == [
        (line, "warning") for line in lines
    ]
    assert all(f"nginx {version} allows TLSv1 and TLSv1.1" in found.finding.message for found in findings)


def test_by_default_and_speakable(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_ciphers HIGH:@SECLEVEL=0;"), version="1.22.1").findings
    assert found.severity.value == "error"


@pytest.mark.parametrize(
    "text", ["ssl_conf_command MinProtocol TLSv1.2;", "ssl_conf_command Protocol -TLSv1,-TLSv1.1;"]
)
def test_a_command_narrows_the_default(check: Check, server: Around, text: str) -> None:
    assert check(server(text), version="1.22.1").findings == ()


def test_by_default_without_tls(check: Check, http: Around) -> None:
    assert check(http("server { listen 80; }"), version="1.22.1").findings == ()


def test_what_was_not_read_may_say_it(check: Check, server: Around) -> None:
    report = check(server("include gone.conf;"), version="1.22.1")
    assert report.findings == ()
    assert "tls-legacy-protocol" in {entry.rule for entry in report.not_evaluated}


SECOND = """events {{}}
http {{
ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;
server {{ listen 443 ssl; ssl_protocols TLSv1.2; }}
server {{ listen 443 ssl; server_name b.test;
ssl_protocols TLSv1.1 TLSv1.2; {} }}
}}
"""


@pytest.mark.parametrize(
    ("version", "command", "found"),
    [
        ("1.31.3", "", True),
        # Before 1.29.2 the default server's versions are spoken, whatever SNI says.
        ("1.29.1", "", False),
        # Since then its own options count, but not its own MinProtocol (docs/evidence.md: handshake).
        ("1.31.3", "ssl_conf_command MinProtocol TLSv1.2;", True),
        ("1.31.3", "ssl_conf_command Protocol -TLSv1.1;", False),
    ],
)
def test_a_server_that_is_not_the_default(check: Check, version: str, command: str, found: bool) -> None:
    report = check(SECOND.format(command), version=version)
    assert [one.span.line for one in report.findings] == ([6] if found else [])
