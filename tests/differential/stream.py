"""Random stream configurations and connections, put to a real nginx and to ``decide``."""

import random
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from differential.compare import REFUSALS, mark_of
from differential.scenario import CLIENTS
from mtls_lint.nginx.clients import ChainClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Answer, Connection, Decision, Outcome, Request
from mtls_lint.nginx.material import FileReference
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing.client import Reply, request
from mtls_lint.testing.nginx import NginxBinary

NAMED = NginxVersion(1, 25, 5)
"""From here on stream has names, ``pass`` and ``ssl_reject_handshake``."""

NAMES = ("a.test", "b.test", "x.w.test", "r7.test", "nowhere.test")
SNIS = (*NAMES, "A.TEST", "b.test:5", None)
SERVER_NAMES = ("a.test", "b.test", "*.w.test", "~^(?<sub>r)\\d", '""', "B.test", ".w.test")
MODES = ("off", "on", "on", "optional", "optional_no_ca")
SETTINGS = (
    "ssl_verify_depth 0;", "ssl_verify_depth 2;", "ssl_crl PKI/crl-all.pem;", "ssl_crl PKI/crl-a.pem;",
    "ssl_trusted_certificate PKI/ca-b.pem;", "ssl_protocols TLSv1.2;", "ssl_protocols TLSv1.3;",
    "ssl_conf_command VerifyCAFile PKI/ca-b.pem;", "ssl_conf_command VerifyMode Require;",
    "ssl_conf_command VerifyMode Request;", "ssl_conf_command Protocol -TLSv1.2;",
)  # fmt: skip
ACCESS = ("deny all;", "allow all; deny all;", "allow all;", "deny all; allow all;")
MAPS = """
  map $ssl_client_verify $by_verify { default ""; SUCCESS 127.0.0.1:PORT_b1; ~^FAILED up2; }
  map $ssl_client_s_dn $by_dn { ~^CN=alice up1; CN=bob 127.0.0.1:PORT_b2; default 127.0.0.1; }
  map $ssl_server_name $by_sni { hostnames; .test 127.0.0.1:PORT_b1; b.test up2; default ""; }
  map $ssl_preread_server_name $by_preread {
    hostnames; a.test 127.0.0.1:PORT_hs; b.test us; *.w.test 127.0.0.1:PORT_b1; default up2; }
  map $ssl_preread_protocol $by_protocol { "" 127.0.0.1:PORT_b1; TLSv1.3 127.0.0.1:PORT_hs; default us; }
  map $ssl_preread_server_name $port { a.test 127.0.0.1:PORT_hs; b.test 127.0.0.1:PORT_us; default ""; }
  map "$ssl_client_verify:$first" $by_set { default up1; ~^NONE up2; "SUCCESS:SUCCESS" ""; }
  upstream up1 { server 127.0.0.1:PORT_b1; }
  upstream up2 { server 127.0.0.1:PORT_b2; }
  upstream us { server 127.0.0.1:PORT_us; }
  server { listen 127.0.0.1:PORT_set; set $first 1; return s; }
"""
TLS_TARGETS = ("127.0.0.1:PORT_b1", "up2", "$by_verify", "$by_dn", "$by_sni", "$by_preread", "$by_set")
PLAIN_TARGETS = ("127.0.0.1:PORT_hs", "us", "up1", "$by_preread", "$by_preread", "$by_protocol")
PASSES = ("h", "hs", "hs", "u", "us", "us", "nowhere")
SETS = (
    "set $first $ssl_server_name;",
    "set $first $by_sni;",
    "set $first SUCCESS;",
    "set $other $ssl_server_name;",
)


class Question(Struct, frozen=True):
    """A connection and a client; ``host`` counts where http answers."""

    port: str
    tls: str | None
    sni: str | None
    host: str
    client: str


class Scenario(Struct, frozen=True):
    """A configuration and questions about it."""

    seed: int
    text: str
    questions: tuple[Question, ...]


