"""The commands on the pages of the rules show on real nginx what the pages say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.nginx.version import parse_version
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.nginx import NginxBinary
from rules.live import runnable

RULES = [rule for rule in load_packs([built_in_pack()]) if rule.family == "sessions"]
EXAMPLES = [
    pytest.param(rule.file, example.text, example.options, kind == "bad", id=f"{rule.id}-{kind}")
    for rule in RULES
    for kind, examples in (("bad", rule.documentation.bad), ("good", rule.documentation.good))
    for example in examples
]
COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(file: str, port: int) -> list[str]:
    """The commands on the page of a rule, led to the port."""
    found = COMMANDS.search(Path(file).read_text(encoding="utf-8"))
    assert found is not None
    lines = [line.removeprefix("$ ") for line in found[1].splitlines()]
    return [line.replace(":443", f"127.0.0.1:{port}") for line in lines]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the pages' commands need openssl")
@pytest.mark.parametrize(("file", "text", "options", "opens"), EXAMPLES)
def test_the_commands_show_it(
    file: str, text: str, options: dict[str, str], opens: bool, nginx: NginxBinary, tmp_path: Path
) -> None:
    if parse_version(options["version"]) != nginx.version:
        return
    client = authority("other-root").client("partner")
    client.write(tmp_path, "client")
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        define, make, resume = commands(file, server.ports["p443"])
        said = []
        for command in (make, resume):
            done = subprocess.run(
                ["bash", "-c", f"{define}\n{command}"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
            )
            said.append(done.stdout)
        first, second = said
    assert first.endswith("content")
    assert second.endswith("content") is opens
    assert opens or "400" in second
