"""What a template fills in is neither taken nor refused: it is listed as not evaluated."""

import pytest

from mtls_lint.testing import lint_text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("unknown-directive", "server { listen 80; ssl_verify_client ${SSL_VERIFY}; }"),
        ("unknown-directive", "server { listen 80; ssl_verify_depth $DEPTH; }"),
        ("unknown-directive", "server { listen 80; error_page ${CODES} /x; }"),
        ("invalid-location", "server { listen 80; location ${PATH} { return 204; } }"),
        ("regular-expression-refused", "server { listen 80; location ~ ^(${PATHS}$ { return 204; } }"),
    ],
)
def test_a_placeholder_is_not_evaluated(rule: str, text: str) -> None:
    report = lint_text(f"events {{}} http {{ {text} }}", rules=[rule, "invalid-value"])
    assert report.findings == ()
    assert report.not_evaluated


def test_variables_are_welcome_where_nginx_takes_them() -> None:
    text = "events {} http { server { listen 80; return 301 https://$HOST${REQUEST_URI}; } }"
    report = lint_text(text, rules=["unknown-directive", "invalid-value"])
    assert report.findings == ()
    assert [entry for entry in report.not_evaluated if entry.rule] == []
