"""One decision as a story for people, and as the JSON of the contract."""

import json
from collections.abc import Iterator
from typing import Any

from mtls_lint.nginx.decision import Answer, Connection, Decision, Outcome, Request
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.report.characters import visible, wrap
from mtls_lint.report.json import text as json_text
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.text import place

VERSION = 1

_ENDINGS = {
    Outcome.REFUSED: "nobody listens there: the connection is refused",
    Outcome.HANDSHAKE_FAILED: "the TLS handshake fails",
    Outcome.PLAIN_TO_HTTPS: "400: plain HTTP was sent to a TLS socket",
    Outcome.NO_CERTIFICATE: "400: a client certificate is required, and none was sent",
    Outcome.CERTIFICATE_ERROR: "400: the client certificate does not verify",
    Outcome.MISDIRECTED: "421: the Host is another name than the one of the handshake",
}
_CLOSINGS = {
    Outcome.PLAIN_TO_HTTPS: "the connection is closed: a plain client speaks to a TLS socket",
    Outcome.NO_CERTIFICATE: "the connection is closed after the handshake: a client certificate is required,"
    " and none was sent",
    Outcome.CERTIFICATE_ERROR: "the connection is closed after the handshake: the client certificate does not"
    " verify",
}
"""The endings in stream and mail, where there are no status codes."""
_ANSWERS = {
    Answer.REDIRECT: "a redirect",
    Answer.REFUSAL: "a refusal",
    Answer.FIXED: "a fixed answer of the configuration",
    Answer.CONTENT: "content",
}


def render_trace(decision: Decision) -> str:
    """The decision as one JSON document that ends with a newline."""
    location = decision.location
    document: dict[str, Any] = {
        "version": VERSION,
        "outcome": decision.outcome.value,
        "status": decision.status,
        "client_verify": decision.client_verify,
        "tls_server": _server(decision.tls_server),
        "server": _server(decision.server),
        "location": None
        if location is None
        else {
            "file": json_text(location.span.path),
            "line": location.span.line,
            "pattern": json_text(" ".join(filter(None, (location.modifier, location.pattern)))),
        },
        "uncertain": [json_text(reason) for reason in decision.uncertain],
        "steps": [
            {
                "what": json_text(step.what),
                "file": None if step.span is None else json_text(step.span.path),
                "line": None if step.span is None else step.span.line,
            }
            for step in decision.steps
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _server(server: VirtualServer | None) -> dict[str, Any] | None:
    if server is None:
        return None
    span = server.span
    names = [json_text(name.text) for name in server.names]
    return {"file": json_text(span.path), "line": span.line, "names": names}


def verdict(decision: Decision) -> str:
    """What is answered, in a few words."""
    closes = _closes(decision)
    if decision.outcome is not Outcome.RESPONSE:
        return (_ENDINGS | _CLOSINGS if closes else _ENDINGS)[decision.outcome]
    if _module(decision) == "mail":
        if decision.answer is Answer.REFUSAL:
            return "no login without TLS"
        return f"a login, decided by auth_http {decision.backend or ''}".rstrip()
    if closes and decision.answer is Answer.REFUSAL:
        return "the connection is closed"
    if decision.backend is not None:
        return f"passed to {decision.backend}"
    what = _ANSWERS[decision.answer] if decision.answer is not None else "an answer"
    status = f"{decision.status}: " if decision.status is not None else ""
    if decision.error is not None:
        return f"{status}refused ({decision.error}), and the error page for that answers: {what}"
    return f"{status}{what}"


def story(
    connection: Connection, request: Request, certificate: str | None, decision: Decision, columns: int
) -> Iterator[Line]:
    """The decision step by step, each with the place that decides it."""
    style = "good" if decision.outcome is Outcome.RESPONSE and decision.error is None else "warning"
    question = _question(connection, None if _closes(decision) else request, certificate)
    for part in wrap(visible(question), columns):
        yield line(Piece(part, "weak"))
    head = "=> "
    for part in wrap(visible(verdict(decision)), columns - 3, 0):
        yield line(Piece(head, "strong"), Piece(part, style))
        head = "   "
    yield line()
    for number, step in enumerate(decision.steps, 1):
        mark = f"{number:>3}. "
        for part in wrap(visible(step.what), columns - 5):
            yield line(mark, part)
            mark = " " * 5
        if step.span is not None:
            yield line(Piece("     --> ", "gutter"), place(step.span))
    if decision.client_verify and _module(decision) != "mail":  # there are no variables
        yield line()
        for part in wrap(visible(f"$ssl_client_verify is {decision.client_verify}"), columns):
            yield line(part)
    if decision.uncertain:
        yield line()
        yield line(Piece("Uncertain, because this could not be decided:", "warning"))
        for reason in decision.uncertain:
            mark = "  - "
            for part in wrap(visible(reason), columns - 4):
                yield line(mark, part)
                mark = "    "


def _module(decision: Decision) -> str | None:
    """The module that the way ends in."""
    server = decision.server or decision.tls_server
    return server.module if server is not None else None


def _closes(decision: Decision) -> bool:
    """Whether the way ends in stream or mail, where requests are not looked at."""
    return _module(decision) in {"stream", "mail"}


def _question(connection: Connection, request: Request | None, certificate: str | None) -> str:
    address = f"[{connection.address.strip('[]')}]" if ":" in connection.address else connection.address
    where = f"{address}:{connection.port}"
    spoken = "plain" if connection.tls is None else f"TLS {connection.tls}"
    if connection.starttls:
        spoken = f"STARTTLS, then {spoken}"
    if connection.tls is not None:
        spoken += f", SNI {connection.sni}" if connection.sni else ", no SNI"
        spoken += f", certificate {certificate}" if certificate else ", no certificate"
    if request is None:
        return f"a connection to {where} ({spoken})"
    spoken += " HTTP" if connection.tls is None else ""
    host = "no Host" if request.host is None else f"Host {request.host}"
    return f"{request.method} {request.uri} to {where} ({spoken}; {host})"
