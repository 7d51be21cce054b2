"""Which of several certificates of a server nginx shows, by the kinds of their keys."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mtls_lint.pki.load import facts_from
from mtls_lint.pki.pem import split_blocks
from mtls_lint.testing import Authority, NginxBinary, lint_text

ROOT = Authority.root("Root CA")
KINDS = {"p256": "EC", "other-p256": "EC", "p384": "EC", "rsa2048": "RSA", "other-rsa2048": "RSA"}
KINDS |= {"ed25519": "Ed25519", "ed448": "Ed448", "rsa-pss": "RSA-PSS"}
SIGNATURES = {
    "EC": "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384",
    "RSA": "rsa_pss_rsae_sha256",
    "RSA-PSS": "rsa_pss_pss_sha256",
    "Ed25519": "ed25519",
    "Ed448": "ed448",
}
TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_web ssl;
        server_name {name};
        {directives}
        return 200;
    }}
}}
"""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command")
@pytest.mark.parametrize(
    "kinds",
    [
        ("p256", "other-p256"),
        ("p256", "p384"),
        ("rsa2048", "other-rsa2048"),
        ("p256", "rsa2048", "p384"),
        ("p256", "rsa2048"),
        ("ed25519", "ed448"),
        ("rsa2048", "rsa-pss"),
        ("p256", "ed25519", "rsa2048"),
    ],
    ids="+".join,
)
def test_the_last_of_a_kind_is_shown(kinds: tuple[str, ...], nginx: NginxBinary, tmp_path: Path) -> None:
    for kind in kinds:
        if kind == "rsa-pss":
            _make_rsa_pss(tmp_path)
        else:
            ROOT.server(f"{kind}.test", key=kind.removeprefix("other-")).write(tmp_path, kind)
    directives = " ".join(f"ssl_certificate {k}.pem; ssl_certificate_key {k}.key;" for k in kinds)
    text = TEXT.format(name=" ".join(f"{kind}.test" for kind in kinds), directives=directives)
    last = {KINDS[kind]: kind for kind in kinds}
    with nginx.run(text, tmp_path) as server:
        shown = {kind: _shown(server.ports["web"], SIGNATURES[KINDS[kind]]) for kind in kinds}
    assert shown == {kind: f"{last[KINDS[kind]]}.test" for kind in kinds}
    report = lint_text(
        text.replace("PORT_web", "443"),
        rules=["cert-replaced-by-another"],
        version=nginx.version,
        directory=tmp_path,
    )
    replaced = [found.span.text for found in report.findings]
    assert replaced == [f"{kind}.pem" for kind in kinds if kind not in last.values()]


def _make_rsa_pss(directory: Path) -> None:
    """A self-signed certificate; the library that makes the others has no keys of this kind."""
    command = "openssl req -x509 -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -nodes -subj /CN=rsa-pss.test"
    files = ["-keyout", str(directory / "rsa-pss.key"), "-out", str(directory / "rsa-pss.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)


def _shown(port: int, signatures: str) -> str | None:
    """The common name in the certificate for a client that takes these signatures only."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-sigalgs", signatures]
    output = subprocess.run(command, input=b"", capture_output=True, check=False, timeout=10).stdout
    certificates = facts_from(output, split_blocks(output)).certificates
    return certificates[0].common_name if certificates else None
