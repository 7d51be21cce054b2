"""Handshakes by another server: a finding means that real nginx lets in others, or keeps out its own."""

from itertools import product
from pathlib import Path

import pytest

from mtls_lint.lint.finding import Severity
from mtls_lint.testing import NginxBinary, lint_text, request, with_material
from mtls_lint.testing.catalogue import authority, identity

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
BACKEND = "server { listen 127.0.0.1:PORT_backend; return 200 content; }"
PROXY = "location / { proxy_pass http://127.0.0.1:PORT_backend; }"


def http(*lines: str) -> str:
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


def first_names(text: str) -> str:
    """The ports as a linter may see them."""
    return text.replace("PORT_tls", "443").replace("PORT_backend", "8080")


@pytest.mark.parametrize(
    ("around", "server"),
    [
        ("", PROXY),
        ("root DIRECTORY;", ""),
        ("root DIRECTORY;", "return 444;"),
        ("", "return 444;"),
        ("", ""),
        ("", "location /api/ { root DIRECTORY; }"),
        (CA, "root DIRECTORY; ssl_verify_client on;"),
        (CA, "root DIRECTORY; ssl_verify_client optional;"),
        (f"error_page 421 = /e; {CA}", "root DIRECTORY; ssl_verify_client on;"),
        ("", "if ($ssl_client_verify != SUCCESS) { return 403; } root DIRECTORY;"),
    ],
)
def test_content_behind_rejected_handshakes(
    around: str, server: str, nginx: NginxBinary, tmp_path: Path
) -> None:
    for page in (tmp_path / "index.html", tmp_path / "api" / "index.html"):
        page.parent.mkdir(exist_ok=True)
        page.write_text("content")
    text = http(
        around,
        f"server {{ listen 127.0.0.1:PORT_tls ssl default_server; ssl_reject_handshake on; {server} }}",
        f"server {{ listen 127.0.0.1:PORT_tls ssl; server_name a.test; {PAIR}",
        "ssl_client_certificate /pki/root.pem; ssl_verify_client on; return 403; }",
        BACKEND,
    )
    text = with_material(text).replace("DIRECTORY", str(tmp_path))
    rule = "reject-handshake-reached-by-host"
    found = lint_text(first_names(text), rules=[rule], version=str(nginx.version)).findings
    with nginx.run(text, tmp_path) as running:
        port = running.ports["tls"]
        served = {request(port, sni="a.test", host="x.test", uri=uri).body for uri in ("/", "/api/")}
        assert request(port, sni="x.test", host="x.test").error == "TLSV1_UNRECOGNIZED_NAME"
    assert bool(found) is ("content" in served)


ROOT, OTHER = CA, "ssl_client_certificate /pki/other-root.pem;"
TRUST = ("", ROOT, OTHER, f"{ROOT} ssl_trusted_certificate /pki/other-root.pem;")
MODES = ("off", "on", "optional", "optional_no_ca")
CLIENTS = ("root", "other-root")
CHECK = "if ($ssl_client_verify != SUCCESS) { return 403; }"


@pytest.mark.parametrize(("first", "second"), list(product(MODES, MODES)))
def test_the_default_server_verifies(first: str, second: str, nginx: NginxBinary, tmp_path: Path) -> None:
    """All trusts of the default server with all of one without a certificate, whatever their modes."""
    certificates = {ca: tmp_path / f"{ca}.pem" for ca in CLIENTS}
    for ca, file in certificates.items():
        client = authority(ca).client("x")
        file.write_bytes(client.pem + client.key_pem())
    # With `on` and `optional` nginx refuses a default server without CAs.
    pairs = [pair for pair in product(TRUST, TRUST) if pair[0] or first in {"off", "optional_no_ca"}]
    servers = [
        f"server {{ listen 127.0.0.1:PORT_{number} ssl; server_name a.test; {PAIR} {there}"
        f" ssl_verify_client {first}; return 204; }}"
        f" server {{ listen 127.0.0.1:PORT_{number} ssl; server_name b.test; {own}"
        f" ssl_verify_client {second}; {CHECK} {PROXY} }}"
        for number, (there, own) in enumerate(pairs)
    ]
    rule = "verify-client-without-own-certificate"
    with nginx.run(with_material(http(*servers, BACKEND)), tmp_path) as running:
        for number, (there, own) in enumerate(pairs):
            text = first_names(http(servers[number]).replace(f"PORT_{number}", "PORT_tls"))
            found = lint_text(text, rules=[rule], version=str(nginx.version)).findings
            port = running.ports[str(number)]
            replies = {
                ca: request(port, sni="b.test", host="b.test", certificate=file)
                for ca, file in certificates.items()
            }
            entered = {ca for ca, reply in replies.items() if reply.body == "content"}
            trusted = {ca for ca in CLIENTS if f"/{ca}.pem" in own}
            # A server without CAs of its own is meant to take the default server's, where that has some.
            expected = second != "off" and (entered != trusted if own else not entered)
            assert bool(found) is expected, (there, own, entered)
            nobody = {reply.status for reply in replies.values()} == {400}
            if second == "on" and (nobody or (own and entered != trusted)):
                assert found[0].severity is Severity.ERROR


def test_a_crl_without_a_certificate_beside_it(nginx: NginxBinary, tmp_path: Path) -> None:
    revoked = identity("revoked-client")
    certificate = tmp_path / "revoked.pem"
    certificate.write_bytes(revoked.pem + revoked.key_pem())
    text = http(
        f"{CA} ssl_verify_client on;",
        f"server {{ listen 127.0.0.1:PORT_tls ssl; server_name a.test; {PAIR} return 204; }}",
        f"server {{ listen 127.0.0.1:PORT_tls ssl; server_name b.test; ssl_crl /pki/crl.pem; {PROXY} }}",
        BACKEND,
    )
    rule = "verify-client-without-own-certificate"
    (found,) = lint_text(first_names(text), rules=[rule], version=str(nginx.version)).findings
    assert "revokes get in" in found.finding.message
    with nginx.run(with_material(text), tmp_path) as running:
        reply = request(running.ports["tls"], sni="b.test", host="b.test", certificate=certificate)
    assert reply.body == "content"
