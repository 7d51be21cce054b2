"""What the rules about partners say of calls, asked of real nginx."""

from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.testing import lint_text
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import Authority
from rules.live import CONTENT, runnable, write_files
from rules.partners.test_cases import EV, META, META_CA, ON, PAGER, PROXY, SAMPLE, server

CALLER = "client.webhooks.fbclientcerts.com"


def call(
    nginx: NginxBinary, text: str, directory: Path, issuer: Authority, name: str, maximum: str | None = None
) -> tuple[int | None, str]:
    """The status and body that a client of this CA with this name gets."""
    certificate = directory / "client.pem"
    identity = issuer.client(name)
    certificate.write_bytes(identity.pem + identity.key_pem())
    write_files(directory)
    with nginx.run(runnable(dedent(text), directory), directory) as running:
        reply = request(
            running.ports["p443"],
            sni="hooks.example.com",
            host="hooks.example.com",
            certificate=certificate,
            maximum=maximum,
        )
    return reply.status, reply.body


@pytest.fixture
def new_ca() -> Authority:
    """The CA that the partner has now."""
    return authority("meta-outbound-api-ca-2025-12")


def test_a_call_below_the_new_ca_is_refused_by_the_old_one(
    nginx: NginxBinary, tmp_path: Path, new_ca: Authority
) -> None:
    status, _ = call(nginx, server(EV, ON, META, PROXY), tmp_path, new_ca, CALLER)
    assert status == 400


def test_a_call_below_the_new_ca_is_served(nginx: NginxBinary, tmp_path: Path, new_ca: Authority) -> None:
    assert call(nginx, server(META_CA, ON, META, PROXY), tmp_path, new_ca, CALLER) == (200, CONTENT)


def test_metas_example_answers_meta_and_serves_everybody_else(
    nginx: NginxBinary, tmp_path: Path, new_ca: Authority
) -> None:
    text = server(META_CA, ON, SAMPLE, PROXY)
    assert call(nginx, text, tmp_path, new_ca, "somebody else") == (200, CONTENT)


def test_metas_example_keeps_meta_from_the_application(
    nginx: NginxBinary, tmp_path: Path, new_ca: Authority
) -> None:
    assert call(nginx, server(META_CA, ON, SAMPLE, PROXY), tmp_path, new_ca, CALLER) == (200, "")


@pytest.mark.parametrize(
    ("protocols", "found", "status"), [("TLSv1.3", 1, None), ("TLSv1.2 TLSv1.3", 0, 200)]
)
def test_a_caller_that_speaks_tls_12_alone(
    protocols: str, found: int, status: int | None, nginx: NginxBinary, tmp_path: Path, new_ca: Authority
) -> None:
    check = PAGER.replace("com,", "com")
    text = server(META_CA, ON, f"ssl_protocols {protocols};", check, PROXY)
    report = lint_text(text, rules=["partner-protocol-missing"], version=nginx.version)
    assert len(report.findings) == found
    got, _ = call(nginx, text, tmp_path, new_ca, "webhooks.pagerduty.com", maximum="1.2")
    assert got == status