class _Maker(Struct):
    random: random.Random
    version: NginxVersion
    lines: list[str] = []
    marks: int = 0

    def chance(self, of_ten: int) -> bool:
        return self.random.randrange(10) < of_ten

    @property
    def named(self) -> bool:
        return self.version >= NAMED

    def make(self) -> dict[str, bool]:
        """Write the configuration; the stream sockets, and whether they speak TLS."""
        sockets = {f"t{number}": self.chance(6) for number in range(self.random.randint(1, 3))}
        self.lines = ["events { worker_connections 64; }", "stream {", MAPS]
        self.lines.append("  ssl_client_certificate PKI/ca-a.pem;")
        if self.chance(2):
            self.lines.append(f"  ssl_verify_client {self.random.choice(MODES)};")
        if self.chance(1):
            self.lines.append(f"  {self.random.choice(ACCESS)}")
        for socket, tls in sockets.items():
            count = self.random.randint(1, 3) if self.named else 1
            mode = self.mode()
            for number in range(count):
                self.server(socket, tls, mode if self.chance(6) else self.mode(), first=number == 0)
        # Listeners that others lead to.
        for number in range(2 if self.named else 1):
            self.server("us", True, self.mode(), first=number == 0, leads=False)
        self.server("u", False, self.mode(), first=True, leads=False)
        self.lines += ["}", "http {", "  access_log off;", "  ssl_client_certificate PKI/ca-a.pem;"]
        self.lines.append("  ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;")
        for port in ("hs", "hs", "h"):
            self.http_server(port)
        for port in ("b1", "b2"):
            self.lines.append(
                f"  server {{ listen 127.0.0.1:PORT_{port}; return 200 {port}; add_header X-Where {port}; }}"
            )
        self.lines.append("}")
        return {**sockets, "us": True, "u": False}

    def mode(self) -> str:
        mode = self.random.choice(MODES)
        ca = self.random.choice(("", "", "ssl_client_certificate PKI/ca-b.pem; "))
        return f"{ca}ssl_verify_client {mode};"

    def server(self, socket: str, tls: bool, mode: str, *, first: bool, leads: bool = True) -> None:
        add = self.lines.append
        add("  server {")
        add(f"    listen 127.0.0.1:PORT_{socket}{' ssl' if tls and (first or self.chance(8)) else ''};")
        if self.named and self.chance(8):
            names = self.random.sample(SERVER_NAMES, self.random.randint(1, 2))
            add(f"    server_name {' '.join(names)};")
        if first or not self.named or self.chance(8):
            add("    ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;")
        add(f"    {mode}")
        settings = {
            one.split()[0]: one for one in self.random.sample(SETTINGS, self.random.choice((0, 0, 1, 2)))
        }
        add("    " + " ".join(settings.values()))
        if self.named and tls and self.chance(1):
            add("    ssl_reject_handshake on;")
        if self.chance(1):
            add(f"    {self.random.choice(ACCESS)}")
        if self.chance(1):
            add(f"    {self.random.choice(SETS)}")
        if self.chance(1 if tls else 7):
            add("    ssl_preread on;")
        self.content(tls, leads)
        add("  }")

    def content(self, tls: bool, leads: bool) -> None:
        kind = self.random.randrange(10)
        if leads and kind < 3 and self.named:
            word = self.random.choice((*PASSES, "$port"))
            self.lines.append(f"    pass {word if word[0] == '$' else f'127.0.0.1:PORT_{word}'};")
        elif kind < 7 and (leads or tls):
            targets = TLS_TARGETS if tls else PLAIN_TARGETS
            target = self.random.choice(targets if leads else targets[:1])
            self.lines.append(f"    proxy_pass {target};")
        elif kind == 9 and leads:
            self.lines.append('    return "";')
        else:
            self.marks += 1
            self.lines.append(f'    return "m{self.marks}|$ssl_client_verify";')

    def http_server(self, port: str) -> None:
        self.marks += 1
        ssl = " ssl" if port == "hs" else ""
        name, mark = self.random.choice(NAMES[:3]), f"add_header X-Where m{self.marks} always;"
        self.lines.append(f"  server {{ listen 127.0.0.1:PORT_{port}{ssl}; server_name {name};")
        self.lines.append(f"    {self.mode()} {mark}")
        check = "if ($ssl_client_verify != SUCCESS) { return 403; }" if self.chance(3) else ""
        self.lines.append(f"    {check} location / {{ {mark} return 200 x; }}")
        self.lines.append("  }")

    def question(self, sockets: Mapping[str, bool]) -> Question:
        choose = self.random.choice
        port = choose(list(sockets))
        tls = choose(("1.2", "1.3"))
        if self.chance(1 if sockets[port] else 3):
            return Question(port, None, None, choose(NAMES), "none")
        return Question(port, tls, choose(SNIS), choose(NAMES), choose((*CLIENTS, "none", "none")))


def make(seed: int, questions: int, version: NginxVersion) -> Scenario:
    """The scenario of a seed for an nginx of this version, with so many questions."""
    maker = _Maker(random.Random(seed), version)
    sockets = maker.make()
    text = "\n".join(maker.lines)
    return Scenario(seed, text, tuple(maker.question(sockets) for _ in range(questions)))


class Compared(Struct, frozen=True):
    """The questions of a scenario: how many, how many ``decide`` leaves open, and where the two differ."""

    asked: int
    open: int
    differing: tuple[str, ...]


