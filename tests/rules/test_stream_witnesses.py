"""The witnesses of rules about stream: the OpenSSL command as it is shown gets through to the backend."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from mtls_lint.lint.finding import ClientCertificate, StreamWitness
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.nginx.version import parse_version
from mtls_lint.testing import lint_text, with_material
from mtls_lint.testing.nginx import NginxBinary
from rules.live import CONTENT

RULES = [
    rule
    for rule in load_packs([built_in_pack()])
    if rule.id in {"stream-verify-client-optional", "stream-servers-with-different-modes"}
]
EXAMPLES = [
    pytest.param(rule.id, example.text, example.options.get("version"), id=f"{rule.id}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.documentation.bad, 1)
]
BACKEND = f"http {{ server {{ listen 127.0.0.1:PORT_backend; return 200 {CONTENT}; }} }}\n"
REQUEST = b"GET / HTTP/1.0\r\n\r\n"


def runnable(text: str) -> str:
    text = re.sub(r"(\blisten\s+(?:\S*:)?)(\d+)\b", r"\1PORT_p\2", with_material(text))
    return re.sub(r"\bproxy_pass [^;]+;", "proxy_pass 127.0.0.1:PORT_backend;", text) + BACKEND


def said(command: str, directory: Path) -> str:
    """What the command prints until the backend has answered, or the connection is closed."""
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(REQUEST)
        process.stdin.flush()  # at its end s_client would not wait for the answer
        return process.stdout.read().decode("utf-8", "replace")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
@pytest.mark.parametrize(("rule", "text", "version"), EXAMPLES)
def test_the_command_gets_through(
    rule: str, text: str, version: str | None, nginx: NginxBinary, tmp_path: Path
) -> None:
    if not nginx.can_run(text):
        pytest.skip(f"{nginx} has no stream")
    report = lint_text(text, rules=[rule], version=version or str(nginx.version))
    found = [one.finding.witness for one in report.findings]
    shown = [witness for witness in found if isinstance(witness, StreamWitness)]
    if not shown or (version is not None and parse_version(version) > nginx.version):
        return
    with nginx.run(runnable(text), tmp_path) as server:
        for witness in shown:
            command = witness.command.replace(f":{witness.port}", f":{server.ports[f'p{witness.port}']}")
            assert f"\r\n\r\n{CONTENT}" in said(command, tmp_path), command


def test_the_command_names_the_certificate() -> None:
    witness = StreamWitness("192.0.2.1", 443, "a.test", certificate=ClientCertificate())
    made, _, connecting = witness.command.rpartition(" && ")
    assert shlex.split(made)[:3] == ["openssl", "req", "-x509"]
    assert connecting == (
        "openssl s_client -connect 192.0.2.1:443 -servername a.test -cert stranger.pem -key stranger.pem"
    )
