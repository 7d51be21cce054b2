"""Annotations of GitHub Actions: workflow commands, one on each line.

``ActionCommand`` in https://github.com/actions/runner reads them. Every line here is a command: one that is
none may hold a command of the older form, ``##[command]``, anywhere. The runner keeps the first ten of each
kind from a step, so that the worst come first; all stand in the log.
"""

from collections import Counter
from collections.abc import Iterator

from mtls_lint.lint.finding import Reported, Severity
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.paths import STDIN, Paths
from mtls_lint.report.text import by_file, introduction, unread
from mtls_lint.report.words import counted, summary
from mtls_lint.syntax.source import Span

SHOWN = 10
"""How many annotations of one kind GitHub shows for a step."""

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(report: Report, paths: Paths) -> str:
    """The annotations; nothing at all where there is nothing to say."""
    lines = list(_problems(report, paths))
    kinds = Counter({"error": len(lines)})
    for severity, kind in _KINDS.items():
        kinds[kind] += report.count(severity)
    if kinds.total() or report.not_evaluated:
        lines.append(_overview(report, kinds))
    for severity in _KINDS:
        lines += [
            _finding(reported, paths)
            for reported in by_file(report.findings)
            if reported.severity is severity and reported.suppressed is None
        ]
    return "".join(f"{line}\n" for line in lines)


def _problems(report: Report, paths: Paths) -> Iterator[str]:
    for problem in unread(report):
        path, line = paths.entry(problem.path, 1)
        place = {"file": path, "line": str(line)} if path != STDIN else {}
        if problem.span is not None:
            place = _place(problem.span, paths)
        yield _command("error", {**place, "title": "not read"}, [problem.message, problem.hint])


def _overview(report: Report, kinds: Counter[str]) -> str:
    said = list(summary(report))
    for kind, number in kinds.items():
        # The overview itself is the first of the notices.
        room = SHOWN - 1 if kind == "notice" else SHOWN
        if number > room:
            said.append(f"GitHub shows {room} of {counted(number, kind)}; all are in the log of this step.")
    if report.not_evaluated:
        said.append("--format markdown lists what was not evaluated.")
    return _command("notice", {"title": "mtls-lint"}, said)


def _finding(reported: Reported, paths: Paths) -> str:
    finding = reported.finding
    said = [finding.message]
    if finding.witness is not None:
        said += [f"{introduction(finding.witness)}:", finding.witness.command]
    if finding.fatal:
        said.append("nginx refuses to start with this")
    if finding.remedy:
        said.append(f"help: {finding.remedy}")
    for related in finding.related:
        said.append(f"{paths.place(related.span)}: {related.message}")
    properties = {**_place(finding.span, paths), "title": f"mtls-lint {reported.rule}"}
    return _command(_KINDS[reported.severity], properties, said)


def _place(span: Span, paths: Paths) -> dict[str, str]:
    source = span.source
    path = paths.of(source)
    if path == STDIN:
        return {}
    place = {
        "file": path,
        "line": str(paths.line(source, span.line)),
        "endLine": str(paths.line(source, span.end_line)),
    }
    if span.line == span.end_line:  # GitHub refuses columns of several lines
        place |= {"col": str(span.column), "endColumn": str(span.end_column)}
    return place


def _command(kind: str, properties: dict[str, str], said: list[str]) -> str:
    """One workflow command; the message has a line for each of ``said``."""
    words = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {words}::" + "%0A".join(_data(text) for text in said if text)


def _data(text: str) -> str:
    return visible(" ".join(text.split("\n"))).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
