"""Security levels below 2: where they are in force."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_ciphers HIGH:@SECLEVEL=0;",
            7,
            "error",
            "signed with SHA-1 or MD5",
        ),
        (
            "ssl_ciphers HIGH:@SECLEVEL=1;",
            7,
            "error",
            "RSA keys of 1024 bits are accepted",
        ),
        (
            "ssl_ciphers HIGH:@SECLEVEL=0;\nssl_conf_command CipherString HIGH;",
            7,
            "error",
            "`@SECLEVEL=0` lowers",
        ),
        (
            "ssl_conf_command CipherString HIGH:@SECLEVEL=1;",
            7,
            "error",
            "`@SECLEVEL=1` lowers",
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
        "ssl_ciphers HIGH;",
        "ssl_ciphers HIGH:@SECLEVEL=2;",
        "ssl_ciphers HIGH:@SECLEVEL=0:@SECLEVEL=2;",
        "ssl_ciphers HIGH:@SECLEVEL=0;\nssl_conf_command CipherString HIGH:@SECLEVEL=2;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_the_word_is_shown(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_ciphers HIGH:@SECLEVEL=0;")).findings
    assert found.span.text == "@SECLEVEL=0"


@pytest.mark.parametrize(
    "server",
    [
        "server { listen 80; }",
        "server { listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; "
        "ssl_ciphers HIGH; }",
    ],
)
def test_no_server_takes_it(check: Check, http: Around, server: str) -> None:
    assert check(http(f"ssl_ciphers HIGH:@SECLEVEL=0;\n{server}")).findings == ()
