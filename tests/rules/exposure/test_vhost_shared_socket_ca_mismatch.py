"""Different CAs behind one socket: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"


def server(name: str, ca: str, mode: str = "on", more: str = "", listen: str = "443 ssl") -> str:
    """One server, on one line."""
    directives = f"listen {listen}; server_name {name}; {PAIR} ssl_client_certificate {ca};"
    return f"server {{ {directives} ssl_verify_client {mode}; {more} {PROXY} }}"


A, B = "/pki/root.pem", "/pki/other-root.pem"
RULE = "vhost-shared-socket-ca-mismatch"
CASES = [
    Case(
        "two CAs",
        "\n".join([server("a.test", A), server("b.test", B)]),
        [1],
        "b.test:443",
        Severity.ERROR,
        Confidence.CERTAIN,
    ),
    Case(
        "three servers are one finding",
        "\n".join([server("a.test", A), server("b.test", B), server("c.test", B)]),
        [1],
        "b.test:443 and c.test:443",
    ),
    Case(
        "absent files probably differ",
        "\n".join([server("a.test", "/x/a.pem"), server("b.test", "/x/b.pem")]),
        [1],
        confidence=Confidence.LIKELY,
    ),
    Case("one CA", "\n".join([server("a.test", A), server("b.test", A)])),
    Case(
        "the same CA in two files",
        "\n".join([server("a.test", A), server("b.test", "/pki/duplicate-root.pem")]),
    ),
    Case(
        "the default trusts less",
        "\n".join([server("a.test", A), server("b.test", A, more=f"ssl_trusted_certificate {B};")]),
    ),
    Case(
        "the default trusts more",
        "\n".join([server("a.test", A, more=f"ssl_trusted_certificate {B};"), server("b.test", A)]),
        [1],
    ),
    Case(
        "handshakes are rejected",
        "\n".join(
            [
                "server { listen 443 ssl default_server; ssl_reject_handshake on; }",
                server("a.test", A),
                server("b.test", B),
            ]
        ),
    ),
    Case("the default asks nobody", "\n".join([server("a.test", A, mode="off"), server("b.test", B)])),
    Case(
        "addresses of their own",
        "\n".join(
            [server("a.test", A, listen="192.0.2.1:443 ssl"), server("b.test", B, listen="192.0.2.2:443 ssl")]
        ),
    ),
    Case("nothing to enter", "\n".join([server("a.test", A), server("b.test", B, more="return 403;")])),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(RULE, case)
