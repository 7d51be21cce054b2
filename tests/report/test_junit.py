"""JUnit's XML: well-formed whatever is in it, its counts right, each name there once and without a line."""

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from msgspec.structs import replace

from mtls_lint.lint.finding import Severity
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.junit import render_junit
from mtls_lint.syntax.source import SourceFile, Span
from report.samples import HOSTILE, RULE, finding, incomplete, paths, report, rules, specials

# What is written of https://github.com/jenkinsci/xunit-plugin, junit-10.xsd.
ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "testcase": {"classname", "name", "file", "line"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
Cases = dict[tuple[str, str], ElementTree.Element]


def cases(shown: Report, least: Severity | None = Severity.WARNING, *, every: bool = False) -> Cases:
    known = rules() if every else [rule for rule in rules() if rule.id in {RULE, "ca-weak-key", "ca-expired"}]
    text = render_junit(shown, known, paths(), least)
    assert text == render_junit(shown, known, paths(), least)
    root = ElementTree.fromstring(text.encode("utf-8"))
    for element in root.iter():
        assert set(element.attrib) <= ALLOWED[element.tag]
    (suite,) = root
    assert {**suite.attrib, "name": "mtls-lint"} == root.attrib
    tests = list(suite.iter("testcase"))
    assert int(suite.attrib["tests"]) == len(tests)
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[name]) == len(list(suite.iter(tag)))
    found = {(test.attrib["classname"], test.attrib["name"]): test for test in tests}
    assert len(found) == len(tests)
    return found


def verdict(test: ElementTree.Element) -> str:
    return test[0].tag if len(test) else "passed"


def test_a_finding_fails_and_other_rules_pass() -> None:
    found = cases(report(), every=True)
    test = found["protocol.tls-legacy-only", "conf/nginx.conf"]
    assert (test.attrib["file"], test.attrib["line"]) == ("conf/nginx.conf", "3")
    (failure,) = test
    assert (failure.tag, failure.attrib["type"]) == ("failure", "error")
    assert failure.attrib["message"] == "the listener is open, TLS was expected, everybody gets in"
    assert (failure.text or "").splitlines() == [
        "conf/nginx.conf:3:3: error",
        "the listener is open, TLS was expected, everybody gets in",
        "this request gets in:",
        "curl -i 'http://a.example.com/x?y=1&z=2'",
        "nginx refuses to start with this",
        "help: write `listen 443 ssl;`",
        "conf/tls.conf:1:1: asked for here",
    ]
    assert verdict(found["trust.ca-weak-key", "not evaluated"]) == "skipped"
    passed = [name for name, test in found.items() if verdict(test) == "passed"]
    assert len(passed) == len(rules()) - 3 + 1
    assert ("mtls-lint.reading", "2 files read") in passed


def test_what_fails_the_run_fails_the_test() -> None:
    shown = report(replace(finding(), severity=Severity.INFO))
    place = ("protocol.tls-legacy-only", "conf/nginx.conf")
    assert verdict(cases(shown)[place]) == "system-out"
    assert verdict(cases(shown, Severity.INFO)[place]) == "failure"
    assert verdict(cases(report(), None)[place]) == "system-out"


def test_findings_of_one_rule_in_one_file_have_names_of_their_own() -> None:
    names = [
        name for group, name in cases(report(finding(), finding())) if group == "protocol.tls-legacy-only"
    ]
    assert names == ["conf/nginx.conf", "conf/nginx.conf (2)"]


def test_a_suppressed_finding_is_skipped_with_its_reason() -> None:
    found = cases(report(replace(finding(), suppressed="agreed in 2026")))
    (skipped,) = found["protocol.tls-legacy-only", "conf/nginx.conf"]
    assert (skipped.tag, skipped.attrib["message"]) == ("skipped", "suppressed: agreed in 2026")


def test_an_incomplete_run_has_errors() -> None:
    found = cases(incomplete())
    assert verdict(found["mtls-lint.reading", "conf/bad.conf"]) == "error"
    assert verdict(found["trust.ca-expired", "the rule crashed"]) == "error"


def test_clean_is_all_passed() -> None:
    assert {verdict(test) for test in cases(Report(), every=True).values()} == {"passed"}


@settings(max_examples=200, deadline=None)
@given(HOSTILE, HOSTILE)
@specials(2)
def test_any_message_comes_out_as_it_is(message: str, name: str) -> None:
    source = SourceFile(re.sub(r"[/\0]", "", name) + "x.conf", "listen 80;")
    shown = report(finding(message=message, span=Span(source, 0, 6)))
    said = visible(" ".join(message.split("\n")))
    (failure,) = cases(shown)["protocol.tls-legacy-only", visible(source.path)]
    assert failure.attrib["message"] == said
    assert (failure.text or "").split("\n")[1] == said
