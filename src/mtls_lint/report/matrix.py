"""The access matrix: as a table for people, as JSON and as Markdown."""

import json
from collections.abc import Iterator, Sequence
from os.path import basename, normpath
from typing import Any

from mtls_lint.nginx.flaws import EXPIRED, TOO_DEEP
from mtls_lint.nginx.matrix import CERTIFICATES, Hole, Row, Who
from mtls_lint.report.characters import visible, wrap
from mtls_lint.report.json import text as json_text
from mtls_lint.report.lines import Line, Piece, line

VERSION = 1


def who_in_words(who: Who) -> str:
    """``certificates of ca.pem``, ``anyone``, ``certificates of ca.pem revoked in crl.pem`` ..."""
    said = who.kind
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


def _socket(row: Row) -> str:
    return f"{row.socket.key} {'TLS' if row.socket.ssl else 'plain'}"


def table(rows: Sequence[Row], columns: int) -> Iterator[Line]:
    """One entry for each group of locations, sockets and servers as headings."""
    heading = None
    for row in rows:
        here = (row.socket, row.server)
        if here != heading:
            if heading is not None:
                yield line()
            names = " ".join(str(name) for name in row.server.names) or "(no name)"
            yield line(Piece(visible(f"{_socket(row)}  {names}"), "strong"))
            heading = here
        who = visible(who_in_words(row.who))
        style = "warning" if row.who.kind in {"anyone", "any certificate"} else "good"
        by = f"  {row.by.path}:{row.by.line}" if row.by is not None else ""
        mark = "  "
        for part in wrap(visible(", ".join(row.places)), columns - 2):
            yield line(mark, part)
        yield line("      ", Piece(who, style), Piece(visible(by), "weak"))
        for hole in row.holes:
            for part in wrap(f"hole: {visible(hole_in_words(hole))}", columns - 8):
                yield line("      ! ", Piece(part, "error"))
        for reason in row.uncertain:
            for part in wrap(f"uncertain: {visible(reason)}", columns - 8):
                yield line("      ? ", part)
    if not rows:
        yield line("No http server listens anywhere.")


def render_matrix(rows: Sequence[Row]) -> str:
    """The rows as one JSON document that ends with a newline."""
    return (
        json.dumps({"version": VERSION, "rows": [_row(row) for row in rows]}, ensure_ascii=False, indent=2)
        + "\n"
    )


def _row(row: Row) -> dict[str, Any]:
    return {
        "socket": str(row.socket.key),
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
            _socket(row),
            " ".join(str(name) for name in row.server.names) or "(no name)",
            ", ".join(f"`{place}`" for place in row.places),
            who_in_words(row.who) + (" (uncertain)" if row.uncertain else ""),
            f"{row.by.path}:{row.by.line}" if row.by is not None else "",
            "; ".join(map(hole_in_words, row.holes)),
        )
        lines.append("| " + " | ".join(visible(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
