"""The commands on the pages of the rules show on real nginx what the pages say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.nginx.version import parse_version
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.nginx import NginxBinary
from rules.live import runnable

RULES = {rule.id: rule for rule in load_packs([built_in_pack()]) if rule.family == "sessions"}


def examples(*rules: str) -> list[ParameterSet]:
    """The file of each rule, an example of its page with its options, and whether it is a bad one."""
    return [
        pytest.param(RULES[name].file, example.text, example.options, kind == "bad", id=f"{name}-{kind}")
        for name in rules
        for kind, found in (("bad", RULES[name].documentation.bad), ("good", RULES[name].documentation.good))
        for example in found
    ]


CROSSING = examples(
    "session-resumption-crosses-servers", "session-shared-between-servers", "session-shared-between-sockets"
)
OUTLIVING = examples("session-outlives-revocation")
CONNECT = re.compile(r"-connect :(\d+)")
COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the pages' commands need openssl")


def commands(file: str, ports: dict[str, int]) -> list[str]:
    """The commands on the page of a rule, led to the ports."""
    found = COMMANDS.search(Path(file).read_text(encoding="utf-8"))
    assert found is not None
    lines = [line.removeprefix("$ ") for line in found[1].splitlines()]
    return [CONNECT.sub(lambda found: f"-connect 127.0.0.1:{ports[f'p{found[1]}']}", line) for line in lines]


def run(define: str, command: str, directory: Path) -> str:
    """What one of the commands prints."""
    done = subprocess.run(
        ["bash", "-c", f"{define}\n{command}"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.stdout


@needs_openssl
@pytest.mark.parametrize(("file", "text", "options", "opens"), CROSSING)
def test_the_commands_show_it(
    file: str, text: str, options: dict[str, str], opens: bool, nginx: NginxBinary, tmp_path: Path
) -> None:
    if parse_version(options["version"]) != nginx.version:
        return
    authority("other-root").client("partner").write(tmp_path, "client")
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        define, make, resume = commands(file, server.ports)
        first, second = run(define, make, tmp_path), run(define, resume, tmp_path)
    assert first.endswith("content")
    assert second.endswith("content") is opens
    assert opens or "400" in second


@needs_openssl
@pytest.mark.parametrize(("file", "text", "options", "comes_back"), OUTLIVING)
def test_a_revoked_client_comes_back(
    file: str, text: str, options: dict[str, str], comes_back: bool, nginx: NginxBinary, tmp_path: Path
) -> None:
    if parse_version(options["version"]) != nginx.version:
        return
    identity("revoked-client").write(tmp_path, "client")
    text = runnable(re.sub(r"(ssl_crl[^;]*;)", r"\1 return 200 content;", text), tmp_path)
    with nginx.run(re.sub("ssl_crl[^;]*;", "", text), tmp_path, master=True) as server:
        define, make, resume = commands(file, server.ports)
        first = run(define, make, tmp_path)
        server.reload(text)
        second, anew = run(define, resume, tmp_path), run(define, make, tmp_path)
    assert first.endswith("content")
    assert second.endswith("content") is comes_back
    assert "400" in anew
