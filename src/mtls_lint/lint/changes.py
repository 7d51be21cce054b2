"""A report limited to what a change touches."""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from mtls_lint.lint.finding import Reported
from mtls_lint.lint.runner import Report
from mtls_lint.syntax.source import SourceFile, Span


def limited(report: Report, changed: Callable[[SourceFile], bool], naming: Collection[Span] = ()) -> Report:
    """The report with only those findings that have a place, primary or related, in what has changed.

    ``changed`` says so of texts; ``naming`` are the places that name other files that have changed, such as
    certificates. How many findings were left out is kept; what was not evaluated is as it was.
    """
    findings = tuple(one for one in report.findings if _is_touched(one, changed, naming))
    return replace(report, findings=findings, left_out=report.left_out + len(report.findings) - len(findings))


def _is_touched(reported: Reported, changed: Callable[[SourceFile], bool], naming: Collection[Span]) -> bool:
    places = (reported.span, *(related.span for related in reported.finding.related))
    return any(changed(span.source) or any(_overlap(span, other) for other in naming) for span in places)


def _overlap(one: Span, other: Span) -> bool:
    return one.source is other.source and one.start < other.end and other.start < one.end
