"""Texts that nginx cannot read."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("server {\n    listen 80;\n    location / {\n    }\n", 5, 'the file ends with 1 "}" missing'),
        ("server {\n    listen 80\n}\n", 3, '"listen 80" has no ";"'),
        ("server {\n    listen 80;\n}\n}\n", 4, "no block is open"),
        ("server {\n    return 200 'a;\n}\n", 2, "never closed"),
        ("return 200 'a'b;\n", 1, "a quoted word is directly followed"),
        ("include d;\n", 1, "is a directory"),
        ("\ninclude self.conf;\n", 1, "closes a loop"),
    ],
)
def test_found(check: Check, text: str, line: int, words: str) -> None:
    report = check(text, files={"d/x": "", "self.conf": "include self.conf;\n"})
    (found,) = report.findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (line, "error", True)
    assert words in found.finding.message
    assert report.unreadable


@pytest.mark.parametrize(
    "text",
    [
        "server { return 200 'a;} {'; } # }\n",
        'server { return 200 "a\nb"; }\n',
        "server { return 200 a\\;b; }\n",
        "server { return 200 ${host}; }\n",
        "# nothing\n",
    ],
)
def test_silent(check: Check, text: str) -> None:
    report = check(text)
    assert (report.findings, report.problems) == ((), ())


def test_an_include_that_is_absent_is_unread_not_refused(check: Check) -> None:
    report = check("include gone.conf;\n")
    assert report.findings == ()
    assert report.unreadable


def test_in_an_included_file(check: Check) -> None:
    (found,) = check("include bad.conf;\n", files={"bad.conf": "\nlisten 80\n"}).findings
    assert found.span.path.endswith("bad.conf")
