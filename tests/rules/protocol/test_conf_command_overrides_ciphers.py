"""CipherString against ssl_ciphers, where both are in force."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_ciphers HIGH;\nssl_conf_command CipherString DEFAULT;",
            8,
            "warning",
            "replaces `ssl_ciphers HIGH`",
        ),
        (
            "ssl_conf_command cipherstring DEFAULT;\nssl_ciphers HIGH;",
            7,
            "warning",
            "applied last",
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
        "ssl_conf_command CipherString DEFAULT;",
        "ssl_ciphers HIGH;\nssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;",
        "ssl_ciphers HIGH;\nssl_conf_command Options -SessionTicket;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


TLS = "listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"


def test_inherited_from_http(check: Check, http: Around) -> None:
    text = http(f"ssl_conf_command CipherString DEFAULT;\nserver {{ {TLS}\nssl_ciphers HIGH; }}")
    (found,) = check(text).findings
    assert found.span.line == 3
    assert [related.span.line for related in found.finding.related] == [5]


def test_a_command_of_the_server_replaces_those_of_http(check: Check, http: Around) -> None:
    server = f"server {{ {TLS} ssl_ciphers HIGH; ssl_conf_command MinProtocol TLSv1.2; }}"
    assert check(http(f"ssl_conf_command CipherString DEFAULT;\n{server}")).findings == ()


def test_without_tls_nothing_is_applied(check: Check, http: Around) -> None:
    text = "server { listen 80; ssl_ciphers HIGH; ssl_conf_command CipherString DEFAULT; }"
    assert check(http(text)).findings == ()


def test_servers_elsewhere(check: Check) -> None:
    report = check("ssl_ciphers HIGH;\nssl_conf_command CipherString DEFAULT;", context=("http",))
    assert report.findings == ()
    assert [entry.line for entry in report.not_evaluated] == [2]
