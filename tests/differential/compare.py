"""Put one scenario to a real nginx and to ``decide``, and say where they differ."""

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from msgspec import Struct

from differential.scenario import Question, Scenario
from mtls_lint.nginx.clients import ChainClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Decision, Fault, Outcome, Request
from mtls_lint.nginx.material import FileReference
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.syntax.tree import Directive
from mtls_lint.testing.client import Reply, request
from mtls_lint.testing.nginx import NginxBinary
from mtls_lint.testing.pki import EXPIRED, FUTURE, Authority, Identity

REFUSALS = {
    "No required SSL certificate was sent": Outcome.NO_CERTIFICATE,
    "The SSL certificate error": Outcome.CERTIFICATE_ERROR,
    "The plain HTTP request was sent to HTTPS port": Outcome.PLAIN_TO_HTTPS,
    "421 Misdirected Request": Outcome.MISDIRECTED,
}


def make_pki(directory: Path) -> None:
    """Write every file that scenarios name, and the clients' certificates."""
    a, b, other = Authority.root("Root A"), Authority.root("Root B"), Authority.root("Root C")
    middle = a.intermediate("Intermediate of A")
    deep = middle.intermediate("Second intermediate of A")
    server = a.server("a.test")
    revoked = a.client("revoked")
    clients: dict[str, Identity] = {
        "a": a.client("alice"),
        "b": b.client("bob"),
        "a-via-sent": middle.client("alice"),
        "a-via-missing": middle.client("alice"),
        "self-signed": Identity.self_signed("alice"),
        "a-expired": a.client("alice", validity=EXPIRED),
        "a-future": a.client("alice", validity=FUTURE),
        "stranger": other.client("eve"),
        "stranger-root": other.client("eve"),
        "a-server-eku": a.client("alice", extended_key_usage=("serverAuth",)),
        "a-revoked": revoked,
        "a-deep": deep.client("alice"),
    }
    for name, identity in clients.items():
        sent = identity.chain_pem(root=name == "stranger-root")
        (directory / f"{name}.pem").write_bytes(identity.pem if name == "a-via-missing" else sent)
        (directory / f"{name}.key").write_bytes(identity.key_pem())
    server.write(directory, "server")
    files = {
        "ca-a": a.pem,
        "ca-b": b.pem,
        "ca-ab": a.pem + b.pem,
        "crl-a": a.crl(revoked),
        "crl-all": a.crl(revoked) + b.crl() + middle.crl() + deep.crl(),
        "crl-a-expired": a.crl(next_update=EXPIRED[1], last_update=EXPIRED[0]),
    }
    (directory / "users").write_text("staff:{PLAIN}secret\n")
    for name, data in files.items():
        (directory / f"{name}.pem").write_bytes(data)


class Disagreement(Struct, frozen=True):
    """Where ``decide`` and nginx differ on one question."""

    seed: int
    version: str
    question: Question
    said: str
    observed: str


def compare(scenario: Scenario, binary: NginxBinary, directory: Path, pki: Path) -> list[Disagreement]:
    """Run the scenario's configuration and ask all its questions of both."""
    text = scenario.text.replace("PKI/", f"{pki}/")
    found = []
    with binary.run(text, directory) as server:
        for name, port in server.ports.items():
            text = text.replace(f"PORT_{name}", str(port))
        main = directory / "asked.conf"
        main.write_text(text)
        configuration = build(load(str(main)), binary.version)
        store = PemStore()
        for question in scenario.questions:
            decision = _decide(configuration, question, server.ports, pki, store)
            reply = ask(question, server.ports, pki)
            said, seen = _said(decision), observed(reply)
            if not _agree(decision, question.method, said, seen):
                shown = (" ".join(map(str, pair)) for pair in (said, seen))
                found.append(Disagreement(scenario.seed, str(binary.version), question, *shown))
    return found


