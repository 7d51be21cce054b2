"""The witness of every Bad example is sent to real nginx, and gets content there."""

import importlib
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.lint.finding import ClientCertificate, Witness
from mtls_lint.nginx.version import parse_version
from mtls_lint.pki.name_forms import as_rfc2253, read_name
from mtls_lint.testing import lint_text
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.nginx import NginxBinary, Reply, RunningNginx, request
from mtls_lint.testing.pki import Authority, Deviation, Identity
from rules.cases import Case
from rules.live import CONTENT, RULES, runnable, write_files

EXAMPLES = [
    pytest.param(rule.id, example.text, example.options, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.documentation.bad, 1)
]


def witnesses(rule: str, text: str, options: dict[str, str], version: str) -> list[Witness]:
    require = [name for name in options.get("require", "").split(",") if name]
    report = lint_text(text, rules=[rule], version=version, require=require, profile=options.get("profile"))
    found = [one.finding.witness for one in report.findings]
    return [witness for witness in found if isinstance(witness, Witness)]


def client(certificate: ClientCertificate) -> Identity:
    """The certificate that a witness speaks of."""
    subject = rfc4514(certificate.subject)
    serial = int(certificate.serial, 16) if certificate.serial is not None else None
    deviation: Deviation = {"subject": subject}
    if serial is not None:
        deviation["serial"] = serial
    if certificate.revoked and certificate.ca is not None:
        revoked = identity("revoked-client")
        assert revoked.issuer is authority(Path(certificate.ca).stem)
        return revoked
    if certificate.ca is not None:
        issuer = issuer_in(certificate.ca, certificate.issuer)
        for number in range(certificate.intermediates):
            issuer = issuer.intermediate(f"Intermediate {number}")
        return issuer.client("x", **deviation)
    if certificate.issuer is None:
        return Identity.self_signed("x", **deviation)
    return Authority.root("x", subject=rfc4514(certificate.issuer)).client("x", **deviation)


def issuer_in(file: str, name: str | None) -> Authority:
    """The CA of a file of the catalogue; of several the one with this name."""
    stem = Path(file).stem
    several = {"two-roots": ("root", "other-root"), "chain-bundle": ("intermediate", "root")}
    cas = [authority(one) for one in several.get(stem, (stem,))]
    return next(
        ca for ca in cas if len(cas) == 1 or ca.certificate.subject.rfc4514_string() == rfc4514(name or "")
    )


def rfc4514(subject: str) -> str:
    name = read_name(subject)
    assert name is not None
    return as_rfc2253(name)


def by_curl(witness: Witness, port: int, directory: Path) -> tuple[str, str]:
    """The status line and body that the witness's own command prints; another port is put in by the shell."""
    local = "[::1]" if witness.address == "[::]" else "127.0.0.1"
    redirected = f'curl() {{ command curl -sS --connect-to "::{local}:{port}" "$@"; }}; {witness.curl}'
    command = ["bash", "-ec", redirected]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True, timeout=30)
    head, _, body = done.stdout.partition("\n\n")
    return head.splitlines()[0], body


def send(witness: Witness, server: RunningNginx, directory: Path) -> Reply:
    """Send the request of the witness, with its certificate; its port is that of the configuration."""
    certificate = None
    if witness.certificate is not None:
        presented = client(witness.certificate)
        sent = presented.chain_pem() if witness.certificate.intermediates else presented.pem
        certificate = directory / witness.certificate.file
        certificate.write_bytes(sent + presented.key_pem())
    return request(
        server.ports[f"p{witness.port}"],
        address="::1" if witness.address == "[::]" else "127.0.0.1",
        tls=witness.tls,
        sni=witness.sni,
        host=witness.host,
        uri=witness.uri,
        method=witness.method,
        headers=witness.headers,
        certificate=certificate,
    )


@pytest.mark.parametrize(("rule", "text", "options"), EXAMPLES)
def test_the_witness_gets_in(
    rule: str, text: str, options: dict[str, str], nginx: NginxBinary, tmp_path: Path
) -> None:
    version = options.get("version", str(nginx.version))
    found = witnesses(rule, text, options, version)
    # Only requests of HTTP are sent.
    other = "stream" in text or options.get("context") == "mail"
    if other or not found or parse_version(version) != nginx.version:
        assert other or parse_version(version) != nginx.version or rule in SILENT
        return
    write_files(tmp_path)
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        for witness in found:
            reply = send(witness, server, tmp_path)
            assert (reply.status, reply.body) == (200, CONTENT), witness.curl
            if shutil.which("curl"):
                status, body = by_curl(witness, server.ports[f"p{witness.port}"], tmp_path)
                assert (status.split()[1], body.rstrip()) == ("200", CONTENT), witness.curl


# What these find refuses to start, serves nobody, or does harm behind nginx: there is no request to show.
SILENT = {
    "cert-header-raw-multiline",
    "client-cert-header-not-rfc9440",
    "client-certificates-never-requested",
    "listen-ssl-without-certificate",
    "ssl-on-removed",
    "unknown-name-answered",
    "verify-client-without-ca",
}

# Why the request of a case cannot be shown here.
UNSHOWN = {
    "partner-name-unchecked:with-a-public-root-anybody-can": "nobody here has a certificate of that CA",
    "error-page-before-the-check:405-goes-to-the-backend": "our backend is nginx, which refuses TRACE",
    "error-page-before-the-check:two-pages": "our backend is nginx, which refuses TRACE",
    "same-app-without-client-certificate:the-same-name-on-an-address": "this machine has not that address",
    "verify-check-bypassed:files-by-a-regular-expression": "there is no such file",
    "verify-client-without-own-certificate:absent-files-probably-differ": "nginx does not start without",
}
FAMILIES_WITH_CASES = ("enforcement", "exposure", "identity", "partners")
CASES = [
    pytest.param(rule, case, id=f"{rule}:{case}")
    for family in FAMILIES_WITH_CASES
    for rule, cases in importlib.import_module(f"rules.{family}.test_cases").CASES.items()
    for case in cases
    if case.lines and rule in {one.id for one in RULES} - SILENT and f"{rule}:{case}" not in UNSHOWN
]


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_the_witness_of_a_case_gets_in(rule: str, case: Case, nginx: NginxBinary, tmp_path: Path) -> None:
    if case.version not in {Case.version, str(nginx.version)}:
        return
    text = dedent(case.text)
    report = lint_text(text, rules=[rule], version=nginx.version, **case.options)  # type: ignore[arg-type]
    found = [one.finding.witness for one in report.findings if isinstance(one.finding.witness, Witness)]
    if not found:
        return
    write_files(tmp_path)
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        for witness in found:
            reply = send(witness, server, tmp_path)
            assert (reply.status, reply.body) == (200, CONTENT), witness.curl
