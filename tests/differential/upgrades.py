"""Put one scenario to two real nginx of different versions, and hold what differs against ``upgrade``."""

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from msgspec import Struct

from differential.compare import ask, observed
from differential.scenario import ODD_HOSTS, ODD_TARGETS, Question, Scenario
from mtls_lint.lint.upgrade import Upgrade, upgrade
from mtls_lint.nginx.decision import Outcome
from mtls_lint.nginx.differences import Kind
from mtls_lint.nginx.lookup import NameTable, find_socket, normalise_host
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer, build
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing.nginx import NginxBinary


class Figures(Struct):
    """What was asked, how often the two really differ, and where that was not listed, or listed in vain."""

    configurations: int = 0
    requests: int = 0
    differing: int = 0
    by_kind: dict[Kind, int] = {}
    unlisted: list[object] = []
    untrue: list[object] = []


def compare_versions(
    scenario: Scenario, old: NginxBinary, new: NginxBinary, directory: Path, pki: Path, figures: Figures
) -> None:
    """Ask both the same, and add what came out to ``figures``."""
    text = varied(scenario).replace("PKI/", f"{pki}/")
    answers = []
    ports: Mapping[str, int] = {}
    for binary in (old, new):
        with binary.run(text, directory) as server:
            ports = server.ports
            answers.append([observed(ask(one, ports, pki)) for one in scenario.questions])
    for name, port in ports.items():
        text = text.replace(f"PORT_{name}", str(port))
    main = directory / "asked.conf"
    main.write_text(text)
    tree = load(str(main))
    # No rules: refusals and findings are compared elsewhere.
    found = upgrade(tree, old.version, new.version, (), datetime.now(timezone.utc), PemStore())
    view = _View(found, build(tree, new.version), ports)
    figures.configurations += 1
    figures.requests += len(scenario.questions)
    for one in found.differences:
        figures.by_kind[one.kind] = figures.by_kind.get(one.kind, 0) + 1
    for question, before, after in zip(scenario.questions, *answers, strict=True):
        entry = (scenario.seed, question, before, after)
        kinds = view.listed(question)
        if before != after:
            figures.differing += 1
            if not kinds:
                figures.unlisted.append(entry)
        elif Kind.PROTOCOLS in kinds and after[0] is not Outcome.HANDSHAKE_FAILED:
            figures.untrue.append(entry)


def varied(scenario: Scenario) -> str:
    """The configuration; every other one says which TLS it speaks, every third has a CA among its CRLs."""
    text = scenario.text
    if scenario.seed % 2:
        text = text.replace("http {\n", "http {\n  ssl_protocols TLSv1.2 TLSv1.3;\n", 1)
    return text.replace("PKI/crl-all.pem", "PKI/crl-all-and-b.pem") if scenario.seed % 3 == 0 else text


def write_mixed_file(pki: Path) -> None:
    """The CRLs, and the certificate of another CA in the same file."""
    mixed = (pki / "crl-all.pem").read_bytes() + (pki / "ca-b.pem").read_bytes()
    (pki / "crl-all-and-b.pem").write_bytes(mixed)


class _View(Struct):
    """What ``upgrade`` lists about single questions."""

    upgrade: Upgrade
    configuration: Configuration
    ports: Mapping[str, int]

    def listed(self, question: Question) -> frozenset[Kind | str]:
        """The kinds of what is listed and concerns the question."""
        found: set[Kind | str] = set()
        odd = question.host in ODD_HOSTS or question.uri in ODD_TARGETS or question.method == "CONNECT"
        if self.upgrade.notes and odd:
            found.add("note")
        socket = find_socket(self.configuration, "http", question.address, self.ports.get(question.port, 1))
        if not isinstance(socket, Socket):
            return frozenset(found)
        host = self._server(socket, question.host or "")
        judge = None
        if question.tls is not None:
            judge = socket.default_server if question.sni is None else self._server(socket, question.sni)
        for one in self.upgrade.differences:
            if one.kind is Kind.PROTOCOLS:
                if one.socket is not None and one.socket.key == socket.key and _has(one.servers, judge):
                    found |= {one.kind} if f"TLSv{question.tls}" in one.protocols else set()
            elif one.kind is Kind.TRUST:
                context = judge if judge is not None and judge.has_ssl_context else socket.default_server
                found |= {one.kind} if question.client != "none" and _has(one.servers, context) else set()
            elif one.kind is Kind.ACCESS and one.socket is not None and one.socket.key == socket.key:
                found |= {one.kind} if _has(one.servers, host) else set()
        return frozenset(found)

    def _server(self, socket: Socket, name: str) -> VirtualServer:
        host = normalise_host(name, self.configuration.version) if name else ""
        server = NameTable.of(socket).find(host) if host is not None else None
        return server if isinstance(server, VirtualServer) else socket.default_server


def _has(servers: tuple[VirtualServer, ...], server: VirtualServer | None) -> bool:
    """Whether the server is among them, in whichever model."""
    return server is not None and any(
        one.directive is not None and one.span == server.span for one in servers
    )
