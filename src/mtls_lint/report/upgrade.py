"""What an upgrade changes: for people, and as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mtls_lint.lint.finding import Reported
from mtls_lint.lint.upgrade import Upgrade
from mtls_lint.nginx.differences import Access, Difference, Kind
from mtls_lint.report.characters import visible, wrap
from mtls_lint.report.json import text as json_text
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.matrix import hole_in_words, who_in_words
from mtls_lint.report.words import counted

VERSION = 1

_HEADINGS = {
    Kind.START: "Whether nginx starts",
    Kind.PROTOCOLS: "TLS versions",
    Kind.ACCESS: "Who gets in",
    Kind.TRUST: "What clients are verified with",
    Kind.SESSIONS: "TLS sessions",
    Kind.UPSTREAM: "Towards upstreams",
}


def upgrade_lines(upgrade: Upgrade, columns: int) -> Iterator[Line]:
    """The changes by what they are about, then findings, notes, and what was not compared."""
    for kind, heading in _HEADINGS.items():
        own = [one for one in upgrade.differences if one.kind is kind]
        if own:
            yield line(Piece(heading, "strong"))
            for one in own:
                yield from _difference(upgrade, one, columns)
            yield line()
    for heading, found in (("New findings", upgrade.appearing), ("Findings that go", upgrade.going)):
        if found:
            yield line(Piece(heading, "strong"))
            for reported in found:
                yield from _finding(reported, columns)
            yield line()
    if upgrade.notes:
        yield line(Piece("For every configuration", "strong"))
        for note in upgrade.notes:
            yield from _wrapped("  - ", visible(note), columns, 4)
        yield line()
    if upgrade.not_compared:
        yield line(Piece("Not compared", "strong"))
        for doubt in upgrade.not_compared:
            place = visible(f"{doubt.span.path}:{doubt.span.line}")
            yield from _wrapped("  ", f"{place}: {visible(doubt.reason)}", columns, 6)
        yield line()
    yield from _wrapped("", _summary(upgrade), columns, 0)


def _summary(upgrade: Upgrade) -> str:
    what = f"nginx {upgrade.old} and {upgrade.new}"
    number = len(upgrade.differences)
    said = f"{what} differ in {counted(number, 'thing')}" if number else f"{what} do the same"
    said += " with this configuration"
    changed = len(upgrade.appearing), len(upgrade.going)
    if any(changed):
        said += f"; {counted(changed[0], 'new finding')}, {counted(changed[1], 'finding')} less"
    if upgrade.not_compared:
        said += f"; {counted(len(upgrade.not_compared), 'thing')} not compared"
    return said + ("." if upgrade.complete else "; not everything could be read.")


def _difference(upgrade: Upgrade, one: Difference, columns: int) -> Iterator[Line]:
    place = f"{one.span.path}:{one.span.line}: " if one.span is not None else ""
    yield from _wrapped("  ", visible(place + one.where), columns, 6)
    width = max(len(str(upgrade.old)), len(str(upgrade.new)))
    for version, answer, style in ((upgrade.old, one.before, ""), (upgrade.new, one.after, "warning")):
        for words in _words(answer):
            yield from _wrapped(f"      {version!s:<{width}}  ", visible(words), columns, width + 8, style)
    if one.why:
        yield from _wrapped(" " * 6, f"({visible(one.why)})", columns, 6, "weak")


def _words(answer: str | Access) -> Sequence[str]:
    if isinstance(answer, str):
        return (answer,)
    return (who_in_words(answer.who), *(f"hole: {hole_in_words(hole)}" for hole in answer.holes))


def _finding(reported: Reported, columns: int) -> Iterator[Line]:
    span, severity = reported.span, reported.severity.value
    place = visible(f" {span.path}:{span.line}")
    yield line("  ", Piece(severity, severity), Piece(f"[{reported.rule}]", "strong"), place)
    yield from _wrapped(" " * 6, visible(reported.finding.message), columns, 6)


def _wrapped(lead: str, text: str, columns: int, indent: int, style: str = "") -> Iterator[Line]:
    for part in wrap(text, columns - indent, len(lead) - indent):
        yield line(lead, Piece(part, style))
        lead = " " * indent


def render_upgrade(upgrade: Upgrade) -> str:
    """One JSON document that ends with a newline."""
    document = {
        "version": VERSION,
        "from": str(upgrade.old),
        "to": str(upgrade.new),
        "differs": upgrade.differs,
        "complete": upgrade.complete,
        "differences": [_difference_json(one) for one in upgrade.differences],
        "findings": [
            *(_finding_json(one, appears=True) for one in upgrade.appearing),
            *(_finding_json(one, appears=False) for one in upgrade.going),
        ],
        "notes": list(upgrade.notes),
        "not_compared": [
            {"file": json_text(one.span.path), "line": one.span.line, "reason": json_text(one.reason)}
            for one in upgrade.not_compared
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _difference_json(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "where": json_text(one.where),
        "before": [json_text(words) for words in _words(one.before)],
        "after": [json_text(words) for words in _words(one.after)],
        "why": one.why,
        "file": json_text(one.span.path) if one.span is not None else None,
        "line": one.span.line if one.span is not None else None,
    }


def _finding_json(one: Reported, *, appears: bool) -> dict[str, Any]:
    return {
        "change": "new" if appears else "gone",
        "rule": one.rule,
        "severity": one.severity.value,
        "message": json_text(one.finding.message),
        "file": json_text(one.span.path),
        "line": one.span.line,
        "fingerprint": one.fingerprint,
    }
