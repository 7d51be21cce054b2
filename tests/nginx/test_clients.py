"""Clients with a real chain, verified with the files that a configuration names."""

from datetime import timedelta
from pathlib import Path

import pytest

from mtls_lint.nginx.chain_check import reader
from mtls_lint.nginx.clients import ChainClient, ClassClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Decision, Outcome, Request
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE
from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load, load_text
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.nginx import NginxBinary, request
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


def test_before_1_27_2_a_crl_of_the_ca_file_counts_beside_ssl_crl(nginx: NginxBinary, tmp_path: Path) -> None:
    text = SERVER.replace("listen 443", "listen 127.0.0.1:PORT_web").replace("on;\n", "on; return 200;\n")
    for name, data in {
        "ca.pem": content("ca-with-crl.pem"),
        "crl.pem": content("crl-other.pem"),
        "s.pem": content("server.pem"),
        "s.key": content("server.key"),
        "client.pem": identity("client").pem + identity("client").key_pem(),
    }.items():
        (tmp_path / name).write_bytes(data)
    tree = load_text(text.replace("PORT_web", "443"), main_directory=str(tmp_path))
    configuration = build(tree, nginx.version)
    asked = ChainClient(configuration, [Certificate.from_der(identity("client").der)], reader(PemStore()))
    decision = decide(configuration, Connection("127.0.0.1", 443, "1.2"), Request("a.test"), asked, CLOCK)
    with nginx.run(text, tmp_path) as running:
        reply = request(running.ports["web"], certificate=tmp_path / "client.pem")
    assert (decision.outcome is Outcome.RESPONSE) is (reply.status == 200) is (nginx.version < (1, 27, 2))


COMMANDED = """events {{}}
http {{ server {{
    listen 443 ssl;
    ssl_certificate s.pem; ssl_certificate_key s.key;
    ssl_client_certificate ca.pem; ssl_verify_client {mode};
    {commands}
    location / {{ proxy_pass http://127.0.0.1:8080; }}
}} }}
"""


def _ask(tmp_path: Path, mode: str, commands: str, who: str | ClassClient | None) -> Decision:
    (tmp_path / "nginx.conf").write_text(COMMANDED.format(mode=mode, commands=commands))
    configuration = build(load(str(tmp_path / "nginx.conf")), NEWEST_STABLE)
    client: ChainClient | ClassClient | None = None if isinstance(who, str) else who
    if isinstance(who, str):
        client = ChainClient(configuration, [Certificate.from_der(identity(who).der)], reader(PemStore()))
    return decide(configuration, Connection("192.0.2.1", 443, "1.3"), Request("a.test"), client, CLOCK)


@pytest.mark.parametrize(
    ("mode", "commands", "ca", "outcome"),
    [
        ("on", "ssl_conf_command VerifyCAFile other.pem;", "other.pem", Outcome.RESPONSE),
        ("on", "ssl_conf_command VerifyCAFile other.pem;", "ca.pem", Outcome.CERTIFICATE_ERROR),
        ("off", "ssl_conf_command VerifyMode Request;", None, Outcome.RESPONSE),
        ("on", "ssl_conf_command VerifyMode RequestPostHandshake;", "ca.pem", Outcome.NO_CERTIFICATE),
    ],
)
def test_commands_change_the_verdict_on_classes_of_clients(
    tmp_path: Path, mode: str, commands: str, ca: str | None, outcome: Outcome
) -> None:
    client = ClassClient(str(tmp_path / ca) if ca is not None else None)
    decision = _ask(tmp_path, mode, commands, client)
    assert (decision.outcome, decision.uncertain) == (outcome, ())


@pytest.mark.parametrize(
    ("who", "outcome"),
    [("client", None), ("stranger", Outcome.CERTIFICATE_ERROR), (None, Outcome.NO_CERTIFICATE)],
)
@pytest.mark.parametrize("value", ["on", "leaf", "off"])
def test_with_ocsp_a_responder_decides_on_good_chains(
    tmp_path: Path, value: str, who: str | None, outcome: Outcome | None
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority("root").pem)
    decision = _ask(tmp_path, "on", f"ssl_ocsp {value};", who)
    assert bool(decision.uncertain) is (who == "client" and value != "off")
    if outcome is not None:
        assert decision.outcome is outcome


@pytest.mark.parametrize("value", ["on", "leaf", "off"])
def test_a_class_of_clients_has_good_certificates_by_ocsp_too(tmp_path: Path, value: str) -> None:
    decision = _ask(tmp_path, "on", f"ssl_ocsp {value};", ClassClient(str(tmp_path / "ca.pem")))
    assert (decision.outcome, decision.uncertain) == (Outcome.RESPONSE, ())


@pytest.mark.parametrize("value", ["on", "leaf"])
def test_ocsp_against_nginx(nginx: NginxBinary, tmp_path: Path, value: str) -> None:
    """Without a responder nginx refuses good chains, and the rest for the reasons it has without OCSP."""
    root, other = authority("root"), authority("other-root")
    server = root.server("a.test")
    server.write(tmp_path, "s")
    (tmp_path / "ca.pem").write_bytes(root.pem)
    for kind, identity_ in (("good", root.client("good")), ("bad", other.client("bad"))):
        identity_.write(tmp_path, kind)
    text = COMMANDED.format(mode="optional", commands=f"ssl_ocsp {value};").replace("443", "127.0.0.1:PORT_a")
    text = text.replace("proxy_pass http://127.0.0.1:8080", "return 200 $ssl_client_verify")
    bodies = []
    with nginx.run(text, tmp_path) as running:
        for name in (None, "good", "bad"):
            certificate = tmp_path / f"{name}.pem" if name is not None else None
            key = tmp_path / f"{name}.key" if name is not None else None
            bodies.append(request(running.ports["a"], certificate=certificate, key=key).body)
    assert bodies[0] == "NONE"
    assert all("The SSL certificate error" in body for body in bodies[1:])
    refused = COMMANDED.format(mode="optional_no_ca", commands=f"ssl_ocsp {value};")
    assert "is incompatible with" in nginx.check(refused, tmp_path).output
