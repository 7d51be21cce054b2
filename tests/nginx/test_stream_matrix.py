"""The matrix of stream: names, maps, backends, and certificates with a flaw, those on real nginx."""

from datetime import datetime, timezone
from pathlib import Path

import pytest

from mtls_lint.nginx.chain_check import reader
from mtls_lint.nginx.clients import ChainClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Connection, Outcome, Request
from mtls_lint.nginx.flaws import REVOKED, TOO_DEEP, Flaw
from mtls_lint.nginx.matrix import matrix
from mtls_lint.nginx.matrix_rows import ANYONE, BACKEND, CERTIFICATES, NOBODY, Row, Who
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion, parse_version
from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import Authority, Identity

NOW = datetime.now(timezone.utc)
PAIR = "ssl_certificate server.pem; ssl_certificate_key server.key;"
ON = "ssl_client_certificate ca.pem; ssl_verify_client on;"
TO = "proxy_pass 127.0.0.1:1;"


def built(text: str, directory: Path, version: NginxVersion = NEWEST_STABLE) -> Configuration:
    (directory / "read.conf").write_text(text)
    return build(load(str(directory / "read.conf")), version)


def rows(stream: str, directory: Path, version: NginxVersion = NEWEST_STABLE) -> list[Row]:
    text = f"events {{}} stream {{ {PAIR} {stream} }}"
    return list(matrix(built(text, directory, version), NOW, reader(PemStore())))


