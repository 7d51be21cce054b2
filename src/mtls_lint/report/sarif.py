"""SARIF 2.1.0, the format of code scanning.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html (sections are cited as §). What
GitHub makes of it, and its limits:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from mtls_lint import __version__
from mtls_lint.expressions import expression
from mtls_lint.lint.finding import Confidence, Reported, Severity, Suppression
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.json import nginx_facts
from mtls_lint.report.json import text as json_text
from mtls_lint.report.paths import Paths
from mtls_lint.report.rule_page import as_markdown
from mtls_lint.report.text import introduction
from mtls_lint.report.unevaluated import unevaluated_places
from mtls_lint.syntax.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "mtlsLint/v1"
BASE = "SRCROOT"
LONGEST = 1024
"""GitHub's limit for the two descriptions of a rule, in characters."""
LINKED = 10
"""Related places that the message links to; all of them stand in the result."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# GitHub shows these instead of the level: 7.0 and more is high, 4.0 and more medium, less is low.
_SCORES = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
_PRECISIONS = {
    Confidence.CERTAIN: "very-high",
    Confidence.LIKELY: "high",
    Confidence.POSSIBLE: "medium",
}
_NOTIFICATIONS = {
    "not-evaluated": "Something could not be decided; what depends on it is not in the results.",
    "not-read": "A text that is there could not be read: the results are incomplete.",
    "rule-crashed": "A rule failed: what it looks for is not in the results.",
}
_SPECIAL = expression(r"[\[\]\\]")
_RFC = expression(r"\bRFC (\d+)")
_URL = expression(r"https?://[^\s<>\"'`()\[\]]+[^\s<>\"'`()\[\].,;:]")


def render_sarif(report: Report, rules: Sequence[Rule], paths: Paths) -> str:
    """The report as one SARIF log that ends with a newline.

    ``rules`` are those that ran: each stands in it, so that a clean run shows what was looked for. Files are
    relative to the working directory, which is not named: two machines give the same bytes.
    """
    index = {rule.id: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "mtls-lint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
                "notifications": [
                    {"id": name, "shortDescription": {"text": what}} for name, what in _NOTIFICATIONS.items()
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not (report.unreadable or report.crashes),
                "toolExecutionNotifications": list(_notifications(report, paths)),
            }
        ],
        "originalUriBaseIds": {BASE: {"description": {"text": "The directory mtls-lint was run in."}}},
        "artifacts": [
            {"location": {**_artifact(path)}, "roles": ["analysisTarget"]}
            for path in dict.fromkeys(map(paths.of, report.sources))
        ],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(reported, index, paths, report.baseline is not None) for reported in report.findings
        ],
        "properties": {"nginx": nginx_facts(report.settings)},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    page = rule.documentation
    uri = _help_uri(page.references)
    return {
        "id": json_text(rule.id),
        "shortDescription": {"text": _short(page.title)},
        "fullDescription": {"text": _short(page.text.split("\n\n")[0])},
        # Not in the form of messages with arguments: examples are full of braces.
        "help": {"text": json_text(page.text), "markdown": json_text(as_markdown(rule))},
        **({"helpUri": uri} if uri is not None else {}),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", rule.family],
            "precision": _PRECISIONS[rule.confidence],
            "security-severity": _SCORES[rule.severity],
            "since": rule.declaration.since,
            "pack": rule.pack,
            "controls": list(rule.declaration.controls),
        },
    }


def _help_uri(references: str) -> str | None:
    """The first reference that leads somewhere: the page itself stands in the log."""
    if url := _URL.search(references):
        return url[0]
    rfc = _RFC.search(references)
    return f"https://www.rfc-editor.org/rfc/rfc{rfc[1]}" if rfc is not None else None


def _short(text: str) -> str:
    words = json_text(" ".join(text.split()))
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def _result(reported: Reported, index: dict[str, int], paths: Paths, compared: bool) -> dict[str, Any]:
    finding = reported.finding
    witness = finding.witness
    return {
        "ruleId": json_text(reported.rule),
        **({"ruleIndex": index[reported.rule]} if reported.rule in index else {}),
        "level": _LEVELS[reported.severity],
        "message": {"text": "\n".join(_message(reported))},
        "locations": [{"physicalLocation": _physical(finding.span, paths)}],
        "relatedLocations": [
            {
                "id": number,
                "physicalLocation": _physical(related.span, paths),
                "message": {"text": _plain(related.message)},
            }
            for number, related in enumerate(finding.related, 1)
        ],
        "partialFingerprints": {FINGERPRINT: reported.fingerprint},
        "suppressions": list(_suppressions(reported)),
        **(_state(reported) if compared else {}),
        "properties": {
            "confidence": reported.confidence.value,
            "fatal": finding.fatal,
            "remedy": json_text(finding.remedy),
            "witness": (
                {"command": json_text(witness.command), "outcome": witness.outcome}
                if witness is not None
                else None
            ),
            "controls": list(reported.controls),
        },
    }


def _suppressions(reported: Reported) -> Iterator[dict[str, str]]:
    if reported.suppressed is not None:
        in_source = reported.suppression in {None, Suppression.COMMENT}
        kind = "inSource" if in_source else "external"
        yield {"kind": kind, "justification": json_text(reported.suppressed)}


def _state(reported: Reported) -> dict[str, str]:
    """How a result compares with the baseline; nobody compares what is hidden for another reason."""
    if reported.suppression is Suppression.BASELINE:
        return {"baselineState": "unchanged"}
    return {"baselineState": "new"} if reported.suppressed is None else {}


def _message(reported: Reported) -> Iterator[str]:
    """What GitHub shows beside the line: it takes nothing else of a result but the message."""
    finding = reported.finding
    yield _plain(finding.message)
    if finding.witness is not None:
        yield _plain(f"{_sentence(introduction(finding.witness))}: {finding.witness.command}")
    if finding.fatal:
        yield "nginx refuses to start with this."
    if finding.remedy:
        yield _plain(f"Remedy: {finding.remedy}")
    if links := [_link(other.message, number) for number, other in enumerate(finding.related[:LINKED], 1)]:
        yield f"See: {', '.join(links)}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    """The text as a message that shows it as it is: braces doubled (§3.11.5), and no links (§3.11.6)."""
    return _braces(visible(" ".join(text.split("\n")))).replace("](", "] (")


def _link(label: str, number: int) -> str:
    """A link to the related place with this number; brackets in its text have a backslash (§3.11.6)."""
    text = _SPECIAL.sub(r"\\\g<0>", visible(" ".join(label.split("\n"))))
    return f"[{_braces(text)}]({number})"


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _physical(span: Span, paths: Paths) -> dict[str, Any]:
    source = span.source
    return {
        "artifactLocation": _artifact(paths.of(source)),
        "region": {
            "startLine": paths.line(source, span.line),
            "startColumn": span.column,
            "endLine": paths.line(source, span.end_line),
            "endColumn": span.end_column,
        },
    }


def _artifact(path: str) -> dict[str, str]:
    uri = quote(os.fsencode(path))
    return {"uri": f"file://{uri}"} if os.path.isabs(path) else {"uri": uri, "uriBaseId": BASE}


def _notifications(report: Report, paths: Paths) -> Iterator[dict[str, Any]]:
    """What the results do not say; one for each place and reason, however many rules asked."""
    unread = {
        " ".join(visible(part) for part in f"{problem.message}. {problem.hint}".split("\n"))
        for problem in report.problems
        if not problem.harmless
    }
    crashed = {crash.rule: crash for crash in report.crashes}
    for place in unevaluated_places(report):
        path, line = paths.entry(place.path, place.number)
        crash = crashed.get(place.rules[0]) if place.reason.startswith("the rule crashed: ") else None
        name = "not-evaluated" if crash is None else "rule-crashed"
        if not place.rules and place.reason in unread:
            name = "not-read"
        notification = {
            "descriptor": {"id": name},
            "level": "note" if name == "not-evaluated" else "error",
            "message": {"text": _plain(place.reason)},
            "locations": [
                {"physicalLocation": {"artifactLocation": _artifact(path), "region": {"startLine": line}}}
            ],
            "properties": {"rules": [json_text(rule) for rule in place.rules]},
        }
        if crash is not None:
            kind, _, words = crash.error.partition(": ")
            notification["exception"] = {"kind": json_text(kind), "message": json_text(words)}
        yield notification