def _decide(
    configuration: Configuration, question: Question, ports: Mapping[str, int], pki: Path, store: PemStore
) -> Decision:
    def read(reference: FileReference) -> PemFile | None:
        return None if reference.path is None else store.read(reference.path)

    client = None
    if question.client != "none":
        chain = store.read(str(pki / f"{question.client}.pem")).certificates
        client = ChainClient(configuration, chain, read)
    connection = Connection(question.address, ports.get(question.port, 1), question.tls, question.sni)
    asked = Request(question.host, question.uri, question.method, question.fault)
    return decide(configuration, connection, asked, client, datetime.now(timezone.utc))


def ask(question: Question, ports: Mapping[str, int], pki: Path) -> Reply:
    """Put a question to the nginx that has these ports."""
    named = question.client != "none"
    return request(
        ports.get(question.port, 1),
        address=question.address,
        tls=question.tls is not None,
        sni=question.sni,
        payload=_head(question).encode(),
        certificate=pki / f"{question.client}.pem" if named else None,
        key=pki / f"{question.client}.key" if named else None,
        minimum=question.tls,
        maximum=question.tls,
    )


_LONG = "x" * 9000
_FAULTY_HEADERS = {
    Fault.HEADER: "Bad Header: x",
    Fault.LONG_HEADER: f"A: {_LONG}",
    Fault.ENCODING: "Transfer-Encoding: x",
}


def _head(question: Question) -> str:
    """The request as it is sent; HTTP/1.0 when it has no Host."""
    method, uri, fault = question.method, question.uri, question.fault
    version = "1.0" if question.host is None and fault is not Fault.NO_HOST else "1.1"
    if fault is Fault.LINE:
        uri += " x"
    elif fault is Fault.VERSION:
        version = "3.1"
    elif fault is Fault.LONG_LINE:
        uri += f"?{_LONG}"
    headers = [] if question.host is None else [f"Host: {question.host}"]
    headers += [_FAULTY_HEADERS[fault]] if fault in _FAULTY_HEADERS else []
    return "\r\n".join([f"{method} {uri} HTTP/{version}", *headers, "Connection: close", "", ""])


Answer = tuple[Outcome, int | None, str]


def _said(decision: Decision) -> Answer:
    outcome, status = decision.outcome, decision.status
    if outcome in {Outcome.REFUSED, Outcome.HANDSHAKE_FAILED} or status == 444:
        return outcome, status, ""
    return outcome, status, mark_of(decision)


def mark_of(decision: Decision) -> str:
    """The header by which the location, or the server, marks its answers."""
    block = decision.location.directive if decision.location is not None else None
    if block is None and decision.server is not None:
        block = decision.server.directive
    return _header(block) if block is not None else ""


@cache
def _header(block: Directive) -> str:
    return next((str(d.args[1]) for d in block.find("add_header")), "")


def observed(reply: Reply) -> Answer:
    """A reply in the words of ``decide``: outcome, status, and the mark of the place that answered."""
    if reply.status is None:
        if reply.error == "ConnectionRefusedError":
            return Outcome.REFUSED, None, ""
        # 444 closes the connection without a word, in TLS 1.2 without a farewell either.
        closed = reply.error in {"", "NO_HTTP_ANSWER"}
        return (Outcome.RESPONSE, 444, "") if closed else (Outcome.HANDSHAKE_FAILED, None, "")
    mark = reply.headers.get("x-where", "")
    for text, outcome in REFUSALS.items():
        if text in reply.body:
            return outcome, reply.status, mark
    return Outcome.RESPONSE, reply.status, mark


def _agree(decision: Decision, method: str, said: Answer, observed: Answer) -> bool:
    if decision.uncertain:
        return False
    # The answer to HEAD has no text to tell nginx's own refusals from other answers with their status.
    outcome = said[0] is observed[0] or (method == "HEAD" and said[0] in REFUSALS.values())
    # The backend answers everything with 200.
    status = observed[1] == (200 if said[1] is None and said[0] is Outcome.RESPONSE else said[1])
    return outcome and status and said[2] == observed[2]
