"""The report for auditors: one page of HTML that needs nothing else."""

import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from os.path import basename
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mtls_lint import __version__
from mtls_lint.lint.controls import Assessment
from mtls_lint.lint.finding import Reported, Severity
from mtls_lint.lint.inventory import Entry, Inventory
from mtls_lint.lint.runner import Report
from mtls_lint.lint.words import minute
from mtls_lint.nginx.matrix_rows import Row
from mtls_lint.report.characters import visible
from mtls_lint.report.controls import Standing, by_standing, standing_counts
from mtls_lint.report.excerpt import Mark, number_width
from mtls_lint.report.inventory import USUAL_HORIZON, ends, facts, place_of, title
from mtls_lint.report.matrix import entries, hole_in_words, socket_in_words, who_in_words
from mtls_lint.report.text import by_file, excerpts, introduction, marks_of, one_line, unread
from mtls_lint.report.unevaluated import Place, unevaluated_places
from mtls_lint.report.words import counted, summary
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import ProblemKind

if TYPE_CHECKING:
    from markupsafe import Markup

    from mtls_lint.report.lines import Line

COLUMNS = 110
"""The width of excerpts, which scroll where the page is narrower."""

USES = 8
"""Places of one object of the inventory that are named."""


class Examined(Struct, frozen=True):
    """One configuration: what it is called, who gets in where, and what it relies on."""

    name: str
    rows: tuple[Row, ...]
    inventory: Inventory


class Circumstances(Struct, frozen=True):
    """How the report came about: the moment it judges, the command line, and the profile's name, if any."""

    now: datetime
    command: str
    profile: str = ""


def render_html(
    report: Report,
    examined: Sequence[Examined],
    circumstances: Circumstances,
    assessments: Sequence[Assessment] = (),
) -> str:
    """The page. Whatever a configuration holds stands in it as text: the templates escape everything."""
    # Only here: no other format needs the engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = one_line
    environment.filters["prose"] = _prose
    shown = [found for found in by_file(report.findings) if found.suppressed is None]
    hidden = [found for found in by_file(report.findings) if found.suppressed is not None]
    anchors = {id(found): f"finding-{number}" for number, found in enumerate((*shown, *hidden), 1)}
    names = [one.name for one in examined] or [source.path for source in report.sources]
    page = environment.get_template("audit.html.j2").render(
        title=f"mTLS audit: {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}",
        verdict=list(summary(report)),
        incomplete=report.unreadable or bool(report.crashes),
        counts=[(severity.value, report.count(severity)) for severity in Severity],
        suppressed_count=len(hidden),
        not_evaluated_count=len(report.not_evaluated),
        circumstances=list(_circumstances(report, circumstances)),
        problems=list(_problems(report)),
        findings=[_finding(found, anchors) for found in shown],
        overview=[
            _finding(found, anchors) for found in sorted(shown, key=lambda found: -found.severity.rank)
        ],
        suppressed=[_finding(found, anchors) for found in hidden],
        configurations=[_configuration(one) for one in examined],
        horizon=USUAL_HORIZON.days,
        controls=[_standing(one, anchors) for one in by_standing(assessments)],
        control_counts=standing_counts(assessments),
        not_evaluated=[_unevaluated(one) for one in unevaluated_places(report)],
        sources=[_source(source) for source in report.sources],
    )
    return page.rstrip("\n") + "\n"


