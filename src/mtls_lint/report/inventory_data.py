"""The inventory for programs and documents: JSON (docs/inventory.md), CSV and Markdown."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from mtls_lint.lint.inventory import Entry, Inventory, NotRead, Use, fits
from mtls_lint.lint.words import day
from mtls_lint.nginx.file_uses import FileUse
from mtls_lint.report.characters import visible
from mtls_lint.report.inventory import key_in_words, place_of, title
from mtls_lint.report.json import text as json_text

VERSION = 1


def render_inventory(inventory: Inventory, within: timedelta | None) -> str:
    """The inventory as one JSON document that ends with a newline."""
    now = inventory.now
    document = {
        "version": VERSION,
        "now": _moment(now),
        "within_days": None if within is None else within / timedelta(days=1),
        "complete": inventory.complete,
        "objects": [_entry(entry, now) for entry in inventory.entries],
        "not_read": [_unread(unread) for unread in inventory.not_read],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _entry(entry: Entry, now: datetime) -> dict[str, Any]:
    state = entry.state(now)
    return {
        "kind": entry.kind.value,
        "name": json_text(entry.name),
        "subject": _text(entry.subject),
        "issuer": _text(entry.issuer),
        "alternative_names": [json_text(name) for name in entry.alternative_names],
        "key_algorithm": entry.algorithm,
        "key_bits": entry.bits,
        "signature": entry.signature,
        "sha256": entry.sha256,
        "serial": entry.serial,
        "not_before": _moment(entry.not_before),
        "not_after": _moment(entry.not_after),
        "days_left": entry.days_left(now),
        "state": None if state is None else state.value,
        "encrypted": entry.encrypted,
        "fits": fits(entry.uses),
        "opened": entry.opened,
        "uses": [_use(use) for use in entry.uses],
    }


def _use(use: Use) -> dict[str, Any]:
    return {"role": use.role, "pem_line": use.line, "fits": use.fits, **_file_use(use.file)}


def _file_use(use: FileUse) -> dict[str, Any]:
    reference = use.reference
    return {
        "directive": str(reference.directive.name),
        "written": json_text(reference.written),
        "path": _text(reference.path),
        "file": json_text(reference.span.path),
        "line": reference.span.line,
        "servers": [json_text(server.label) for server in use.servers],
        "opened": use.opened,
    }


def _unread(unread: NotRead) -> dict[str, Any]:
    return {
        "path": json_text(unread.path),
        "reason": json_text(unread.reason),
        "counts": unread.counts,
        "uses": [{"role": use.purpose.value, **_file_use(use)} for use in unread.uses],
    }


_COLUMNS = (
    "state", "days_left", "not_before", "not_after", "kind", "subject", "issuer", "alternative_names",
    "key_algorithm", "key_bits", "signature", "sha256", "serial", "encrypted", "fits", "used_as", "files",
    "places", "servers", "not_read",
)  # fmt: skip


def csv_rows(inventory: Inventory) -> str:
    """A row for each object, then one for each file that was not read, with the reason in the last column."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for entry in inventory.entries:
        writer.writerow(
            _cells(
                {**_entry(entry, inventory.now), **_used([use.file for use in entry.uses])},
                [use.role for use in entry.uses],
            )
        )
    for unread in inventory.not_read:
        row = {"state": "not read", "not_read": unread.reason, **_used(unread.uses)}
        row["files"] = unread.path
        writer.writerow(_cells(row, [use.purpose.value for use in unread.uses]))
    return out.getvalue()


def _used(uses: Iterable[FileUse]) -> dict[str, Any]:
    together = tuple(uses)
    return {
        "files": _distinct(use.reference.path or use.reference.written for use in together),
        "places": _distinct(f"{use.reference.span.path}:{use.reference.span.line}" for use in together),
        "servers": _distinct(server.label for use in together for server in use.servers),
    }


def _cells(row: dict[str, Any], roles: Iterable[str]) -> dict[str, str]:
    """The cells of the table: lists with semicolons, and nothing that is no text."""
    row["used_as"] = _distinct(roles)
    return {column: _cell(row.get(column)) for column in _COLUMNS}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(_distinct(value) if isinstance(value, list) else str(value))


def _distinct(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(words))


def markdown(inventory: Inventory) -> str:
    """The inventory as Markdown tables."""
    now = inventory.now
    lines = [
        "| ends | days | what | issuer | names | key | SHA-256 | used |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in inventory.entries:
        left = entry.days_left(now)
        state = entry.state(now)
        ends = day(entry.not_after) if entry.not_after is not None else ""
        lines.append(
            _row(
                (
                    f"{ends} ({state.value})" if state is not None and state.value != "valid" else ends,
                    "" if left is None else str(left),
                    title(entry),
                    entry.issuer or "",
                    ", ".join(entry.alternative_names),
                    key_in_words(entry) if entry.algorithm is not None else "",
                    f"`{entry.sha256}`" if entry.sha256 is not None else "",
                    "; ".join(f"{use.role}: {place_of(use.file)}" for use in entry.uses),
                )
            )
        )
    if inventory.not_read:
        lines += ["", "| not read | why | used |", "|---|---|---|"]
        lines += (
            _row((unread.path, unread.reason, "; ".join(map(place_of, unread.uses))))
            for unread in inventory.not_read
        )
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(visible(cell).replace("|", "\\|") for cell in cells) + " |"


def _text(value: str | None) -> str | None:
    return None if value is None else json_text(value)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
