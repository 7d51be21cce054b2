"""The report for programs: version 1 of the contract, key by key."""

import json
from typing import Any

from msgspec import to_builtins

from mtls_lint.lint.finding import (
    Compared,
    Fix,
    NotEvaluated,
    Related,
    Reported,
    Severity,
    StreamWitness,
    Witness,
)
from mtls_lint.lint.runner import Report
from mtls_lint.lint.settings import Settings
from mtls_lint.report.characters import visible

VERSION = 1


def render_json(report: Report, controls: dict[str, Any] | None = None) -> str:
    """The report as one JSON document that ends with a newline; ``controls`` stand beside it.

    Bytes of a configuration that are no UTF-8 stand as a backslash, ``x`` and two digits in the strings, so
    that the document is UTF-8 whatever was read.
    """
    document = {
        "version": VERSION,
        "findings": [_finding(reported) for reported in report.findings],
        "not_evaluated": [_not_evaluated(entry) for entry in report.not_evaluated],
        "nginx": nginx_facts(report.settings),
        "baseline": _baseline(report.baseline) if report.baseline is not None else None,
        "summary": {
            "files": report.files,
            "servers": report.servers,
            **{severity.value: report.count(severity) for severity in Severity},
            "suppressed": report.suppressed,
            "left_out": report.left_out,
            "not_evaluated": len(report.not_evaluated),
        },
        **({"by_control": controls} if controls is not None else {}),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _baseline(compared: Compared) -> dict[str, Any]:
    return {
        "file": text(compared.path),
        "known": compared.known,
        "stale": [to_builtins(entry) for entry in compared.stale],
    }


def nginx_facts(settings: Settings) -> dict[str, Any]:
    """Which nginx the run is for: ``binary`` and what follows are null unless one was asked."""
    build = settings.build
    package = build.package if build is not None else None
    return {
        "version": str(settings.nginx_version),
        "told": settings.version_told,
        "binary": text(build.path) if build is not None else None,
        "openssl": build.openssl if build is not None else None,
        "package": text(str(package)) if package is not None else None,
    }


def _finding(reported: Reported) -> dict[str, Any]:
    finding = reported.finding
    span = finding.span
    return {
        "rule": reported.rule,
        "severity": reported.severity.value,
        "confidence": reported.confidence.value,
        "message": text(finding.message),
        "file": text(span.path),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "related": [_related(related) for related in finding.related],
        "remedy": text(finding.remedy),
        "witness": _witness(finding.witness) if finding.witness is not None else None,
        "fix": _fix(finding.fix) if finding.fix is not None else None,
        "fatal": finding.fatal,
        "fingerprint": reported.fingerprint,
        "controls": list(reported.controls),
        "suppressed": text(reported.suppressed) if reported.suppressed is not None else None,
        "suppressed_by": reported.suppression.value if reported.suppression is not None else None,
    }


def _related(related: Related) -> dict[str, Any]:
    span = related.span
    return {
        "file": text(span.path),
        "line": span.line,
        "column": span.column,
        "message": text(related.message),
    }


def _witness(witness: Witness | StreamWitness) -> dict[str, Any]:
    # enc_hook: a word of a template is a kind of str that msgspec does not know.
    request = {key: value for key, value in to_builtins(witness, enc_hook=str).items() if key != "outcome"}
    return {
        "curl": text(witness.curl) if isinstance(witness, Witness) else None,
        "command": text(witness.command),
        "outcome": witness.outcome,
        "request": {key: text(value) if isinstance(value, str) else value for key, value in request.items()},
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [
        {
            "file": text(edit.span.path),
            "line": edit.span.line,
            "column": edit.span.column,
            "end_line": edit.span.end_line,
            "end_column": edit.span.end_column,
            "text": text(edit.text),
        }
        for edit in fix.edits
    ]
    return {"title": text(fix.title), "safe": fix.safe, "edits": edits}


def _not_evaluated(entry: NotEvaluated) -> dict[str, Any]:
    return {"rule": entry.rule, "file": text(entry.path), "line": entry.line, "reason": text(entry.reason)}


def text(value: str) -> str:
    """The string without lone surrogates, which have no place in UTF-8: see ``render_json``."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return "".join(visible(one) if "\ud800" <= one <= "\udfff" else one for one in value)
    return value
