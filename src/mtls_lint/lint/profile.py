"""Profiles: what a standard asks for, as a selection, severities, parameters and a list of its controls.

Each is a file of ``src/mtls_lint/profiles``; what may stand in it is in docs/profiles.md.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.lint.finding import Reported, Severity
from mtls_lint.lint.requirements import Requirements, requirements
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report

DEFAULT = "default"
_DIRECTORY = Path(__file__).resolve().parent.parent / "profiles"


class ProfileError(ValueError):
    """There is no such profile; the message suggests what was meant."""


class Control(Struct, frozen=True):
    """One clause of a standard.

    ``title`` is what it asks for, in our words. ``rules`` are rules (or patterns) that look at it beside
    those that declare it themselves; ``beyond`` is what of it no rule looks at. ``confirmed`` is False where
    the clause's own text was not available to us.
    """

    id: str
    title: str = ""
    rules: tuple[str, ...] = ()
    beyond: str = ""
    confirmed: bool = True

    def covered_by(self, rule: Rule) -> bool:
        """Whether the rule looks at this clause."""
        declared = self.id in rule.declaration.controls
        return declared or any(fnmatchcase(rule.id, pattern) for pattern in self.rules)


class Profile(Struct, frozen=True):
    """A standard, or a way to be strict.

    ``severity`` holds what findings of a rule are at least, ``least`` what all are. ``sources`` say where the
    clauses are from.
    """

    name: str
    title: str
    text: str
    sources: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    severity: Mapping[str, Severity]
    least: Severity | None
    requirements: Requirements
    controls: tuple[Control, ...]

    def severity_of(self, found: Reported) -> Severity:
        """What a finding is with this profile."""
        at_least = (found.severity, self.severity.get(found.rule), self.least)
        return max((one for one in at_least if one is not None), key=lambda one: one.rank)


def profile_names() -> tuple[str, ...]:
    """All there are, the default one first."""
    names = (path.stem for path in _DIRECTORY.glob("*.json"))
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


@cache
def load_profile(name: str) -> Profile:
    """The profile of that name. Raises ProfileError."""
    names = profile_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        meant = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
        raise ProfileError(f"no profile is called {name!r}; {meant}")
    return _profile(name, json.loads((_DIRECTORY / f"{name}.json").read_text("utf-8")))


def _profile(name: str, data: dict[str, Any]) -> Profile:
    least = data.get("least_severity")
    return Profile(
        name=name,
        title=data["title"],
        text=data["text"],
        sources=tuple(data["sources"]),
        select=tuple(data.get("select", ())),
        ignore=tuple(data.get("ignore", ())),
        severity={rule: Severity(word) for rule, word in data.get("severity", {}).items()},
        least=None if least is None else Severity(least),
        requirements=requirements(name, data.get("parameters", {})),
        controls=tuple(_control(one) for one in data.get("controls", ())),
    )


def _control(data: dict[str, Any]) -> Control:
    return Control(
        data["id"],
        data["title"],
        tuple(data.get("rules", ())),
        data.get("beyond", ""),
        data.get("confirmed", True),
    )


def under_profile(report: Report, profile: Profile, rules: Iterable[Rule]) -> Report:
    """The report with the severities of the profile, and its controls beside those of the rules.

    What the user set for a rule stays.
    """
    controls = {
        rule.id: tuple(one.id for one in profile.controls if one.confirmed and one.covered_by(rule))
        for rule in rules
    }
    return replace(
        report,
        findings=tuple(
            replace(
                found,
                severity=found.severity
                if found.rule in report.settings.severities
                else profile.severity_of(found),
                controls=tuple(dict.fromkeys((*controls.get(found.rule, ()), *found.controls))),
            )
            for found in report.findings
        ),
    )
