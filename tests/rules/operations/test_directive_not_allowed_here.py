"""Directives in blocks that do not take them."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import lint_text

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "location / {\nssl_verify_client on;\n}",
            8,
            "error",
            "before any location is chosen",
        ),
        (
            "location / {\nif ($host) {\nssl_verify_client on;\n}\n}",
            9,
            "error",
            "before any if is chosen",
        ),
        (
            "location / {\nlimit_except GET {\nssl_client_certificate x;\n}\n}",
            9,
            "error",
            "before any limit_except is chosen",
        ),
        (
            "worker_processes 1;",
            7,
            "error",
            "`worker_processes` is not allowed in server",
        ),
        (
            "if ($host) {\ndeny all;\n}",
            8,
            "error",
            "`deny` is not allowed in server if",
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
        "location / {\nproxy_ssl_verify on;\nallow all;\n}",
        "location / {\nif ($host) {\nreturn 204;\n}\n}",
        "location / {\ncontent_by_lua_block { ssl_verify_client on }\n}",
        "location / {\nssl on;\n}",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_rows_are_no_directives(check: Check, http: Around) -> None:
    assert check(http("map $host $a {\nssl_verify_client on;\n}")).findings == ()


def test_the_location_of_a_fragment_is_certain(check: Check) -> None:
    (found,) = check("location / {\n    ssl_verify_client on;\n}").findings
    assert (found.span.line, found.finding.fatal) == (2, True)


def test_what_a_fragment_is_included_in_is_not_known(check: Check) -> None:
    report = check("listen 80;\nssl_verify_client on;\nlocation / {\n}\n")
    assert report.findings == ()


def test_ssl_has_a_rule_of_its_own(server: Around) -> None:
    text = server("location / {\nssl on;\n}")
    rules = ["directive-not-allowed-here", "directive-removed", "ssl-on-removed"]
    for version in ("1.22.1", "1.31.3"):
        assert [found.rule for found in lint_text(text, rules=rules, version=version).findings] == [
            "ssl-on-removed"
        ]
