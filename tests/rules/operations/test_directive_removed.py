"""Directives that later versions know no more."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "version", "lines"),
    [
        ("spdy_headers_comp 1;", "1.31.3", [3]),
        ("spdy_headers_comp 1;", "1.8.0", []),
        ("server {\nssl on;\n}", "1.31.3", []),  # a finding of ssl-on-removed
        ("gzip on;", "1.31.3", []),
    ],
)
def test_by_version(check: Check, http: Around, text: str, version: str, lines: list[int]) -> None:
    findings = check(http(text), version=version).findings
    assert [(found.span.line, found.finding.fatal) for found in findings] == [(line, True) for line in lines]
    assert all("` was removed in 1." in found.finding.message for found in findings)
