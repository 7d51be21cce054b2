"""The report for people."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from mtls_lint.lint.finding import Compared, Reported, Severity, StreamWitness, Witness
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible, width, wrap
from mtls_lint.report.excerpt import Mark, excerpt, number_width
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.unevaluated import not_evaluated
from mtls_lint.report.words import summary
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Problem, ProblemKind

NARROWEST = 40
WIDEST = 120
"""Longer lines are hard to read, however wide the terminal is."""


class TextReport:
    """Turns a report into lines.

    ``columns`` is the width to write for; ``verbosity`` 1 shows all that is summed up otherwise, -1 the
    findings alone; ``dots`` stands for text that was left out.
    """

    def __init__(self, *, columns: int = 80, verbosity: int = 0, dots: str = "...") -> None:
        self.columns = min(max(columns, NARROWEST), WIDEST)
        self.verbosity = verbosity
        self.dots = dots

    def lines(self, report: Report) -> Iterator[Line]:
        """The whole report."""
        broken = unread(report)
        for problem in broken:
            yield from self._problem(problem)
            yield line()
        for finding in by_file(report.findings):
            if finding.suppressed is None:
                yield from self._finding(finding)
                yield line()
        if self.verbosity < 0:
            return
        if self.verbosity > 0:
            yield from self._suppressed(report)
        if report.baseline is not None and report.baseline.stale:
            yield from self._stale(report.baseline)
        told = [problem for problem in report.problems if problem.kind is not ProblemKind.ABSENT]
        section = list(not_evaluated(report, self.columns, everything=self.verbosity > 0, shown=told))
        if section:
            yield from section
            yield line()
        yield from self._summary(report)

    def _finding(self, reported: Reported) -> Iterator[Line]:
        severity = reported.severity.value
        finding = reported.finding
        head = f"{severity}[{reported.rule}]: "
        yield from self._wrapped(
            finding.message,
            (Piece(severity, severity), Piece(f"[{reported.rule}]: ", "strong")),
            indent=2,
            first=width(head) - 2,
            style="strong",
        )
        marks = marks_of(reported)
        gutter = number_width(marks)
        yield from excerpts(marks, gutter, self.columns, self.dots)
        if finding.witness is not None:
            yield self._note(gutter, f"{introduction(finding.witness)}:")
            # Never wrapped: it is there to be copied.
            yield line(" " * (gutter + 5), Piece(visible(finding.witness.command), "strong"))
        if finding.fatal:
            yield self._note(gutter, "nginx refuses to start with this")
        if reported.confidence.value != "certain":
            yield self._note(gutter, f"confidence: {reported.confidence.value}")
        yield from self._help(gutter, finding.remedy)

    def _problem(self, problem: Problem) -> Iterator[Line]:
        head = Piece("not read: ", "error")
        yield from self._wrapped(
            problem.message, (head,), indent=2, first=width(head.text) - 2, style="strong"
        )
        if problem.span is None:
            gutter = 1
            yield line(Piece("  --> ", "gutter"), visible(problem.path))
        else:
            mark = Mark(problem.span, "^", "error mark")
            gutter = number_width([mark])
            yield from excerpts([mark], gutter, self.columns, self.dots)
        yield from self._help(gutter, problem.hint)

    def _note(self, gutter: int, text: str) -> Line:
        return line(Piece(" " * gutter + " = ", "gutter"), text)

    def _help(self, gutter: int, text: str) -> Iterator[Line]:
        if text:
            yield from self._wrapped(
                text,
                (Piece(" " * gutter + " = ", "gutter"), Piece("help: ", "help")),
                indent=gutter + 3,
                first=len("help: "),
            )

    def _wrapped(
        self, text: str, head: tuple[Piece, ...], *, indent: int, first: int, style: str = ""
    ) -> Iterator[Line]:
        """``text`` behind ``head``, its further lines indented; ``first`` cells of the first are taken."""
        for part in wrap(one_line(text), self.columns - indent, first):
            yield line(*head, Piece(part, style))
            head = (Piece(" " * indent),)

    def _suppressed(self, report: Report) -> Iterator[Line]:
        hidden = [finding for finding in by_file(report.findings) if finding.suppressed is not None]
        if not hidden:
            return
        yield line(Piece("Suppressed", "strong"))
        for finding in hidden:
            yield line("  ", place(finding.span), f": {finding.rule}")
            for part in wrap(one_line(finding.suppressed or "no reason given"), self.columns - 6):
                yield line(" " * 6, Piece(part, "weak"))
        yield line()

    def _stale(self, compared: Compared) -> Iterator[Line]:
        yield line(Piece("No longer found", "strong"))
        for entry in compared.stale:
            yield line("  ", visible(f"{entry.file}: {entry.rule} ({entry.fingerprint})"))
            for part in wrap(one_line(entry.message), self.columns - 6):
                yield line(" " * 6, Piece(part, "weak"))
        yield line()

    def _summary(self, report: Report) -> Iterator[Line]:
        found = any(report.count(severity) for severity in Severity)
        style = "" if found or report.not_evaluated or report.unreadable else "good"
        for text in summary(report):
            for part in wrap(text, self.columns):
                yield line(Piece(part, style))
            style = "error"


def marks_of(reported: Reported) -> list[Mark]:
    """What to mark for a finding: its own place first."""
    finding = reported.finding
    primary = Mark(finding.span, "^", f"{reported.severity.value} mark")
    return [primary, *(Mark(other.span, "-", "related mark", other.message) for other in finding.related)]


def excerpts(marks: Sequence[Mark], gutter: int, columns: int, dots: str) -> Iterator[Line]:
    """The excerpts: first that of the primary place's file, then one for each other file."""
    groups: dict[SourceFile, list[Mark]] = {}
    for mark in marks:
        groups.setdefault(mark.span.source, []).append(mark)
    arrow = "--> "
    for group in groups.values():
        yield line(Piece(" " * gutter + arrow, "gutter"), place(group[0].span))
        yield from excerpt(group, gutter, columns, dots)
        arrow = "::: "


def introduction(witness: Witness | StreamWitness) -> str:
    """What to say in front of the command of a witness."""
    sent = "connection" if isinstance(witness, StreamWitness) else "request"
    if witness.outcome == "response":
        return f"this {sent} gets in"
    return f"this {sent} shows it ({witness.outcome})"


def by_file(findings: Iterable[Reported]) -> Iterator[Reported]:
    """The findings, those of one file together, the files in the order in which they first come."""
    groups: dict[str, list[Reported]] = {}
    for path, group in groupby(findings, key=lambda finding: finding.span.path):
        groups.setdefault(path, []).extend(group)
    for found in groups.values():
        yield from found


def unread(report: Report) -> tuple[Problem, ...]:
    """The problems to show with an excerpt: texts that could not be read, and no finding says it."""
    told = {(found.span.source, found.span.start) for found in report.findings if found.finding.fatal}
    return tuple(
        dict.fromkeys(
            problem
            for problem in report.problems
            if problem.kind is not ProblemKind.ABSENT
            and not problem.harmless
            and (problem.span is None or (problem.span.source, problem.span.start) not in told)
        )
    )


def place(span: Span) -> Piece:
    """``file:line:column``, linked to the file."""
    return Piece(visible(str(span)), "", "" if span.path == "-" else span.source.real_path)


def one_line(text: str) -> str:
    """A message in one line, safe to show."""
    return visible(" ".join(text.split("\n")))
