"""What the tests of this family share."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import lint_text

TLS = """\
    ssl_certificate /pki/server.pem;
    ssl_certificate_key /pki/server.key;
"""
CA = "    ssl_client_certificate /pki/root.pem;\n"
PROXY = "    location / { proxy_pass http://127.0.0.1:8080; }\n"

Found = Callable[..., list[tuple[int, str, str]]]


def brief(report: Report) -> list[tuple[int, str, str]]:
    assert report.crashes == ()
    return [(f.span.line, f.severity.value, f.finding.message) for f in report.findings]


@pytest.fixture
def whole() -> Callable[[str], str]:
    """A whole configuration around the content of its http block; the first line of it is line 3."""
    return lambda text: f"events {{}}\nhttp {{\n{text}\n}}\n"


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Runs the rule that the module of the test is named after."""
    rule = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")

    def run(text: str, **options: object) -> Report:
        report = lint_text(text, rules=[rule], **options)  # type: ignore[arg-type]
        assert report.crashes == ()
        return report

    return run
