"""Good examples and near misses against real nginx: what the rule fears does not happen there.

Clients without a certificate, and with one of their own making, with and without SNI, ask every server for
every location. nginx answers as ``decide`` says, and no server that asks for certificates gives them content,
but where ``OPEN`` says why that is right.
"""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from msgspec import Struct

from differential.compare import REFUSALS
from mtls_lint.nginx.anonymous import is_housekeeping, uris_of
from mtls_lint.nginx.answering import example_name
from mtls_lint.nginx.clients import Stranger
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Decision, Outcome, Request
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer, build
from mtls_lint.nginx.version import parse_version
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.client import Reply, request
from mtls_lint.testing.nginx import NginxBinary, RunningNginx
from mtls_lint.testing.pki import CLOCK, Identity
from rules.cases import Case
from rules.live import CONTENT, FAMILIES, RULES, runnable, write_files

# Where a near miss gives content at this one URI, and why its rule does not speak of that.
OPEN = {
    "mtls-not-enforced:optional-asks": ("/", "verify-client-optional-unchecked finds it"),
    "plaintext-listener-same-app:loopback": ("/", "only this machine reaches the plain listener"),
    "same-app-without-client-certificate:the-same-place-is-open-there,-too": (
        "/",
        "verify-client-optional-unchecked finds it",
    ),
    "verify-check-bypassed:^~-keeps-regular-expressions-away": ("/", "the check is for /admin"),
    "verify-check-bypassed:other-letters-to-another-backend": ("/", "the check is for /admin"),
    "verify-check-bypassed:the-escape-refuses-too": ("/", "the check is for /admin"),
    "verify-client-optional-unchecked:names-that-nobody-verified": (
        "/",
        "dn-without-verify-forwarded finds it",
    ),
    "verify-client-without-own-certificate:no-TLS": ("/", "listen-without-ssl finds it"),
    "verify-client-without-ca:no-TLS-context-is-built": ("/", "listen-without-ssl finds it"),
    "verify-client-without-ca:optional_no_ca-needs-none": ("/", "verify-client-optional-unchecked finds it"),
}


class Sound(Struct, frozen=True):
    """A configuration on which its rule is silent; ``version`` where it speaks of one nginx only."""

    name: str
    text: str
    version: str | None

    def __str__(self) -> str:
        return self.name


def configurations() -> Iterator[Sound]:
    for rule in RULES:
        for number, example in enumerate(rule.documentation.good, 1):
            yield Sound(f"{rule.id}:good-{number}", example.text, example.options.get("version"))
    for family in sorted(FAMILIES):
        cases: dict[str, list[Case]] = importlib.import_module(f"rules.{family}.test_cases").CASES
        for rule_id, table in cases.items():
            for case in table:
                if not case.lines and not case.not_evaluated:
                    version = None if case.version == Case.version else case.version
                    yield Sound(f"{rule_id}:{case}", dedent(case.text), version)


class Asked(Struct, frozen=True):
    """One request, what nginx answered and what ``decide`` says."""

    server: VirtualServer
    what: str
    uri: str
    reply: Reply
    decision: Decision


def ask(text: str, nginx: NginxBinary, directory: Path) -> list[Asked]:
    """Run the configuration, and send it every request; none where nginx does not take it.

    Servers that do not say what they serve have files to serve: else nothing could get in.
    """
    if not re.search(r"[;{\s]root\s", text):
        text = re.sub(r"\bhttp\s*\{", f"http {{ root {directory};", text, count=1)
    numbered = re.sub(r"PORT_(?:p(\d+)|backend)", lambda match: match[1] or "8", text)
    if not nginx.check(numbered, directory).accepted:
        return []
    write_files(directory)
    with nginx.run(text, directory) as running:
        return list(_ask(text, running, nginx, directory))


def _ask(text: str, running: RunningNginx, version: NginxBinary, directory: Path) -> Iterator[Asked]:
    for name, port in running.ports.items():
        text = text.replace(f"PORT_{name}", str(port))
    configuration = build(load_text(text, "nginx.conf", main_directory=str(directory)), version.version)
    stranger = Identity.self_signed("x", subject="CN=stranger")
    own = directory / "own.pem"
    own.write_bytes(stranger.pem + stranger.key_pem())
    for socket in configuration.sockets:
        # A Unix socket is for this machine alone, and our client speaks TCP.
        local = socket.key.family == "unix" or socket.key.port == running.ports["backend"]
        if socket.module == "http" and not local:
            for server in socket.servers:
                yield from _requests(configuration, socket, server, own)


def _requests(
    configuration: Configuration, socket: Socket, server: VirtualServer, own: Path
) -> Iterator[Asked]:
    name = example_name(server)
    address = {"*": "127.0.0.1", "[::]": "::1"}.get(socket.key.address, socket.key.address.strip("[]"))
    for uri in dict.fromkeys(uris_of(server)):
        for certificate in (None, own) if socket.ssl else (None,):
            for sni in (name, None) if socket.ssl else (None,):
                reply = request(
                    socket.key.port,
                    address=address,
                    tls=socket.ssl,
                    sni=sni,
                    host=name,
                    uri=uri,
                    certificate=certificate,
                )
                tls = reply.tls_version.removeprefix("TLSv") if reply.tls_version else "1.3"
                decision = decide(
                    configuration,
                    Connection(address, socket.key.port, tls if socket.ssl else None, sni),
                    Request(name, uri),
                    Stranger() if certificate is not None else None,
                    CLOCK,
                )
                what = (
                    f"{socket.key} SNI {sni} Host {name} {uri} {'own' if certificate else 'no'} certificate"
                )
                yield Asked(server, what, uri, reply, decision)


def differs(asked: Asked) -> bool:
    """Whether nginx answered something else than ``decide`` says."""
    decision, reply = asked.decision, asked.reply
    if decision.outcome in {Outcome.REFUSED, Outcome.HANDSHAKE_FAILED} or reply.status is None:
        return reply.status is not None or decision.outcome is Outcome.RESPONSE
    outcome = next((one for words, one in REFUSALS.items() if words in reply.body), Outcome.RESPONSE)
    if outcome is not decision.outcome or decision.status not in {None, reply.status}:
        return True
    # What is promised as content may still be a file that is not there.
    return reply.body == CONTENT and not decision.lets_in


def gets_in(asked: Asked) -> bool:
    """Whether a server that asks for certificates gave content all the same."""
    served = asked.reply.body == CONTENT and asked.server.verify_client != "off"
    return served and not is_housekeeping(asked.uri)


@pytest.mark.parametrize("sound", list(configurations()), ids=str)
def test_nobody_gets_in_without_a_certificate(sound: Sound, nginx: NginxBinary, tmp_path: Path) -> None:
    if sound.version is not None and parse_version(sound.version) != nginx.version:
        pytest.skip(f"for nginx {sound.version}")
    text = runnable(sound.text, tmp_path)
    answers = ask(text, nginx, tmp_path)
    assert [f"{one.what}: {one.reply} {one.decision}" for one in answers if differs(one)] == []
    where = {one.uri for one in answers if gets_in(one)}
    assert where == ({OPEN[sound.name][0]} if sound.name in OPEN else set())
