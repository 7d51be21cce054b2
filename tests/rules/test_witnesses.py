"""The witness of every Bad example is sent to real nginx, and gets content there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mtls_lint.lint.finding import ClientCertificate, Witness
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.nginx.version import parse_version
from mtls_lint.testing import lint_text, with_material
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.examples import wrapped
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import Authority, Identity

FAMILIES = {"enforcement", "exposure"}
OTHERS = {"dn-regex-unanchored", "trusted-certificate-widens-trust"}
RULES = [rule for rule in load_packs([built_in_pack()]) if rule.family in FAMILIES or rule.id in OTHERS]
EXAMPLES = [
    pytest.param(rule.id, example.text, example.options, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.documentation.bad, 1)
]
PORTS = re.compile(r"(\blisten\s+(?:\S*:)?)(\d+)\b")
BACKEND = "server { listen 127.0.0.1:PORT_backend; return 200 content; }"


def witnesses(rule: str, text: str, options: dict[str, str], version: str) -> list[Witness]:
    require = [name for name in options.get("require", "").split(",") if name]
    report = lint_text(text, rules=[rule], version=version, require=require)
    return [found.finding.witness for found in report.findings if found.finding.witness is not None]


def client(certificate: ClientCertificate) -> Identity:
    """The certificate that a witness speaks of."""
    subject = rfc4514(certificate.subject)
    if certificate.revoked and certificate.ca is not None:
        revoked = identity("revoked-client")
        assert revoked.issuer is authority(Path(certificate.ca).stem)
        return revoked
    if certificate.ca is not None:
        issuer = authority(Path(certificate.ca).stem)
        for number in range(certificate.intermediates):
            issuer = issuer.intermediate(f"Intermediate {number}")
        return issuer.client("x", subject=subject)
    if certificate.issuer is None:
        return Identity.self_signed("x", subject=subject)
    return Authority.root("x", subject=rfc4514(certificate.issuer)).client("x", subject=subject)


def rfc4514(subject: str) -> str:
    return ",".join(reversed(subject.strip("/").split("/")))


def by_curl(witness: Witness, port: int, directory: Path) -> tuple[str, str]:
    """The status line and body that the witness's own command prints; another port is put in by the shell."""
    local = "[::1]" if witness.address == "[::]" else "127.0.0.1"
    redirected = f'curl() {{ command curl -sS --connect-to "::{local}:{port}" "$@"; }}; {witness.curl}'
    command = ["bash", "-ec", redirected]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True, timeout=30)
    head, _, body = done.stdout.partition("\n\n")
    return head.splitlines()[0], body


def runnable(text: str, directory: Path) -> str:
    """The example with free ports, a backend that answers, and files that exist."""
    text = PORTS.sub(lambda match: f"{match[1]}PORT_p{match[2]}", with_material(text))
    text = re.sub(r"\b\w+_pass [^;]+;", "proxy_pass http://127.0.0.1:PORT_backend;", text)
    text = re.sub(r"\b(root|alias)\s+[^;]+;", f"root {directory};", text)
    whole = text if re.search(r"^\s*http\s*\{", text, re.MULTILINE) else wrapped(text, ("http",))
    end = whole.rstrip().rindex("}")
    return f"{whole[:end]}{BACKEND}\n}}\n"


@pytest.mark.parametrize(("rule", "text", "options"), EXAMPLES)
def test_the_witness_gets_in(
    rule: str, text: str, options: dict[str, str], nginx: NginxBinary, tmp_path: Path
) -> None:
    version = options.get("version", str(nginx.version))
    found = witnesses(rule, text, options, version)
    if "stream" in text or not found or parse_version(version) != nginx.version:
        assert "stream" in text or parse_version(version) != nginx.version or rule in SILENT
        return
    (tmp_path / "index.html").write_text("content")
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "index.html").write_text("content")
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        for witness in found:
            port = server.ports[f"p{witness.port}"]
            certificate = None
            if witness.certificate is not None:
                presented = client(witness.certificate)
                sent = presented.chain_pem() if witness.certificate.intermediates else presented.pem
                certificate = tmp_path / witness.certificate.file
                certificate.write_bytes(sent + presented.key_pem())
            reply = request(
                port,
                address="::1" if witness.address == "[::]" else "127.0.0.1",
                tls=witness.tls,
                sni=witness.sni,
                host=witness.host,
                uri=witness.uri,
                method=witness.method,
                headers=witness.headers,
                certificate=certificate,
            )
            assert (reply.status, reply.body) == (200, "content"), witness.curl
            if shutil.which("curl"):
                status, body = by_curl(witness, port, tmp_path)
                assert (status.split()[1], body.rstrip()) == ("200", "content"), witness.curl


# What these find refuses to start, or serves nobody: there is no request to show.
SILENT = {
    "client-certificates-never-requested",
    "listen-ssl-without-certificate",
    "ssl-on-removed",
    "verify-client-without-ca",
}
