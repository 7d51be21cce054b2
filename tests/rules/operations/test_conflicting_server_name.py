"""Names that two servers of a socket want."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import NginxBinary

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "server { listen 80; server_name a.example; }\nserver { listen 80; server_name A.example; }",
            4,
            "warning",
            "requests for it never come here",
        ),
        (
            "server { listen 80; server_name *.a.example; }\nserver { listen 80; server_name *.a.example; }",
            4,
            "warning",
            "*.a.example on *:80",
        ),
        (
            "server { listen 80; server_name .a.example; }\nserver { listen 80; server_name a.example; }",
            4,
            "warning",
            "(as .a.example)",
        ),
        (
            "server { listen 80; server_name *.a.example; }\nserver { listen 80; server_name .a.example; }",
            4,
            "warning",
            ".a.example on *:80",
        ),
        (
            "server { listen 80; listen [::]:80; server_name a.example; }\n"
            "server { listen 80; listen [::]:80; server_name a.example; }",
            4,
            "warning",
            "on *:80 and [::]:80",
        ),
        (
            "server { listen 80;\nserver_name a.example .a.example; }",
            4,
            "warning",
            "only a.example remains",
        ),
    ],
)
def test_found(check: Check, http: Around, text: str, line: int, severity: str, words: str) -> None:
    (found,) = check(http(text)).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (line, severity, False)
    assert words in found.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "server { listen 80; server_name a.example a.example; }",
        "server { listen 80; server_name .a.example a.example; }",
        'server { listen 80; server_name _ "" ~^a; } server { listen 80; server_name _ "" ~^a; }',
        "server { listen 80; server_name a.example; } server { listen 81; server_name a.example; }",
        "server { listen 80; server_name a.example; } server { listen 80; server_name *.a.example; }",
    ],
)
def test_silent(check: Check, http: Around, text: str) -> None:
    report = check(http(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


TLS = "listen 127.0.0.1:12345 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem; ssl_verify_client on;"


@pytest.mark.parametrize(
    ("first", "second", "severity"), [("", CA, "error"), (CA, "", "warning"), (CA, CA, "warning")]
)
def test_a_requirement_that_is_lost(
    check: Check, http: Around, first: str, second: str, severity: str
) -> None:
    text = http(
        f"server {{ {TLS} server_name a.example; {first} }}\n"
        f"server {{ {TLS} server_name a.example; {second} }}"
    )
    (found,) = check(text).findings
    assert (found.span.line, found.severity.value) == (4, severity)
    assert ("ssl_verify_client on is never in force" in found.finding.message) is (severity == "error")


NAMES = ["a.b.example", "*.b.example", ".b.example", "b.example", "B.example", "a.*", "~^a", "b.example.c"]


@pytest.mark.parametrize("first", NAMES)
def test_nginx_warns_of_the_same(check: Check, http: Around, nginx: NginxBinary, first: str) -> None:
    for second in NAMES:
        text = http(
            f"server {{ listen 127.0.0.1:12345; server_name {first}; }}\n"
            f"server {{ listen 127.0.0.1:12345; server_name {second}; }}"
        )
        warned = "conflicting server name" in nginx.check(text).output
        assert bool(check(text).findings) is warned, second
