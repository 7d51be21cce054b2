"""Clients with a real chain, verified with the files that a configuration names."""

from datetime import timedelta
from pathlib import Path

import pytest

from mtls_lint.nginx.clients import ChainClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Outcome, Request
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE
from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.pki import CLOCK

SERVER = """events {}
http { server {
    listen 443 ssl;
    ssl_certificate s.pem; ssl_certificate_key s.key;
    ssl_client_certificate ca.pem; ssl_crl crl.pem; ssl_verify_client on;
} }
"""


@pytest.mark.parametrize(
    ("revoked", "delta_revokes", "doubts"),
    [(True, True, False), (False, False, False), (True, False, True), (False, True, True)],
)
def test_a_delta_crl_leaves_a_doubt_where_openssl_versions_part(
    tmp_path: Path, revoked: bool, delta_revokes: bool, doubts: bool
) -> None:
    root, client = authority("root"), identity("client")
    complete = root.crl(*([client] if revoked else []), last_update=CLOCK - timedelta(days=2))
    delta = root.crl(*([client] if delta_revokes else []), number=2, delta_of=1)
    (tmp_path / "nginx.conf").write_text(SERVER)
    (tmp_path / "ca.pem").write_bytes(root.pem)
    (tmp_path / "crl.pem").write_bytes(complete + delta)
    configuration = build(load(str(tmp_path / "nginx.conf")), NEWEST_STABLE)
    store = PemStore()
    chain = [Certificate.from_der(client.der)]
    asked = ChainClient(configuration, chain, lambda reference: store.read(reference.path or ""))
    decision = decide(configuration, Connection("192.0.2.1", 443, "1.3"), Request("a.test"), asked, CLOCK)
    assert bool(decision.uncertain) is doubts
    if not doubts:
        assert decision.outcome is (Outcome.CERTIFICATE_ERROR if revoked else Outcome.RESPONSE)