def _prose(text: str) -> "Markup":
    """A sentence in one line, escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - with the engine

    parts = one_line(text).split("`")
    if len(parts) % 2 == 0:  # a backtick of the configuration's own
        return escape(one_line(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def _circumstances(report: Report, circumstances: Circumstances) -> Iterator[tuple[str, str]]:
    settings = report.settings
    yield "Judged at", minute(circumstances.now)
    told = "" if settings.version_told else " (assumed: the newest stable version; nobody said which it is)"
    yield "nginx", str(settings.build) if settings.build is not None else f"{settings.nginx_version}{told}"
    if circumstances.profile:
        yield "Profile", circumstances.profile
    yield "Rules", f"{report.rules}, applied to {counted(report.servers, 'server')}"
    yield "Made by", f"mtls-lint {__version__}, Python {platform.python_version()}"
    yield "Command", visible(circumstances.command)


def _problems(report: Report) -> Iterator[dict[str, Any]]:
    for problem in unread(report):
        lines: list[Line] = []
        if problem.span is not None:
            mark = Mark(problem.span, "^", "error mark")
            lines = list(excerpts([mark], number_width([mark]), COLUMNS, "…"))
        yield {"message": problem.message, "hint": problem.hint, "place": problem.place, "lines": lines}
    for problem in report.problems:
        if problem.kind is ProblemKind.ABSENT and not problem.harmless:
            yield {"message": problem.message, "hint": problem.hint, "place": problem.place, "lines": []}


def _finding(found: Reported, anchors: Mapping[int, str]) -> dict[str, Any]:
    finding = found.finding
    marks = marks_of(found)
    return {
        "anchor": anchors[id(found)],
        "rule": found.rule,
        "severity": found.severity.value,
        "confidence": found.confidence.value,
        "message": finding.message,
        "place": str(found.span),
        "lines": list(excerpts(marks, number_width(marks), COLUMNS, "…")),
        "witness": finding.witness.command if finding.witness is not None else "",
        "introduction": introduction(finding.witness) if finding.witness is not None else "",
        "fatal": finding.fatal,
        "remedy": finding.remedy,
        "controls": found.controls,
        "fingerprint": found.fingerprint,
        "suppressed": found.suppressed,
    }


def _configuration(examined: Examined) -> dict[str, Any]:
    return {
        "name": examined.name,
        "sockets": _sockets(examined.rows),
        "entries": [_entry(entry, examined.inventory.now) for entry in examined.inventory.entries],
        "not_read": [
            {"path": one.path, "reason": one.reason, "uses": [place_of(use) for use in one.uses[:USES]]}
            for one in examined.inventory.not_read
        ],
    }


def _sockets(rows: Sequence[Row]) -> list[tuple[str, list[dict[str, Any]]]]:
    sockets: dict[object, tuple[str, list[dict[str, Any]]]] = {}
    for row, places in entries(rows):
        group = sockets.setdefault(row.socket, (socket_in_words(row), []))
        group[1].append(
            {
                "names": " ".join(str(name) for name in row.server.names) or "(no name)",
                "places": places,
                "who": who_in_words(row.who),
                "open": row.who.kind in {"anyone", "any certificate"},
                "by": f"{basename(row.by.path)}:{row.by.line}" if row.by is not None else "",
                "holes": [hole_in_words(hole) for hole in row.holes],
                "uncertain": row.uncertain,
            }
        )
    return list(sockets.values())


def _entry(entry: Entry, now: datetime) -> dict[str, Any]:
    when, style = ends(entry, now, USUAL_HORIZON)
    left = entry.fails_in(now)
    return {
        "title": title(entry),
        "when": "" if entry.not_before is None and entry.not_after is None and entry.opened else when,
        "style": style.partition(" ")[0],
        "bar": None if left is None or not entry.opened else _percent(left),
        "longer": left is not None and left > USUAL_HORIZON,
        "facts": list(facts(entry)),
        "uses": [f"{use.role}: {place_of(use.file)}" for use in entry.uses[:USES]],
        "more": max(len(entry.uses) - USES, 0),
    }


def _percent(left: timedelta) -> int:
    """How much of the horizon is left; at least something shows of what has not ended."""
    if left <= timedelta():
        return 0
    return max(1, min(100, round(left / USUAL_HORIZON * 100)))


def _standing(one: Standing, anchors: Mapping[int, str]) -> dict[str, Any]:
    return {
        "word": one.state.value,
        "controls": [
            {
                "control": assessment.control,
                "rules": assessment.rules,
                "findings": [
                    (anchors[id(found)], found.rule, str(found.span), found.suppressed)
                    for found in assessment.findings
                ],
                "reasons": assessment.reasons,
            }
            for assessment in one.assessments
        ],
    }


def _unevaluated(place: Place) -> dict[str, Any]:
    return {
        "place": f"{place.path}:{place.number}",
        "reason": place.reason,
        "rules": place.rules,
    }


def _source(source: SourceFile) -> tuple[str, int, str]:
    data = source.text.encode("utf-8", "surrogateescape")
    lines = source.text.count("\n") + (not source.text.endswith("\n"))
    return source.path, lines, hashlib.sha256(data).hexdigest()
