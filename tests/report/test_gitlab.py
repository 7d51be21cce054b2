"""GitLab's Code Quality report: what its format asks for, and identities that are told apart."""

import json
from typing import Any

from hypothesis import given, settings
from msgspec.structs import replace

from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.gitlab import render_gitlab
from mtls_lint.syntax.source import SourceFile, Span
from report.samples import HOSTILE, finding, incomplete, paths, report, specials

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def issues(shown: Report) -> list[dict[str, Any]]:
    text = render_gitlab(shown, paths())
    assert text == render_gitlab(shown, paths())
    found: list[dict[str, Any]] = json.loads(text.encode("utf-8"))
    for issue in found:
        assert list(issue) == ["description", "check_name", "fingerprint", "severity", "location"]
        assert issue["severity"] in SEVERITIES
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith("./")
    assert len({issue["fingerprint"] for issue in found}) == len(found)
    return found


def test_a_finding() -> None:
    (issue,) = issues(report())
    assert issue["check_name"] == "tls-legacy-only"
    assert issue["severity"] == "critical"
    assert issue["location"] == {"path": "conf/nginx.conf", "lines": {"begin": 3}}
    assert issue["description"].endswith("everybody gets in. Remedy: write `listen 443 ssl;`")


def test_clean_is_an_empty_array_and_suppressed_is_left_out() -> None:
    assert issues(Report()) == []
    assert issues(report(replace(finding(), suppressed="agreed"))) == []


def test_what_could_not_be_read_is_an_issue() -> None:
    first, second = issues(incomplete())
    assert (first["check_name"], first["severity"]) == ("not-read", "blocker")
    assert first["location"]["path"] == "conf/bad.conf"
    assert second["check_name"] == "tls-legacy-only"


def test_equal_findings_are_told_apart_and_keep_their_identity_when_lines_move() -> None:
    moved = SourceFile("conf/nginx.conf", "# a line more\n" * 5 + "listen 80;\n")
    one, two = issues(report(finding(), finding()))
    assert one["fingerprint"] != two["fingerprint"]
    (again,) = issues(report(finding(span=Span(moved, 70, 80))))
    assert again["fingerprint"] == one["fingerprint"]
    other = SourceFile("conf/other.conf", "listen 80;\n")
    (elsewhere,) = issues(report(finding(span=Span(other, 0, 9))))
    assert elsewhere["fingerprint"] not in {one["fingerprint"], two["fingerprint"]}


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
@specials()
def test_any_message_comes_out_as_it_is(message: str) -> None:
    (issue,) = issues(report(finding(message=message, remedy="")))
    assert issue["description"] == visible(" ".join(message.split("\n")))
