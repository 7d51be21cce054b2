"""The matrix: what it says of each row and hole is what real nginx does."""

from datetime import datetime, timezone
from itertools import product
from pathlib import Path

import pytest

from mtls_lint.nginx.matrix import matrix
from mtls_lint.nginx.matrix_rows import ANY_CERTIFICATE, ANYONE, CERTIFICATES, NOBODY, Row, Who
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import Authority, Identity

TEXT = """\
events {}
http {
    ssl_certificate server.pem; ssl_certificate_key server.key;
    server { listen 127.0.0.1:PORT_back; return 200 backend; }
    server {
        listen 127.0.0.1:PORT_tls ssl;
        server_name a.test;
        ssl_client_certificate ca-a.pem; ssl_verify_client on;
        location / { PASS }
        location /closed { return 403; }
    }
    server {
        listen 127.0.0.1:PORT_tls ssl;
        server_name b.test;
        ssl_client_certificate ca-b.pem; ssl_verify_client on;
        location / { PASS }
    }
    server {
        listen 127.0.0.1:PORT_tls ssl;
        server_name both.test;
        ssl_client_certificate ca-a.pem; ssl_trusted_certificate ca-b.pem; ssl_verify_client on;
        location / { PASS }
    }
    server {
        listen 127.0.0.1:PORT_tls ssl;
        server_name soft.test;
        ssl_client_certificate ca-b.pem; ssl_verify_client optional;
        location / { PASS }
        location /in { if ($ssl_client_verify != SUCCESS) { return 403; } PASS }
    }
    server {
        listen 127.0.0.1:PORT_tls ssl;
        server_name any.test;
        ssl_verify_client optional_no_ca;
        if ($ssl_client_verify = NONE) { return 403; }
        location / { PASS }
    }
    server { listen 127.0.0.1:PORT_plain; server_name a.test; location / { PASS } }
    server { listen 127.0.0.1:PORT_shut ssl; server_name shut.test; ssl_reject_handshake on; }
}
""".replace("PASS", "proxy_pass http://127.0.0.1:PORT_back;")
NOW = datetime.now(timezone.utc)


@pytest.fixture
def clients(tmp_path: Path) -> dict[str, Identity | None]:
    """A client of each class: the file of its CA, ``stranger`` or ``nobody``."""
    a, b = Authority.root("Root A"), Authority.root("Root B")
    a.server("a.test").write(tmp_path, "server")
    (tmp_path / "ca-a.pem").write_bytes(a.pem)
    (tmp_path / "ca-b.pem").write_bytes(b.pem)
    made = {"ca-a": a.client("a"), "ca-b": b.client("b"), "stranger": Identity.self_signed("s")}
    for name, identity in made.items():
        identity.write(tmp_path, f"client-{name}")
    return {**made, "nobody": None}


def lets_in(who: Who, client: str) -> bool | None:
    """Whether ``client`` gets in; None where the row does not say: a bad certificate is worse than none."""
    if who.kind == CERTIFICATES:
        return client in {Path(ca).stem for ca in who.cas}
    if who.kind == ANYONE:
        return True if client == "nobody" else None
    if who.kind == ANY_CERTIFICATE:
        return client == "stranger" if client in {"stranger", "nobody"} else None
    return False


def rows(text: str, directory: Path, version: NginxVersion = NEWEST_STABLE) -> list[Row]:
    return list(matrix(build(load_text(text, "nginx.conf", main_directory=str(directory)), version), NOW))


def test_every_row_and_every_hole_on_real_nginx(
    nginx: NginxBinary, clients: dict[str, Identity | None], tmp_path: Path
) -> None:
    asked = 0
    with nginx.run(TEXT, tmp_path) as server:
        text = TEXT
        for name, port in server.ports.items():
            text = text.replace(f"PORT_{name}", str(port))
        for row in rows(text, tmp_path, nginx.version):
            assert row.uncertain == ()
            questions = [(row.name, row.who), *((hole.sni, hole.who) for hole in row.holes)]
            for (sni, who), (client, identity) in product(questions, clients.items()):
                expected = lets_in(who, client)
                if expected is None or (identity is not None and not row.socket.ssl):
                    continue
                reply = request(
                    row.socket.key.port,
                    tls=row.socket.ssl,
                    sni=sni,
                    host=row.name,
                    uri=row.places[0],
                    certificate=tmp_path / f"client-{client}.pem" if identity is not None else None,
                    key=tmp_path / f"client-{client}.key" if identity is not None else None,
                )
                assert (reply.status == 200) is expected, (row.name, row.places, sni, client)
                asked += 1
    assert asked > 25


def test_the_rows_say_who_and_how_around(tmp_path: Path) -> None:
    text = TEXT
    for name, port in {"tls": 443, "plain": 80, "back": 81, "shut": 444}.items():
        text = text.replace(f"PORT_{name}", str(port))
    found = {
        (row.socket.key.port, row.name, row.places): (row.who, {hole.sni: hole.who for hole in row.holes})
        for row in rows(text, tmp_path)
    }
    only_a, only_b = (Who(CERTIFICATES, (str(tmp_path / name),)) for name in ("ca-a.pem", "ca-b.pem"))
    both = Who(CERTIFICATES, (*only_a.cas, *only_b.cas))
    assert found[(443, "a.test", ("/",))] == (only_a, {})
    assert found[(443, "a.test", ("/closed",))] == (Who(NOBODY), {})
    assert found[(443, "b.test", ("/",))] == (only_b, {None: only_a})
    assert found[(443, "both.test", ("/",))] == (both, {})
    assert found[(443, "soft.test", ("/",))] == (Who(ANYONE), {})
    assert found[(443, "soft.test", ("/in",))] == (only_b, {None: only_a})
    assert found[(443, "any.test", ("/",))] == (Who(ANY_CERTIFICATE), {})
    assert found[(80, "a.test", ("/",))] == (Who(ANYONE), {})
    assert found[(444, "shut.test", ("/",))] == (Who(NOBODY), {})


def test_a_certificate_name_leaves_it_uncertain(tmp_path: Path) -> None:
    text = (
        "server { listen 443 ssl; server_name a.test; ssl_certificate s.pem; ssl_certificate_key s.key;"
        " ssl_client_certificate ca.pem; ssl_verify_client on;"
        " if ($ssl_client_s_dn !~ CN=x) { return 403; } location / { proxy_pass http://127.0.0.1:1; } }"
    )
    (row,) = rows(text, tmp_path)
    assert any("ssl_client_s_dn" in reason for reason in row.uncertain)
