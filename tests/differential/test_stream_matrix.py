"""The rows of the matrix for stream: what they say of real nginx holds, holes included."""

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from differential.stream import CLOSED, Question, Said, ask, make, observed
from mtls_lint.nginx.chain_check import reader
from mtls_lint.nginx.decision import Outcome
from mtls_lint.nginx.matrix import matrix
from mtls_lint.nginx.matrix_rows import ANY_CERTIFICATE, ANYONE, BACKEND, CERTIFICATES, NOBODY, Row
from mtls_lint.nginx.model import build
from mtls_lint.nginx.stream_targets import content_directive
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing.nginx import NginxBinary

REFUSED = {(CLOSED,), (Outcome.HANDSHAKE_FAILED.value,)}
GETS_IN = {
    NOBODY: {"none": False, "stranger": False},
    CERTIFICATES: {"none": False, "stranger": False},
    ANY_CERTIFICATE: {"none": False, "stranger": True},
    ANYONE: {"none": True},
}
"""Whether a client without a certificate does, and one with a certificate that nobody vouches for."""


def rows_of(main: Path, version: NginxVersion, ports: dict[str, int]) -> Iterator[tuple[str, Row]]:
    names = {port: name for name, port in ports.items()}
    configuration = build(load(str(main)), version)
    for row in matrix(configuration, datetime.now(timezone.utc), reader(PemStore())):
        name = names[row.socket.key.port]
        content = content_directive(row.server)
        passed_on = content is not None and content.name == "pass"
        by_name = content is not None and "$" in content.text
        reached = bool(row.places) and not passed_on and not by_name
        reached = reached and (row.socket.ssl or row.name == "localhost")
        if row.socket.module == "stream" and not row.uncertain and row.who.kind != BACKEND and reached:
            yield name, row


@pytest.mark.parametrize("seed", range(8))
def test_rows_hold(seed: int, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path) -> None:
    if not nginx.can_run("stream {}"):
        pytest.skip(f"{nginx} has no stream")
    text = make(seed, 0, nginx.version).text.replace("PKI/", f"{scenario_pki}/")
    with nginx.run(text, tmp_path) as server:

        def seen(port: str, row: Row, sni: str | None, client: str) -> Said:
            said: Said = (CLOSED,)
            for tls in ("1.3", "1.2") if row.socket.ssl else (None,):
                said = observed(ask(Question(port, tls, sni, "a.test", client), server.ports, scenario_pki))
                if said[0] != Outcome.HANDSHAKE_FAILED.value:
                    break
            return said

        for port, row in rows_of(tmp_path / "nginx.conf", nginx.version, server.ports):
            sni = row.name if row.name != "localhost" and row.socket.ssl else None
            for client, gets_in in GETS_IN[row.who.kind].items():
                if row.socket.ssl or client == "none":
                    assert (seen(port, row, sni, client) not in REFUSED) is gets_in, (row, client)
            for hole in row.holes:
                if hole.who.kind == ANYONE:
                    assert seen(port, row, hole.sni, "none")[0] == "backend", (row, hole)