def shown(found: list[Row]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(row.name, row.places, row.who.kind) for row in found]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (f"server {{ listen 443; {TO} }}", [("localhost", ("127.0.0.1:1",), ANYONE)]),
        (f"server {{ listen 443; deny all; {TO} }}", [("localhost", ("127.0.0.1:1",), NOBODY)]),
        (f"server {{ listen 443 ssl; {ON} {TO} }}", [("localhost", ("127.0.0.1:1",), CERTIFICATES)]),
        ('server { listen 443; return ""; }', [("localhost", ("return ",), NOBODY)]),
        # The name is chosen by what ssl_preread of the default server reads; without it, nobody gets to b.
        (
            f"server {{ listen 443; server_name a.test; ssl_preread on; {TO} }}"
            " server { listen 443; server_name b.test; proxy_pass 127.0.0.1:2; }",
            [("a.test", ("127.0.0.1:1",), BACKEND), ("b.test", ("127.0.0.1:2",), BACKEND)],
        ),
        (
            f"server {{ listen 443; server_name a.test; {TO} }}"
            f" server {{ listen 443; server_name b.test; {TO} }}",
            [("a.test", ("127.0.0.1:1",), ANYONE), ("b.test", (), NOBODY)],
        ),
        # Maps: by name, with wildcards, and by what is said of the certificate.
        (
            "map $ssl_server_name $b { hostnames; a.test 127.0.0.1:1; *.b.test 127.0.0.1:2;"
            f" .c.test 127.0.0.1:3; default 127.0.0.1:4; }} server {{ listen 443 ssl; {ON} proxy_pass $b; }}",
            [("localhost", ("127.0.0.1:4", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"), CERTIFICATES)],
        ),
        (
            'map $ssl_client_verify $b { SUCCESS 127.0.0.1:1; default ""; }'
            " server { listen 443 ssl; ssl_client_certificate ca.pem; ssl_verify_client optional;"
            " proxy_pass $b; }",
            [("localhost", ("127.0.0.1:1",), CERTIFICATES)],
        ),
        # To the same port TLS and something else, by the first bytes.
        (
            'map $ssl_preread_protocol $b { "" 127.0.0.1:22; default 127.0.0.1:9443; }'
            " server { listen 443; ssl_preread on; proxy_pass $b; }",
            [("localhost", ("127.0.0.1:9443", "127.0.0.1:22"), BACKEND)],
        ),
        ("server { listen 443; ssl_preread on; return hello; }", [("localhost", ("return hello",), ANYONE)]),
        ("server { listen 443 udp; proxy_pass 127.0.0.1:1; }", []),
    ],
)  # fmt: skip
def test_rows(stream: str, expected: list[tuple[str, tuple[str, ...], str]], tmp_path: Path) -> None:
    assert shown(rows(stream, tmp_path)) == expected


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    (by_geo,) = rows(
        f"geo $b {{ default 127.0.0.1:1; }} server {{ listen 443 ssl; {ON} proxy_pass $b; }}", tmp_path
    )
    assert "geo" in by_geo.uncertain[0]
    (some,) = rows(f"server {{ listen 443 ssl; {ON} allow 10.0.0.0/8; deny all; {TO} }}", tmp_path)
    assert "address" in some.uncertain[0]
    mixed = f"server {{ listen 443 ssl; {TO} }} server {{ listen 443 ssl; server_name b.test; {ON} {TO} }}"
    assert "CVE-2026-120967" in rows(mixed, tmp_path, parse_version("1.31.3"))[1].uncertain[0]
    assert rows(mixed, tmp_path)[1].uncertain == ()


FLAWS = {
    "crl": (f"{ON}", f"{ON} ssl_crl crl.pem;"),
    "deep": (f"{ON} ssl_verify_depth 3;", f"{ON}"),
    "even": (f"{ON} ssl_crl crl.pem;", f"{ON} ssl_crl crl.pem;"),
    "other": (f"{ON} PASS_other", f"{ON} ssl_crl crl.pem;"),
}
"""The default server of each socket, and a stricter one with the same backend, but for ``other``."""


def test_certificates_with_a_flaw(nginx: NginxBinary, tmp_path: Path) -> None:
    """Every hole is one on nginx, and where there is none nobody gets in."""
    if not nginx.can_run("stream {}") or nginx.version < (1, 25, 5):
        pytest.skip(f"{nginx} has no names in stream")
    root = Authority.root("root")
    revoked, deep = root.client("revoked"), root.intermediate("one").intermediate("two").client("deep")
    root.server("a.test").write(tmp_path, "server")
    (tmp_path / "ca.pem").write_bytes(root.pem)
    (tmp_path / "crl.pem").write_bytes(root.crl(revoked))
    for name, client in (("revoked", revoked), ("deep", deep)):
        (tmp_path / f"{name}.pem").write_bytes(client.chain_pem() + client.key_pem())
    stream = ""
    for port, (lax, strict) in FLAWS.items():
        back = "another" if "PASS_other" in lax else "back"
        listen = f"listen 127.0.0.1:PORT_{port} ssl;"
        first = f"proxy_pass 127.0.0.1:PORT_{back}; {lax.replace('PASS_other', '')}"
        stream += f"server {{ {listen} server_name a.test; {first} }}"
        stream += f"server {{ {listen} server_name b.test; {strict} proxy_pass 127.0.0.1:PORT_back; }}"
    http = "".join(
        f"server {{ listen 127.0.0.1:PORT_{one}; return 200 {one}; }}" for one in ("back", "another")
    )
    text = f"events {{}} stream {{ {PAIR} {stream} }} http {{ {http} }}"
    with nginx.run(text, tmp_path) as server:
        configuration = built((tmp_path / "nginx.conf").read_text(), tmp_path)
        names = {port: name for name, port in server.ports.items()}
        found = {
            (names[row.socket.key.port], hole.sni, hole.who.flaw.kind)
            for row in matrix(configuration, NOW, reader(PemStore()))
            for hole in row.holes
            if hole.who.flaw is not None
        }
        assert found == {("crl", None, REVOKED), ("deep", None, TOO_DEEP)}
        for port in FLAWS:
            for kind, name in ((REVOKED, "revoked"), (TOO_DEEP, "deep")):
                file = tmp_path / f"{name}.pem"
                asked = [
                    request(server.ports[port], sni=sni, certificate=file).body for sni in (None, "b.test")
                ]
                through = asked[0] == "back" and asked[1] != "back"
                assert through is ((port, None, kind) in found), (port, kind, asked)


@pytest.mark.parametrize(
    ("version", "asks"),
    [("1.27.2", False), ("1.28.2", False), ("1.28.3", True), ("1.29.6", False), ("1.29.7", True)],
)
def test_ocsp_counts_by_version(version: str, asks: bool, tmp_path: Path) -> None:
    root = Authority.root("root")
    (tmp_path / "ca.pem").write_bytes(root.pem)
    text = f"events {{}} stream {{ {PAIR} server {{ listen 443 ssl; {ON} ssl_ocsp on; {TO} }} }}"
    configuration = built(text, tmp_path, parse_version(version))
    client: Identity = root.client("alice")
    asked = ChainClient(configuration, [Certificate.from_der(client.der)], reader(PemStore()))
    decision = decide(configuration, Connection("192.0.2.1", 443, "1.2"), Request("a.test"), asked, NOW)
    assert decision.outcome is Outcome.RESPONSE
    assert any("ssl_ocsp" in reason for reason in decision.uncertain) is asks


def test_a_flaw_names_its_crl(tmp_path: Path) -> None:
    root = Authority.root("root")
    (tmp_path / "ca.pem").write_bytes(root.pem)
    (tmp_path / "crl.pem").write_bytes(root.crl(root.client("revoked")))
    found = rows(
        f"server {{ listen 443 ssl; server_name a.test; {ON} {TO} }}"
        f"server {{ listen 443 ssl; server_name b.test; {ON} ssl_crl crl.pem; {TO} }}",
        tmp_path,
    )
    (hole,) = found[1].holes
    flaw = Flaw(REVOKED, str(tmp_path / "crl.pem"))
    assert (hole.sni, hole.who) == (None, Who(CERTIFICATES, (str(tmp_path / "ca.pem"),), flaw))
