"""What the tests of this family share."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import lint_text


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Runs the rule that the module of the test is named after."""
    rule = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")

    def run(text: str, **options: object) -> Report:
        report = lint_text(text, rules=[rule], **options)  # type: ignore[arg-type]
        assert report.crashes == ()
        return report

    return run


@pytest.fixture
def server() -> Callable[[str], str]:
    """A TLS server in a whole configuration; what is put into it starts in line 7."""
    return lambda text: (
        "events {}\nhttp {\nserver {\nlisten 127.0.0.1:12345 ssl;\n"
        "ssl_certificate /pki/server.pem;\nssl_certificate_key /pki/server.key;\n" + text + "\n}\n}\n"
    )


@pytest.fixture
def http() -> Callable[[str], str]:
    """A whole configuration; what is put into its http block starts in line 3."""
    return lambda text: f"events {{}}\nhttp {{\n{text}\n}}\n"
