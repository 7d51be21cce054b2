"""GitLab's Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

import hashlib
import json
from collections import Counter
from typing import Any

from mtls_lint.lint.finding import Severity
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.json import text as json_text
from mtls_lint.report.paths import Paths
from mtls_lint.report.text import unread

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}
NOT_READ = "not-read"


def render_gitlab(report: Report, paths: Paths) -> str:
    """A JSON array of issues that ends with a newline.

    A text that could not be read is an issue, too: else what was found in it before would count as mended.
    """
    seen: Counter[tuple[str, str]] = Counter()
    issues = []
    for problem in unread(report):
        path, line = paths.entry(problem.path, 1)
        if problem.span is not None:
            source = problem.span.source
            path, line = paths.of(source), paths.line(source, problem.span.line)
        said = f"{problem.message}. {problem.hint}"
        issues.append(_issue(said, NOT_READ, "blocker", path, line, NOT_READ, seen))
    for reported in report.findings:
        if reported.suppressed is None:
            source = reported.span.source
            path, line = paths.of(source), paths.line(source, reported.span.line)
            remedy = f". Remedy: {reported.finding.remedy}" if reported.finding.remedy else ""
            said = reported.finding.message + remedy
            severity = _SEVERITIES[reported.severity]
            issues.append(_issue(said, reported.rule, severity, path, line, reported.fingerprint, seen))
    return json.dumps(issues, ensure_ascii=False, indent=2) + "\n"


def _issue(
    said: str, check: str, severity: str, path: str, line: int, identity: str, seen: Counter[tuple[str, str]]
) -> dict[str, Any]:
    """One issue. GitLab takes two with one fingerprint for one: file and count tell equals apart."""
    key = (path, identity)
    name = "\0".join((path, identity, str(seen[key])))
    seen[key] += 1
    return {
        "description": visible(" ".join(said.split("\n"))),
        "check_name": json_text(check),
        "fingerprint": hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32],
        "severity": severity,
        "location": {"path": json_text(path), "lines": {"begin": line}},
    }
