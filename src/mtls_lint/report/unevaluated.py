"""What was not evaluated, and why: the section that every report has."""

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible, width, wrap
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.words import counted
from mtls_lint.syntax.tree import Problem

NAMED = 3
"""Rules that are called by name at one place; of more, only their number is said."""
SHOWN = 20
"""Entries that are listed unless all are asked for: a copy without its certificates has hundreds."""


class Place(Struct):
    """One place and reason, with the rules it concerns."""

    path: str
    number: int
    reason: str
    rules: list[str] = []

    @property
    def about(self) -> str:
        """What the reason is about (a file), where it begins with that."""
        return self.reason.partition(": ")[0]

    @property
    def why(self) -> str:
        """The reason without what it is about."""
        return self.reason.partition(": ")[2]


def not_evaluated(
    report: Report, columns: int, *, everything: bool, shown: Collection[Problem] = ()
) -> Iterator[Line]:
    """The section: what has one reason stands together, unless ``everything`` asks for place by place.

    ``shown`` are the problems that stand elsewhere in the report already.
    """
    places = unevaluated_places(report, {f"{problem.message}. {problem.hint}" for problem in shown})
    if not places:
        return
    yield line(Piece("Not evaluated", "strong"))
    if everything:
        for place in places:
            yield from _one(place, columns, everything=True)
        return
    reasons: dict[str, list[Place]] = {}
    for place in places:
        reasons.setdefault(place.why or place.reason, []).append(place)
    left = SHOWN
    for why, group in reasons.items():
        if len(group) == 1:
            yield from _one(group[0], columns, everything=False)
            left -= 1
        else:
            entries = list(_together(group))
            yield from _wrapped("  ", f"{visible(why)}:", columns, 2)
            for entry in entries[: max(left, 1)]:
                yield from _wrapped("      ", entry, columns, 8)
            if len(entries) > max(left, 1):
                more = counted(len(entries) - max(left, 1), "more place")
                yield line(f"      and {more}; -v lists them all")
            left -= len(entries)


def unevaluated_places(report: Report, said: Collection[str] = ()) -> list[Place]:
    """What was not evaluated, each place and reason once; without the reasons that are ``said`` elsewhere."""
    places: dict[tuple[str, int, str], Place] = {}
    for entry in report.not_evaluated:
        if not entry.rule and entry.reason in said:
            continue
        reason = " ".join(visible(part) for part in entry.reason.split("\n"))
        place = places.setdefault((entry.path, entry.line, reason), Place(entry.path, entry.line, reason))
        if entry.rule and entry.rule not in place.rules:
            place.rules.append(entry.rule)
    return list(places.values())


def _together(group: Sequence[Place]) -> Iterator[str]:
    """``path:line, line: file`` for the places of one reason, in their order."""
    numbers: dict[tuple[str, str], list[str]] = {}
    for place in group:
        numbers.setdefault((place.path, place.about if place.why else ""), []).append(str(place.number))
    for (path, about), lines in numbers.items():
        yield visible(f"{path}:{', '.join(dict.fromkeys(lines))}") + (f": {about}" if about else "")


def _one(place: Place, columns: int, *, everything: bool) -> Iterator[Line]:
    head = visible(f"{place.path}:{place.number}: ")
    lead: tuple[Piece, ...] = (Piece("  "), Piece(head, "gutter"))
    for part in wrap(place.reason, columns - 6, width(head) - 4):
        yield line(*lead, part)
        lead = (Piece(" " * 6),)
    for part in wrap(_rules(place.rules, everything=everything), columns - 6):
        yield line(" " * 6, Piece(part, "weak"))


def _wrapped(lead: str, text: str, columns: int, indent: int) -> Iterator[Line]:
    for part in wrap(text, columns - indent, len(lead) - indent):
        yield line(lead, part)
        lead = " " * indent


def _rules(rules: Sequence[str], *, everything: bool) -> str:
    if not rules:
        return "(all rules)"
    if len(rules) > NAMED and not everything:
        return f"({len(rules)} rules)"
    return f"({', '.join(rules)})"
