"""Markdown: for a comment on a change, the summary of a job, or a file for an audit.

GitHub Flavored Markdown (https://github.github.com/gfm/) without HTML. Messages have code between backticks,
as the rules write them; everything else in them is shown as it is, whatever it holds.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from mtls_lint.expressions import expression
from mtls_lint.lint.finding import Reported, Severity
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.excerpt import number_width
from mtls_lint.report.lines import plain
from mtls_lint.report.paths import Paths
from mtls_lint.report.text import by_file, excerpts, introduction, marks_of, unread
from mtls_lint.report.unevaluated import NAMED, Place, unevaluated_places
from mtls_lint.report.words import counted, summary

WIDTH = 110

_CODE = expression(r"(`+)(?!`)(.*?)(?<!`)\1(?!`)")
# What Markdown takes for more than itself, a ``$`` of GitHub's mathematics among it.
_SPECIAL = expression(
    r"[\\`*\[\]<>&|~$!]|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.|^[#+=-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]"
)
# GitHub looks for @names and #numbers in what Markdown gives, without backslashes: only code is safe.
_CALLS = expression(r"\S*(?:@|#(?=\d)|GH-\d)\S*")


def render_markdown(report: Report, rules: Sequence[Rule], paths: Paths, *, everything: bool = False) -> str:
    """The report as one document: summary, findings with the worst first, and what was not evaluated.

    ``everything`` names all rules that were not evaluated at a place, however many.
    """
    return "\n\n".join(_parts(report, rules, paths, everything)) + "\n"


def _parts(report: Report, rules: Sequence[Rule], paths: Paths, everything: bool) -> Iterator[str]:
    yield "# mtls-lint"
    yield "\n\n".join(inline(text) for text in summary(report))
    shown = [
        reported
        for severity in Severity
        for reported in by_file(report.findings)
        if reported.severity is severity and reported.suppressed is None
    ]
    if shown:
        yield "\n".join(_table(shown, rules))
    for problem in unread(report):
        yield f"## Not read: {inline(problem.message)}"
        yield code(problem.place if problem.span is None else paths.place(problem.span))
        yield inline(problem.hint)
    for reported in shown:
        yield from _finding(reported, paths)
    hidden = [reported for reported in by_file(report.findings) if reported.suppressed is not None]
    if hidden:
        yield "## Suppressed"
        yield "\n".join(
            f"- {code(paths.place(reported.span))} {code(reported.rule)}: {inline(reported.suppressed or '')}"
            for reported in hidden
        )
    if report.not_evaluated:
        yield "## Not evaluated"
        yield "\n".join(_unevaluated(unevaluated_places(report), paths, everything))


def _table(shown: Sequence[Reported], rules: Sequence[Rule]) -> Iterator[str]:
    titles = {rule.id: rule.title for rule in rules}
    yield "| severity | rule | findings | what it is |"
    yield "|---|---|---|---|"
    for (severity, rule), number in Counter((found.severity, found.rule) for found in shown).items():
        title = inline(titles.get(rule, ""), cell=True)
        yield f"| {severity.value} | {code(rule, cell=True)} | {number} | {title} |"


def _finding(reported: Reported, paths: Paths) -> Iterator[str]:
    finding = reported.finding
    yield f"## {reported.severity.value}: {code(reported.rule)}"
    if (place := paths.place(finding.span)) != str(finding.span):  # otherwise the excerpt names it
        yield code(place)
    yield inline(finding.message)
    marks = marks_of(reported)
    yield fence(plain(excerpts(marks, number_width(marks), WIDTH, "…")), "text")
    if finding.witness is not None:
        said = introduction(finding.witness)
        yield f"{said[:1].upper()}{inline(said[1:])}:"
        yield fence(visible(finding.witness.command), "sh")
    if finding.fatal:
        yield "nginx refuses to start with this."
    if finding.remedy:
        yield f"**Remedy:** {inline(finding.remedy)}"
    facts = [f"Confidence: {reported.confidence.value}"]
    if reported.controls:
        facts.append("controls: " + ", ".join(map(inline, reported.controls)))
    facts.append(f"fingerprint: {code(reported.fingerprint)}")
    yield "; ".join(facts) + "."


def _unevaluated(places: Sequence[Place], paths: Paths, everything: bool) -> Iterator[str]:
    """What has one reason stands together."""
    reasons: dict[str, list[Place]] = {}
    for place in places:
        reasons.setdefault(place.why or place.reason, []).append(place)
    for why, group in reasons.items():
        yield f"- {inline(why)}"
        for place in group:
            path, line = paths.entry(place.path, place.number)
            about = f": {inline(place.about)}" if place.why else ""
            rules = ", ".join(map(code, place.rules)) or "all rules"
            if len(place.rules) > NAMED and not everything:
                rules = counted(len(place.rules), "rule")
            yield f"  - {code(f'{path}:{line}')}{about} ({rules})"


def code(text: str, *, cell: bool = False) -> str:
    """The text as a code span, with as many backticks as it takes; pipes escaped in a table's ``cell``."""
    shown = visible(text)
    if not shown.strip():
        return ""
    ticks = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    # One blank on each side is not part of the code (GFM 6.3).
    blank = " " if shown[0] in "` " or shown[-1] in "` " else ""
    span = f"{ticks}{blank}{shown}{blank}{ticks}"
    return span.replace("|", r"\|") if cell else span


def inline(text: str, *, cell: bool = False) -> str:
    """A message as Markdown: code between backticks is code, and nothing else is more than text."""
    shown = visible(" ".join(text.split())).strip()
    parts = []
    at = 0
    for found in _CODE.finditer(shown):
        parts += [
            _escaped(shown[at : found.start()], start=at == 0, cell=cell),
            code(found[2].strip(), cell=cell),
        ]
        at = found.end()
    parts.append(_escaped(shown[at:], start=at == 0, cell=cell))
    return "".join(parts)


def _escaped(text: str, *, start: bool, cell: bool) -> str:
    """Text without code: ``start`` says that it begins a line."""
    parts = []
    at = 0
    for found in _CALLS.finditer(text):
        parts += [_literal(text[at : found.start()], start=start and at == 0), code(found[0], cell=cell)]
        at = found.end()
    parts.append(_literal(text[at:], start=start and at == 0))
    return "".join(parts)


def _literal(text: str, *, start: bool) -> str:
    # In the middle of a line its first character is none of a line: a letter in front keeps it from matching.
    escaped = _SPECIAL.sub(r"\\\g<0>", text if start else f"x{text}")
    return escaped if start else escaped[1:]


def fence(text: str, language: str) -> str:
    """A block of code: excerpts and commands, no line of which begins with backticks."""
    lines = text.rstrip("\n")
    return f"```{language}\n{lines}\n```"
