"""The witness of every Bad example is sent to real nginx, and gets content there."""

import re
from pathlib import Path

import pytest

from mtls_lint.lint.finding import Witness
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.nginx.version import parse_version
from mtls_lint.testing import lint_text, with_material
from mtls_lint.testing.examples import wrapped
from mtls_lint.testing.nginx import NginxBinary, request

RULES = [rule for rule in load_packs([built_in_pack()]) if rule.family == "enforcement"]
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


def runnable(text: str, directory: Path) -> str:
    """The example with free ports, a backend that answers, and files that exist."""
    text = PORTS.sub(lambda match: f"{match[1]}PORT_p{match[2]}", with_material(text))
    text = re.sub(r"_pass (https?://)?[^;]+;", r"_pass http://127.0.0.1:PORT_backend;", text)
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
            reply = request(
                server.ports[f"p{witness.port}"],
                address="::1" if witness.address == "[::]" else "127.0.0.1",
                tls=witness.tls,
                sni=witness.sni,
                host=witness.host,
                uri=witness.uri,
                method=witness.method,
            )
            assert (reply.status, reply.body) == (200, "content"), witness.curl


# What these find refuses to start, or serves nobody: there is no request to show.
SILENT = {
    "client-certificates-never-requested",
    "listen-ssl-without-certificate",
    "ssl-on-removed",
    "verify-client-without-ca",
}
