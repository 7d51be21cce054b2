"""The example of ways around: its findings, and that each leads to content on real nginx."""

from pathlib import Path

import pytest

from mtls_lint.lint.finding import Reported, Witness
from mtls_lint.testing import lint_text
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import Authority, Identity

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "ways-around" / "nginx.conf"
FINDINGS = [
    ("vhost-shared-socket-ca-mismatch", 14),
    ("error-page-undoes-the-check", 38),
    ("verify-check-bypassed", 41),
    ("same-app-without-client-certificate", 57),
]


HYGIENE = {"client-identity-not-logged", "revocation-none"}
"""Said of the example too, and no way around."""


@pytest.fixture
def ways() -> list[Reported]:
    report = lint_text(EXAMPLE.read_text())
    return [found for found in report.findings if found.rule not in HYGIENE]


def test_its_findings(ways: list[Reported]) -> None:
    assert [(found.rule, found.span.line) for found in ways] == FINDINGS


def test_every_way_leads_to_content(ways: list[Reported], nginx: NginxBinary, tmp_path: Path) -> None:
    partner, company = Authority.root("Partner CA"), Authority.root("Company CA")
    tls = tmp_path / "tls"
    tls.mkdir()
    company.server("www.example.com").write(tls, "server")
    (tls / "partner-ca.pem").write_bytes(partner.pem)
    (tls / "company-ca.pem").write_bytes(company.pem)
    clients = {None: None, "tls/partner-ca.pem": partner.client("x")}
    text = EXAMPLE.read_text().replace("listen 443", "listen 127.0.0.1:PORT_443")
    text = text.replace("listen 80;", "listen 127.0.0.1:PORT_80;")
    for port in (8080, 8081, 8082, 8083):
        text = text.replace(f"127.0.0.1:{port}", "127.0.0.1:PORT_backend")
    backend = "server { listen 127.0.0.1:PORT_backend; return 200 content; }"
    with nginx.run(f"{text.rstrip().removesuffix('}')} {backend} }}", tmp_path) as running:
        for found in ways:
            witness = found.finding.witness
            assert isinstance(witness, Witness)
            identity = clients[witness.certificate.ca if witness.certificate is not None else None]
            reply = request(
                running.ports[str(witness.port)],
                tls=witness.tls,
                sni=witness.sni,
                host=witness.host,
                uri=witness.uri,
                certificate=written(identity, tmp_path),
            )
            assert (reply.status, reply.body) == (200, "content"), witness.curl


def written(identity: Identity | None, directory: Path) -> Path | None:
    if identity is None:
        return None
    path = directory / "client.pem"
    path.write_bytes(identity.pem + identity.key_pem())
    return path
