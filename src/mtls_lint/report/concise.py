"""One line for each finding: for editors, grep and people in a hurry."""

from collections.abc import Iterator

from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.lines import Line, Piece, line


def concise_lines(report: Report, *, verbosity: int = 0) -> Iterator[Line]:
    """``path:line:column: severity rule message``, then ``path:line: not-evaluated rule reason``.

    A quiet report (``verbosity`` below 0) has the findings alone. An entry that concerns the whole run
    has ``-`` in the place of the rule.
    """
    for reported in report.findings:
        if reported.suppressed is None:
            severity = reported.severity.value
            yield line(
                visible(f"{reported.span}: "),
                Piece(severity, severity),
                visible(f" {reported.rule} {' '.join(reported.finding.message.split())}"),
            )
    for entry in dict.fromkeys(report.not_evaluated) if verbosity >= 0 else ():
        reason = " ".join(entry.reason.split())
        yield line(visible(f"{entry.path}:{entry.line}: not-evaluated {entry.rule or '-'} {reason}"))
