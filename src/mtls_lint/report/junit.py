"""JUnit's XML, which Jenkins, GitLab and most others show as tests: one or more for each rule that ran.

There is no standard; this is what Jenkins' schema allows (https://github.com/jenkinsci/xunit-plugin,
junit-10.xsd). Names of tests hold no line numbers: a server knows a test again by its class and name.
"""

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from mtls_lint.lint.finding import Reported, Severity
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.paths import Paths
from mtls_lint.report.text import introduction, unread
from mtls_lint.report.unevaluated import unevaluated_places
from mtls_lint.report.words import counted

NAME = "mtls-lint"


def render_junit(report: Report, rules: Sequence[Rule], paths: Paths, least: Severity | None) -> str:
    """The report as an XML document that ends with a newline.

    Findings of ``least`` and worse fail (none where it is None), others are said in tests that pass; what was
    not evaluated, and what is suppressed, is skipped.
    """
    writer = _Writer(report, paths, least)
    writer.reading()
    for rule in rules:
        writer.rule(rule.id, f"{rule.family}.{rule.id.replace('/', '.')}")
    suite = writer.suite
    for name, number in writer.counts.items():
        suite.set(name, str(number))
    root = ElementTree.Element("testsuites", {**suite.attrib, "name": NAME})
    root.append(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


class _Writer:
    """Writes the tests of one suite and counts them."""

    def __init__(self, report: Report, paths: Paths, least: Severity | None) -> None:
        self.report = report
        self.paths = paths
        self.least = least
        self.suite = ElementTree.Element("testsuite", {"name": NAME})
        self.counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        self._names: Counter[tuple[str, str]] = Counter()
        self._findings: dict[str, list[Reported]] = {}
        for reported in report.findings:
            self._findings.setdefault(reported.rule, []).append(reported)
        self._open: dict[str, list[str]] = {}
        for place in unevaluated_places(report):
            path, line = paths.entry(place.path, place.number)
            for rule in place.rules or [""]:
                self._open.setdefault(rule, []).append(f"{path}:{line}: {place.reason}")
        self._crashes = {crash.rule: crash.error for crash in report.crashes}

    def reading(self) -> None:
        """Write what the whole run says: which texts could not be read."""
        group = f"{NAME}.reading"
        broken = unread(self.report)
        for problem in broken:
            path, line = self.paths.entry(problem.path, 1)
            if problem.span is not None:
                path = self.paths.of(problem.span.source)
                line = self.paths.line(problem.span.source, problem.span.line)
            said = [problem.message, problem.hint, f"{path}:{line}"]
            self._verdict(self._test(group, path), "error", "not-read", problem.message, said)
        if open_ := self._open.get(""):
            self._skip(group, open_)
        elif not broken:
            self._test(group, f"{counted(len(self.report.sources), 'file')} read")

    def rule(self, rule: str, group: str) -> None:
        """Write the tests of one rule: one for each finding, or one that passes."""
        for reported in self._findings.get(rule, ()):
            self._finding(group, reported)
        if rule in self._crashes:
            self._verdict(
                self._test(group, "the rule crashed"),
                "error",
                "crash",
                "the rule crashed",
                [self._crashes[rule]],
            )
        elif open_ := self._open.get(rule):
            self._skip(group, open_)
        elif rule not in self._findings:
            self._test(group, "nothing found")

    def _finding(self, group: str, reported: Reported) -> None:
        span, finding = reported.span, reported.finding
        path = self.paths.of(span.source)
        test = self._test(group, path)
        test.set("file", visible(path))
        test.set("line", str(self.paths.line(span.source, span.line)))
        said = [f"{self.paths.place(span)}: {reported.severity.value}", finding.message]
        if finding.witness is not None:
            said += [f"{introduction(finding.witness)}:", finding.witness.command]
        if finding.fatal:
            said.append("nginx refuses to start with this")
        said.append(f"help: {finding.remedy}")
        said += [f"{self.paths.place(related.span)}: {related.message}" for related in finding.related]
        if reported.suppressed is not None:
            self._verdict(test, "skipped", "", f"suppressed: {reported.suppressed}", said)
        elif self.least is not None and reported.severity.rank >= self.least.rank:
            self._verdict(test, "failure", reported.severity.value, finding.message, said)
        else:
            ElementTree.SubElement(test, "system-out").text = _lines(said)

    def _skip(self, group: str, places: Sequence[str]) -> None:
        number = counted(len(places), "place")
        self._verdict(self._test(group, "not evaluated"), "skipped", "", f"not evaluated at {number}", places)

    def _test(self, group: str, name: str) -> ElementTree.Element:
        """A test that passes. Equal names get a number: GitLab takes two tests with one name for one."""
        self.counts["tests"] += 1
        self._names[group, name] += 1
        count = self._names[group, name]
        name = visible(name if count == 1 else f"{name} ({count})")
        return ElementTree.SubElement(self.suite, "testcase", {"classname": visible(group), "name": name})

    def _verdict(
        self, test: ElementTree.Element, verdict: str, kind: str, message: str, said: Sequence[str]
    ) -> None:
        self.counts[{"failure": "failures", "error": "errors"}.get(verdict, verdict)] += 1
        attributes = {"message": _lines([message]), **({"type": kind} if kind else {})}
        ElementTree.SubElement(test, verdict, attributes).text = _lines(said)


def _lines(said: Sequence[str]) -> str:
    """One line each, of characters that print: XML has no form for most others."""
    return "\n".join(visible(" ".join(text.split("\n"))) for text in said)
