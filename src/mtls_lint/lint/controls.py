"""Which clauses of a standard hold, which don't, and which nobody has looked at."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from msgspec import Struct

from mtls_lint.lint.finding import Reported
from mtls_lint.lint.profile import Control, Profile, load_profile, profile_names
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report
from mtls_lint.lint.selection import select_rules


class State(Enum):
    """What became of a control."""

    FAILED = "failed"
    NOT_EVALUATED = "not evaluated"
    PASSED = "passed"
    NOT_COVERED = "not covered"


class Assessment(Struct, frozen=True):
    """A control with the rules that look at it, what they found, and why they could not tell."""

    control: Control
    rules: tuple[str, ...]
    findings: tuple[Reported, ...]
    reasons: tuple[str, ...]

    @property
    def state(self) -> State:
        """Failed by any finding, an ignored one too; passed only if every rule ran and could decide."""
        if not self.rules:
            return State.NOT_COVERED
        if self.findings:
            return State.FAILED
        return State.NOT_EVALUATED if self.reasons else State.PASSED


def assess(
    report: Report, known: Sequence[Rule], ran: Sequence[Rule], profile: Profile | None
) -> tuple[Assessment, ...]:
    """All controls of the profile, or without one all that rules declare.

    ``known`` are the rules there are, ``ran`` those that were selected.
    """
    if profile is not None and profile.controls:
        controls = dict.fromkeys(profile.controls, "")
        # What the profile leaves out has no say in its controls.
        known = select_rules(known, profile.select, profile.ignore)
    else:
        controls = declared(known)
    running = {rule.id for rule in ran}
    whole = tuple(_of_the_whole(report))
    found = []
    for control, wanted in controls.items():
        covering = [rule for rule in known if control.covered_by(rule)]
        rules = tuple(rule.id for rule in covering)
        # What a whole family cannot tell is recorded once, in its name.
        about = {*rules, *(rule.family for rule in covering)}
        findings = tuple(one for one in report.findings if one.rule in rules)
        missing = [f"{rule} was not selected" for rule in rules if rule not in running]
        doubts = [f"{one.path}:{one.line}: {one.reason}" for one in report.not_evaluated if one.rule in about]
        if wanted:
            missing.append(f"--profile {wanted} knows all that it asks for")
        found.append(Assessment(control, rules, findings, tuple(dict.fromkeys((*whole, *missing, *doubts)))))
    return tuple(found)


def _of_the_whole(report: Report) -> Iterator[str]:
    """Why no rule can tell: what was not read may hold anything."""
    if not report.servers:
        yield "no server was read"
    harmless = {f"{one.message}. {one.hint}" for one in report.problems if one.harmless}
    for entry in report.not_evaluated:
        if not entry.rule and entry.reason not in harmless:
            yield f"{entry.path}:{entry.line}: {entry.reason}"


def declared(rules: Sequence[Rule]) -> dict[Control, str]:
    """The controls that rules declare, each with the profile that it belongs to, if any.

    Such a profile has parameters and further rules, without which nobody can say that the control holds.
    """
    ids = {control for rule in rules for control in rule.declaration.controls}
    told = {one.id: (one, name) for name in profile_names() for one in load_profile(name).controls}
    return dict(told.get(one, (Control(one), "")) for one in sorted(ids, key=_natural))


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """A key by which 4.1.10 stands behind 4.1.9."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", text)]


def without_control(report: Report, assessments: Sequence[Assessment]) -> tuple[Reported, ...]:
    """The findings that are about none of these controls."""
    told = {id(found) for one in assessments for found in one.findings}
    return tuple(found for found in report.findings if id(found) not in told)
