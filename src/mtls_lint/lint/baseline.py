"""Baselines: findings that were there before, by identities that lines have no part in."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.lint.finding import BaselineEntry, Compared, Reported, Suppression
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report

VERSION = 1
STDIN = "-"
MAX_SIZE = 64 * 1024 * 1024


class BaselineError(ValueError):
    """A file cannot be used as a baseline; the message names it."""


class Baseline(Struct, frozen=True):
    """A file of known findings, and the entries in it."""

    path: str
    entries: tuple[BaselineEntry, ...] = ()


def read_baseline(path: str) -> Baseline:
    """Read a baseline. Raises BaselineError for what is none."""
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read(MAX_SIZE))
        if document["version"] != VERSION:
            raise BaselineError(f"{path} is a baseline of another version ({document['version']})")
        found = tuple(
            BaselineEntry(*(str(entry[key]) for key in ("fingerprint", "rule", "file", "message")))
            for entry in document["findings"]
        )
    except OSError as error:
        raise BaselineError(f"the baseline {path} could not be read ({error.strerror})") from error
    except (KeyError, TypeError, RecursionError) as error:
        raise BaselineError(f"{path} is no baseline of mtls-lint") from error
    except ValueError as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(f"{path} is no baseline of mtls-lint: {error}") from error
    return Baseline(path, found)


def render_baseline(entries: Iterable[BaselineEntry]) -> str:
    """A baseline as text: the same for the same entries, one line for each key, for diffs."""
    ordered = sorted(entries, key=lambda one: (one.file, one.rule, one.fingerprint, one.message))
    document = {
        "version": VERSION,
        "findings": [
            {"fingerprint": one.fingerprint, "rule": one.rule, "file": one.file, "message": one.message}
            for one in ordered
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def entries_of(report: Report, path: str) -> Iterator[BaselineEntry]:
    """The entries for all findings that count; ``path`` is the baseline's, from which files are told."""
    for found in report.findings:
        if found.suppressed is None:
            message = " ".join(found.finding.message.split())
            yield BaselineEntry(found.fingerprint, found.rule, _file_of(found, path), _printable(message))


def compare(report: Report, baseline: Baseline, ran: Sequence[Rule], known: Sequence[Rule]) -> Report:
    """The report with known findings hidden, and the entries that fit none.

    Each entry stands for one finding: of its file, if there is one with that identity, else of any.
    ``ran`` are the rules that ran, ``known`` all there are.
    """
    left = list(baseline.entries)
    matched: set[int] = set()
    for parts in (("fingerprint", "file"), ("fingerprint",)):
        by_parts: dict[tuple[str, ...], list[BaselineEntry]] = {}
        for entry in left:
            by_parts.setdefault(tuple(getattr(entry, part) for part in parts), []).append(entry)
        for index, found in enumerate(report.findings):
            identity = (found.fingerprint, _file_of(found, baseline.path))[: len(parts)]
            if index not in matched and (entries := by_parts.get(identity)):
                matched.add(index)
                entries.pop(0)
        left = [entry for entries in by_parts.values() for entry in entries]
    reason = f"known: it stands in the baseline {baseline.path}"
    findings = tuple(
        replace(found, suppressed=reason, suppression=Suppression.BASELINE)
        if index in matched and found.suppressed is None
        else found
        for index, found in enumerate(report.findings)
    )
    stale = tuple(_unfound(report, baseline.path, left, ran, known))
    return replace(report, findings=findings, baseline=Compared(baseline.path, len(matched), stale))


def _unfound(
    report: Report, path: str, left: Sequence[BaselineEntry], ran: Sequence[Rule], known: Sequence[Rule]
) -> Iterator[BaselineEntry]:
    """Those of the entries that this run would have found, were they still true."""
    if report.unreadable or report.crashes:
        return
    ids, by_id = {rule.id for rule in known}, {rule.id: rule for rule in ran}
    doubtful = {entry.rule for entry in report.not_evaluated}
    directory = os.path.dirname(os.path.abspath(path))
    read = {_printable(_relative(source.real_path, directory)) for source in report.sources}
    for entry in left:
        if entry.rule in ids:
            rule = by_id.get(entry.rule)
            if rule is None or {rule.id, rule.family} & doubtful:
                continue
            if entry.file not in read and os.path.exists(os.path.join(directory, entry.file)):
                continue
        yield entry


def _file_of(found: Reported, baseline: str) -> str:
    path = found.span.source.real_path
    return _printable(_relative(path, os.path.dirname(os.path.abspath(baseline))))


def _relative(path: str, directory: str) -> str:
    return path if path == STDIN else os.path.relpath(path, directory)


def _printable(text: str) -> str:
    """Text that JSON can carry: bytes that are no UTF-8 as a backslash, ``x`` and two digits."""
    return text.encode("utf-8", "backslashreplace").decode()
