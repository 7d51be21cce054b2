"""Configurations made to run, with a recording backend for each address they hand requests to."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from mtls_lint.lint.finding import Witness
from mtls_lint.nginx.anonymous import uris_of
from mtls_lint.nginx.answering import example_name
from mtls_lint.nginx.forwarding import Forwarded, forwarding_paths
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing import with_material
from mtls_lint.testing.catalogue import identity
from mtls_lint.testing.client import Reply, request
from mtls_lint.testing.examples import wrapped
from mtls_lint.testing.nginx import NginxBinary, RunningNginx
from rules.forwarding.recorder import Recorder, recording
from rules.test_witnesses import send

_PORTS = re.compile(r"(\blisten\s+(?:\S*:)?)(\d+)\b")
_BACKEND = re.compile(r"\b(?:127\.0\.0\.1|localhost):((?:80|90)\d\d)\b(?! ssl)")
_PASSING = re.compile(r"(fastcgi|uwsgi|scgi)_pass\s+127\.0\.0\.1:(\d+)")
FORGED = "CN=forged"


class Live(Struct, frozen=True):
    """A configuration that runs: ``backends`` by the port that they have in its text."""

    text: str
    version: NginxVersion
    server: RunningNginx
    backends: dict[int, Recorder]
    directory: Path

    def clear(self) -> None:
        for backend in self.backends.values():
            backend.clear()

    def show(self, witness: Witness) -> Reply:
        """Send the request of a witness."""
        return send(witness, self.server, self.directory)

    def carried(self) -> Iterator[tuple[Recorder, Forwarded, str]]:
        """Each header that carries identity, the backend it goes to, and the header that forges it."""
        configuration = build(load_text(self.text), self.version)
        for path in forwarding_paths(configuration):
            for key, forwarded in path.identity.items():
                for address in path.addresses:
                    header = path.header(key)
                    if header is not None and path.server.verify_client != "off":
                        port = int(address.rpartition(":")[2])
                        yield self.backends[port], forwarded, header

    def knock(self, headers: tuple[str, ...]) -> None:
        """Ask every server for every location, on every socket that others reach, with these headers."""
        certificate = self.directory / "known.pem"
        certificate.write_bytes(identity("client").pem + identity("client").key_pem())
        for server in build(load_text(self.text), self.version).servers_of("http"):
            for socket in server.sockets:
                for uri in uris_of(server):
                    for shown in (None, certificate) if socket.ssl else (None,):
                        if not socket.key.is_local:
                            request(
                                self.server.ports[f"p{socket.key.port}"],
                                address="::1" if socket.key.address == "[::]" else "127.0.0.1",
                                tls=socket.ssl,
                                sni=example_name(server) if socket.ssl else None,
                                host=example_name(server),
                                uri=uri,
                                headers=headers,
                                certificate=shown,
                            )


@contextmanager
def running(text: str, nginx: NginxBinary, directory: Path) -> Iterator[Live]:
    """The configuration (with or without ``http`` around it) under real nginx."""
    whole = text if re.search(r"^\s*http\s*\{", text, re.MULTILINE) else wrapped(text, ("http",))
    protocols = {int(port): protocol for protocol, port in _PASSING.findall(whole)}
    served = {int(port) for port in re.findall(r"\blisten\s+(?:\S*:)?(\d+)", whole)}
    ports = {int(match[1]) for match in _BACKEND.finditer(whole)} - served
    with ExitStack() as stack:
        backends = {
            port: stack.enter_context(recording(protocols.get(port, "http"))) for port in sorted(ports)
        }
        runs = _PORTS.sub(lambda match: f"{match[1]}PORT_p{match[2]}", with_material(whole))
        runs = _BACKEND.sub(
            lambda m: f"127.0.0.1:{backends[int(m[1])].port}" if int(m[1]) in backends else m[0], runs
        )
        server = stack.enter_context(nginx.run(runs, directory))
        yield Live(whole, nginx.version, server, backends, directory)