def compare(scenario: Scenario, binary: NginxBinary, directory: Path, pki: Path) -> Compared:
    """Run the scenario's configuration and ask all its questions of both."""
    text = scenario.text.replace("PKI/", f"{pki}/")
    found, uncertain = [], 0
    with binary.run(text, directory) as server:
        for name, port in server.ports.items():
            text = text.replace(f"PORT_{name}", str(port))
        main = directory / "asked.conf"
        main.write_text(text)
        configuration = build(load(str(main)), binary.version)
        backends = {str(server.ports[name]): name for name in ("b1", "b2")}
        for question in scenario.questions:
            decision = _decide(configuration, question, server.ports, pki)
            said = _said(decision, backends)
            seen = observed(ask(question, server.ports, pki))
            uncertain += bool(decision.uncertain)
            if not _agree(decision, said, seen):
                found.append(f"{scenario.seed} {binary} {question}: said {said}, observed {seen}")
    return Compared(len(scenario.questions), uncertain, tuple(found))


def _decide(
    configuration: Configuration, question: Question, ports: Mapping[str, int], pki: Path
) -> Decision:
    store = PemStore()

    def read(reference: FileReference) -> PemFile | None:
        return None if reference.path is None else store.read(reference.path)

    client = None
    if question.client != "none":
        client = ChainClient(
            configuration, store.read(str(pki / f"{question.client}.pem")).certificates, read
        )
    connection = Connection("127.0.0.1", ports[question.port], question.tls, question.sni)
    return decide(configuration, connection, Request(question.host), client, datetime.now(timezone.utc))


def ask(question: Question, ports: Mapping[str, int], pki: Path) -> Reply:
    """Put the question to nginx."""
    named = question.client != "none"
    return request(
        ports[question.port],
        tls=question.tls is not None,
        sni=question.sni,
        host=question.host,
        certificate=pki / f"{question.client}.pem" if named else None,
        key=pki / f"{question.client}.key" if named else None,
        minimum=question.tls,
        maximum=question.tls,
    )


CLOSED = "closed"
Said = tuple[str, ...]


def _said(decision: Decision, backends: Mapping[str, str]) -> Said:
    """What a client sees: a failed handshake, a closed connection, a text, a backend, an answer of http."""
    if decision.outcome in {Outcome.REFUSED, Outcome.HANDSHAKE_FAILED}:
        return (decision.outcome.value,)
    server = decision.server
    if server is not None and server.module == "http":
        mark = mark_of(decision)
        http = ("http", decision.outcome.value, str(decision.status), mark)
        return ("backend", mark) if mark in backends.values() else http
    if decision.outcome is not Outcome.RESPONSE or decision.answer is Answer.REFUSAL or server is None:
        return (CLOSED,)
    if decision.answer is Answer.FIXED:
        text = next(str(d.args[0]) for d in reversed(server.scope.directives) if d.name == "return")
        return ("text", text.partition("|")[0], decision.client_verify)
    backend = {"up1": "b1", "up2": "b2"}.get(decision.backend or "")
    return ("backend", backend or backends.get((decision.backend or "").rpartition(":")[2], "?"))


def observed(reply: Reply) -> Said:
    """What the client saw, in the words of ``_said``."""
    if reply.error not in {"", "NO_HTTP_ANSWER"}:
        refused = reply.error == "ConnectionRefusedError"
        return (Outcome.REFUSED.value if refused else Outcome.HANDSHAKE_FAILED.value,)
    # A plain client may be sent a TLS alert first.
    if not reply.raw or reply.raw.startswith(b"\x15\x03"):
        return (CLOSED,)
    if reply.status is None:
        mark, _, verify = reply.raw.decode("utf-8", "replace").partition("|")
        return ("text", mark, verify)
    if reply.body in {"b1", "b2"}:
        return ("backend", reply.body)
    outcome = next((one for text, one in REFUSALS.items() if text in reply.body), Outcome.RESPONSE)
    return ("http", outcome.value, str(reply.status), reply.headers.get("x-where", ""))


def _agree(decision: Decision, said: Said, seen: Said) -> bool:
    if not decision.uncertain:
        return said == seen
    # Where nginx takes now the one mode and now the other, it lets pass or closes.
    mixed = all("CVE-2026-120967" in reason for reason in decision.uncertain)
    return mixed and (said == (CLOSED,) or seen in {said, (CLOSED,)})


def total(results: list[Compared]) -> Compared:
    """All of them together."""
    whole = Compared(0, 0, ())
    for one in results:
        whole = replace(
            whole,
            asked=whole.asked + one.asked,
            open=whole.open + one.open,
            differing=whole.differing + one.differing,
        )
    return whole
