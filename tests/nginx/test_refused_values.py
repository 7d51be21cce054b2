"""Configurations that nginx refuses: a decision doubts, and never fails."""

import pytest

from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Decision, Request
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing import lint_text
from mtls_lint.testing.pki import CLOCK

SERVER = """server {{
    listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;
    ssl_client_certificate /pki/root.pem; ssl_verify_client optional;
    {}
}}
"""
WORDS = ("abc", "=abc", "=", "²", "=²", "$code", "-1", "99999", "")
DIRECTIVES = [
    text.format(word, word)
    for word in WORDS
    for text in (
        "error_page 400 404 {} /x;",
        "error_page {} /x;",
        'return "{}";',
        'return "{}" text;',
        'if ($ssl_client_verify != SUCCESS) {{ return "{}"; }}',
        'if ("{}") {{ return 403; }}',
        'rewrite "{}" "{}";',
        'location "{}" {{ proxy_pass http://b; }}',
        'set "{}" x;',
        'ssl_verify_depth "{}";',
        'auth_request "{}";',
        'limit_except "{}";',
        "try_files {};",
        'allow "{}"; deny "{}";',
    )
]


def decided(directives: str, method: str) -> Decision:
    configuration = build(load_text(SERVER.format(directives), "site.conf", context=("http",)))
    connection = Connection("192.0.2.1", 443, "1.3")
    return decide(configuration, connection, Request("a.test", "/x", method), None, CLOCK)


@pytest.mark.parametrize("directives", DIRECTIVES)
def test_decide_and_the_rules_go_on(directives: str) -> None:
    assert decided(directives, "GET").outcome
    assert decided(directives, "TRACE").outcome
    report = lint_text(SERVER.format(directives))
    assert report.crashes == (), [crash.error for crash in report.crashes]
