"""The sentences at the end of a report."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mtls_lint.lint.finding import Severity
from mtls_lint.syntax.tree import ProblemKind

if TYPE_CHECKING:
    from mtls_lint.lint.runner import Report


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary(report: "Report") -> Iterator[str]:
    """What was found, in what, and what was not looked at; then, where there is one, why to distrust it."""
    nouns = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
    found = [
        f"{number} info" if severity is Severity.INFO else counted(number, noun)
        for severity, noun in nouns.items()
        if (number := report.count(severity))
    ]
    scope = f"{counted(report.servers, 'server')}, {counted(report.rules, 'rule')}"
    text = f"{', '.join(found) or 'No findings'} in {counted(report.files, 'file')} ({scope})"
    if report.suppressed:
        text += f"; {report.suppressed} suppressed"
    if report.left_out:
        text += f"; {report.left_out} outside the change left out"
    yield f"{text}; {_not_evaluated(report)}."
    if fixes := _fixes(report):
        yield fixes
    if report.settings.build is not None:
        yield f"Judged as {report.settings.build}."
    if report.baseline is not None and (stale := len(report.baseline.stale)):
        entries = "1 entry" if stale == 1 else f"{stale} entries"
        yield (
            f"{entries} of the baseline {report.baseline.path} no longer found; "
            "`mtls-lint baseline prune` removes them."
        )
    yield from _incomplete(report)


def _fixes(report: "Report") -> str:
    safe, unsafe = report.fixable(safe=True), report.fixable(safe=False)
    ways = []
    if safe:
        ways.append(f"{safe} can be mended by --fix")
    if unsafe:
        ways.append(f"{unsafe} {'more ' if safe else 'can be mended '}by --fix --unsafe-fixes")
    return f"{', '.join(ways)} (--diff shows how)." if ways else ""


def _not_evaluated(report: "Report") -> str:
    if not report.not_evaluated:
        return "everything evaluated"
    places = {(entry.path, entry.line) for entry in report.not_evaluated}
    return f"{counted(len(report.not_evaluated), 'check')} not evaluated at {counted(len(places), 'place')}"


def _incomplete(report: "Report") -> Iterator[str]:
    problems = [problem for problem in dict.fromkeys(report.problems) if not problem.harmless]
    absent = sum(1 for problem in problems if problem.kind is ProblemKind.ABSENT)
    broken = len(problems) - absent
    reasons = [
        reason
        for number, reason in (
            (broken, f"{counted(broken, 'text')} could not be read"),
            (absent, f"{counted(absent, 'include')} absent"),
            (len(report.crashes), f"{counted(len(report.crashes), 'rule')} crashed"),
        )
        if number
    ]
    if report.unreadable and not problems:
        reasons.insert(0, "a certificate file could not be read")
    if reasons:
        yield f"The run is incomplete: {', '.join(reasons)}."
