"""The report by controls: what failed, what could not be told, what passed, what nobody looked at."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from mtls_lint.lint.controls import Assessment, State, without_control
from mtls_lint.lint.finding import Reported
from mtls_lint.lint.profile import Profile
from mtls_lint.lint.runner import Report
from mtls_lint.lint.words import listed
from mtls_lint.report.characters import visible, wrap
from mtls_lint.report.json import text as json_text
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.text import one_line, place
from mtls_lint.report.words import counted, summary

REASONS = 3
"""Reasons for one control that are shown; JSON and the list of what was not evaluated have all."""
RULES = 5
"""Rules of a control that passed which are named."""

_STYLES = {
    State.FAILED: "error",
    State.NOT_EVALUATED: "warning",
    State.PASSED: "good",
    State.NOT_COVERED: "weak",
}


class Standing(Struct, frozen=True):
    """The controls that came to one state."""

    state: State
    assessments: tuple[Assessment, ...]


def by_standing(assessments: Sequence[Assessment]) -> Iterator[Standing]:
    """The states with their controls, failed ones first; those without any are left out."""
    for state in State:
        if own := tuple(one for one in assessments if one.state is state):
            yield Standing(state, own)


def standing_counts(assessments: Sequence[Assessment]) -> str:
    """``21 controls: 3 failed, 2 not evaluated, 9 passed, 7 not covered``."""
    counts = {state: sum(1 for one in assessments if one.state is state) for state in State}
    return f"{counted(len(assessments), 'control')}: " + ", ".join(
        f"{count} {state.value}" for state, count in counts.items()
    )


def control_lines(
    report: Report,
    assessments: Sequence[Assessment],
    profile: Profile | None,
    columns: int,
    *,
    verbosity: int = 0,
) -> Iterator[Line]:
    """The report for people; a quiet one (``verbosity`` below 0) ends without the summary."""
    if profile is not None:
        yield from _wrapped("", f"{profile.title} (profile {profile.name})", columns, "strong")
    yield from _wrapped("", f"{standing_counts(assessments)}.", columns)
    told: set[int] = set()
    for standing in by_standing(assessments):
        yield line()
        yield line(Piece(standing.state.value.capitalize(), _STYLES[standing.state]))
        for one in standing.assessments:
            yield from _assessment(one, columns, told)
    if others := [one for one in without_control(report, assessments) if one.suppressed is None]:
        yield line()
        yield line(Piece("Findings of none of these controls", "strong"))
        for found in others:
            yield from _found(found, columns, told)
    if verbosity < 0:
        return
    yield line()
    for text in summary(report):
        yield from _wrapped("", text, columns)


def _assessment(one: Assessment, columns: int, told: set[int]) -> Iterator[Line]:
    control = one.control
    yield from _wrapped("  ", f"{control.id}  {control.title}".rstrip(), columns, "strong")
    if not control.confirmed:
        yield from _wrapped("      ", "(the clause's own text was not available to us)", columns, "weak")
    for found in one.findings:
        yield from _found(found, columns, told)
    if one.state is State.NOT_EVALUATED:
        for reason in one.reasons[:REASONS]:
            yield from _wrapped("      ", one_line(reason), columns)
        if len(one.reasons) > REASONS:
            yield line(f"      and {counted(len(one.reasons) - REASONS, 'more reason')}")
    if one.state is State.PASSED:
        yield from _wrapped("      ", f"by {listed(one.rules, RULES)}", columns, "weak")
    if control.beyond and one.state is not State.NOT_COVERED:
        yield from _wrapped("      ", f"not looked at: {control.beyond}", columns, "weak")


def _found(found: Reported, columns: int, told: set[int]) -> Iterator[Line]:
    """A finding; one that many controls are about is told once, and named further on."""
    severity = found.severity.value
    hidden = " (suppressed)" if found.suppressed is not None else ""
    yield line("      ", Piece(severity, severity), f"[{found.rule}] ", place(found.span), hidden)
    if id(found) not in told:
        told.add(id(found))
        yield from _wrapped("        ", one_line(found.finding.message), columns)


def _wrapped(indent: str, text: str, columns: int, style: str = "") -> Iterator[Line]:
    for part in wrap(visible(text), columns - len(indent)):
        yield line(indent, Piece(part, style))


def controls_data(
    report: Report, assessments: Sequence[Assessment], profile: Profile | None
) -> dict[str, Any]:
    """What the JSON report says of controls beside all else; ``fingerprints`` lead to its findings."""
    return {
        "profile": None if profile is None else profile.name,
        "controls": [
            {
                "control": one.control.id,
                "title": one.control.title,
                "confirmed": one.control.confirmed,
                "state": one.state.value,
                "rules": list(one.rules),
                "fingerprints": [found.fingerprint for found in one.findings],
                "reasons": [json_text(reason) for reason in one.reasons],
                "not_looked_at": one.control.beyond,
            }
            for one in assessments
        ],
        "other_fingerprints": [found.fingerprint for found in without_control(report, assessments)],
    }
