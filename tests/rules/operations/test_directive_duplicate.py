"""Second occurrences in one block."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_verify_depth 1;\nssl_verify_depth 1;",
            8,
            "error",
            '"ssl_verify_depth" directive is duplicate',
        ),
        (
            "location / {\nroot /a;\nroot /b;\n}",
            9,
            "error",
            '"root"',
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
        "ssl_protocols TLSv1.2;\nssl_protocols TLSv1.3;",
        "ssl_verify_depth 1;\nlocation / {\nroot /a;\n}\nroot /b;",
        "add_header a b;\nadd_header a b;",
        "server_name a;\nserver_name b;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_across_an_include(check: Check, server: Around) -> None:
    text = server("include depth.conf;\nssl_verify_depth 1;")
    (found,) = check(text, files={"depth.conf": "ssl_verify_depth 2;\n"}).findings
    (related,) = found.finding.related
    assert found.span.line == 8
    assert (related.span.line, related.span.path.endswith("depth.conf")) == (1, True)


def test_an_inner_level_overrides(check: Check, http: Around) -> None:
    assert check(http("ssl_verify_depth 2;\nserver { listen 80; ssl_verify_depth 1; }")).findings == ()
