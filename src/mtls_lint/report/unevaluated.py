"""What was not evaluated, and why: the section that every report has."""

from collections.abc import Collection, Iterator, Sequence

from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible, width, wrap
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.words import counted
from mtls_lint.syntax.tree import Problem

NAMED = 3
"""Rules that are called by name at one place; of more, only their number is said."""
SHOWN = 20
"""Places that are listed unless all are asked for: a copy without its certificates has hundreds."""


def not_evaluated(
    report: Report, columns: int, *, everything: bool, shown: Collection[Problem] = ()
) -> Iterator[Line]:
    """The section: one entry for each place and reason, with the rules it concerns.

    ``shown`` are the problems that stand elsewhere in the report already.
    """
    said = {f"{problem.message}. {problem.hint}" for problem in shown}
    groups: dict[tuple[str, int, str], list[str]] = {}
    for entry in report.not_evaluated:
        if not entry.rule and entry.reason in said:
            continue
        rules = groups.setdefault((entry.path, entry.line, entry.reason), [])
        if entry.rule and entry.rule not in rules:
            rules.append(entry.rule)
    if not groups:
        return
    yield line(Piece("Not evaluated", "strong"))
    listed = list(groups.items())
    # One more line would say no more than the entry itself.
    hidden = listed[SHOWN:] if not everything and len(listed) > SHOWN + 1 else []
    for (path, number, reason), rules in listed[: len(listed) - len(hidden)]:
        head = visible(f"{path}:{number}: ")
        lead: tuple[Piece, ...] = (Piece("  "), Piece(head, "gutter"))
        for part in wrap(
            " ".join(visible(part) for part in reason.split("\n")), columns - 6, width(head) - 4
        ):
            yield line(*lead, part)
            lead = (Piece(" " * 6),)
        for part in wrap(_rules(rules, everything=everything), columns - 6):
            yield line(" " * 6, Piece(part, "weak"))
    if hidden:
        files = {path for (path, _, _), _ in hidden}
        more = f"{counted(len(hidden), 'more place')} in {counted(len(files), 'file')}"
        yield line(f"  and at {more}; -v lists them all")


def _rules(rules: Sequence[str], *, everything: bool) -> str:
    if not rules:
        return "(all rules)"
    if len(rules) > NAMED and not everything:
        return f"({len(rules)} rules)"
    return f"({', '.join(rules)})"
