"""Tables of cases: a configuration, and what one rule says about it."""

from collections.abc import Sequence
from textwrap import dedent

from msgspec import Struct

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.lint.runner import Report
from mtls_lint.testing import lint_text


class Case(Struct, frozen=True):
    """``lines`` are the lines of the findings, in order; empty for a near miss that stays silent.

    ``words`` stand in the message of the first finding (or, when there is none, in the first reason why
    the rule did not decide); ``severity``, ``confidence`` and ``fatal`` are those of the first finding.
    """

    what: str
    text: str
    lines: Sequence[int] = ()
    words: str = ""
    severity: Severity | None = None
    confidence: Confidence | None = None
    fatal: bool | None = None
    witness: str | None = None
    not_evaluated: bool | None = None
    version: str = "1.31.3"
    options: dict[str, object] = {}

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


def check(rule: str, case: Case) -> Report:
    """Run ``rule`` on the case and compare."""
    report = lint_text(dedent(case.text), rules=[rule], version=case.version, **case.options)  # type: ignore[arg-type]
    assert report.crashes == ()
    found = report.findings
    reasons = [entry.reason for entry in report.not_evaluated]
    assert [f.span.line for f in found] == list(case.lines), [f.finding.message for f in found] or reasons
    said = found[0].finding.message if found else " ".join(reasons)
    assert case.words in said
    if case.not_evaluated is not None:
        assert bool(reasons) is case.not_evaluated
    if found:
        first = found[0]
        assert first.finding.remedy
        assert case.severity in {None, first.severity}
        assert case.confidence in {None, first.confidence}
        assert case.fatal in {None, first.finding.fatal}
        if case.witness is not None:
            assert first.finding.witness is not None
            assert first.finding.witness.command == case.witness
    return report
