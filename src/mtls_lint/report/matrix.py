"""The access matrix: as a table for people, as JSON and as Markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from os.path import basename, normpath
from typing import Any

from mtls_lint.nginx.flaws import EXPIRED, TOO_DEEP
from mtls_lint.nginx.matrix_rows import BACKEND, CERTIFICATES, Hole, Row, Who
from mtls_lint.report.characters import visible, width, wrap
from mtls_lint.report.json import text as json_text
from mtls_lint.report.lines import Line, Piece, line

VERSION = 1


def who_in_words(who: Who) -> str:
    """``certificates of ca.pem``, ``anyone``, ``certificates of ca.pem revoked in crl.pem`` ..."""
    said = who.kind
    if who.kind == BACKEND:
        said = "whoever the backend lets in"
    if who.kind == CERTIFICATES:
        said = "certificates of " + " and ".join(basename(ca) for ca in who.cas)
    if who.flaw is None:
        return said
    if who.flaw.kind == EXPIRED:
        return f"{said} that has expired"
    if who.flaw.kind == TOO_DEEP:
        return f"{said} below {who.flaw.intermediates} or more intermediates (more than ssl_verify_depth)"
    by = "according to OCSP" if who.flaw.crl is None else f"in {basename(who.flaw.crl)}"
    return f"{said} revoked {by}"


def hole_in_words(hole: Hole) -> str:
    """How somebody gets around the row."""
    how = f"SNI {hole.sni}" if hole.sni is not None else "no SNI"
    return f"{who_in_words(hole.who)} with {how} in the handshake"


def socket_in_words(row: Row) -> str:
    """``*:443 TLS``, ``127.0.0.1:12345 plain stream``."""
    module = "" if row.socket.module == "http" else f" {row.socket.module}"
    return f"{row.socket.key} {'TLS' if row.socket.ssl else 'plain'}{module}"


def table(rows: Sequence[Row], columns: int) -> Iterator[Line]:
    """A table with the sockets as headings; locations of a server with one answer stand together."""
    if not rows:
        yield line("No server listens anywhere.")
        return
    found = list(entries(rows))
    files = _file_names(rows)
    shown = [_cells(entry, files) for entry in found]
    widths = _widths([_HEADINGS, *shown], columns)
    yield _in_columns(_HEADINGS, widths, ("strong",) * 4)[0]
    socket = None
    for (row, _), cells in zip(found, shown, strict=True):
        if row.socket is not socket:
            socket = row.socket
            yield line(Piece(socket_in_words(row), "strong"))
        style = "warning" if row.who.kind in {"anyone", "any certificate"} else "good"
        yield from _in_columns(cells, widths, ("", "", style, "weak"))
        yield from _remarks(row, widths[0] + 4, columns)


_HEADINGS = ("server", "locations", "who gets in", "by")
_SHARES = (0.3, 0.2, 0.3, 0.2)
"""How much of the terminal a column may take at most, where there is not room for all."""

_Cells = tuple[str, str, str, str]


def entries(rows: Sequence[Row]) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """The rows with their places; those of one server that differ in nothing but the directive are one."""
    groups: dict[tuple[object, ...], tuple[Row, list[str]]] = {}
    for row in rows:
        key = (row.socket, row.server, row.who, row.holes, row.uncertain)
        groups.setdefault(key, (row, []))[1].extend(row.places)
    return ((row, tuple(dict.fromkeys(places))) for row, places in groups.values())


def _cells(entry: tuple[Row, tuple[str, ...]], files: Mapping[str, str]) -> _Cells:
    row, places = entry
    names = " ".join(str(name) for name in row.server.names) or "(no name)"
    by = f"{files[row.by.path]}:{row.by.line}" if row.by is not None else ""
    return visible(names), visible(", ".join(places)), visible(who_in_words(row.who)), visible(by)


def _file_names(rows: Sequence[Row]) -> dict[str, str]:
    """What files are called in the table: by their last part, where that tells them apart."""
    paths = {row.by.path for row in rows if row.by is not None}
    short = {basename(path) for path in paths}
    return {path: basename(path) if len(short) == len(paths) else path for path in paths}


def _widths(table: Sequence[_Cells], columns: int) -> tuple[int, ...]:
    longest = tuple(max(width(cells[at]) for cells in table) for at in range(4))
    room = columns - 2 * len(longest)
    if sum(longest) <= room:
        return longest
    words = (max(width(word) for cells in table for word in cells[at].split(" ")) for at in range(4))
    return tuple(
        min(wanted, max(int(room * share), word))  # words stay whole
        for wanted, share, word in zip(longest, _SHARES, words, strict=True)
    )


def _in_columns(cells: _Cells, widths: Sequence[int], styles: Sequence[str]) -> list[Line]:
    """The cells side by side, each broken into as many lines as it needs."""
    wrapped = [list(wrap(cell, room)) for cell, room in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(map(len, wrapped))):
        pieces = [Piece("  ")]
        for parts, room, style in zip(wrapped, widths, styles, strict=True):
            part = parts[number] if number < len(parts) else ""
            pieces += [Piece(part, style if part else ""), Piece(" " * (max(room - width(part), 0) + 2))]
        lines.append(tuple(pieces))
    return lines


def _remarks(row: Row, indent: int, columns: int) -> Iterator[Line]:
    remarks = [("! ", f"hole: {hole_in_words(hole)}", "error") for hole in row.holes]
    remarks += [("? ", f"uncertain: {reason}", "") for reason in row.uncertain]
    for mark, text, style in remarks:
        for number, part in enumerate(wrap(visible(text), columns - indent - 2)):
            yield line(" " * indent, mark if number == 0 else "  ", Piece(part, style))


def render_matrix(rows: Sequence[Row]) -> str:
    """The rows as one JSON document that ends with a newline."""
    return (
        json.dumps({"version": VERSION, "rows": [_row(row) for row in rows]}, ensure_ascii=False, indent=2)
        + "\n"
    )


def _row(row: Row) -> dict[str, Any]:
    return {
        "socket": str(row.socket.key),
        "module": row.socket.module,
        "tls": row.socket.ssl,
        "names": [json_text(name.text) for name in row.server.names],
        "server": {"file": json_text(row.server.span.path), "line": row.server.span.line},
        "locations": [json_text(place) for place in row.places],
        **_who(row.who),
        "by": None if row.by is None else {"file": json_text(row.by.path), "line": row.by.line},
        "holes": [{"sni": hole.sni, **_who(hole.who)} for hole in row.holes],
        "uncertain": [json_text(reason) for reason in row.uncertain],
    }


def _who(who: Who) -> dict[str, Any]:
    said: dict[str, Any] = {"who": who.kind, "cas": [json_text(normpath(ca)) for ca in who.cas]}
    if who.flaw is not None:
        crl = who.flaw.crl
        said["flaw"] = {
            "kind": who.flaw.kind,
            "crl": None if crl is None else json_text(normpath(crl)),
            "intermediates": who.flaw.intermediates,
        }
    return said


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| socket | names | locations | who gets in | by | holes |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = (
            socket_in_words(row),
            " ".join(str(name) for name in row.server.names) or "(no name)",
            ", ".join(f"`{place}`" for place in row.places),
            who_in_words(row.who) + (" (uncertain)" if row.uncertain else ""),
            f"{row.by.path}:{row.by.line}" if row.by is not None else "",
            "; ".join(map(hole_in_words, row.holes)),
        )
        lines.append("| " + " | ".join(visible(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
