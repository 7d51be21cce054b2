"""What a start loads: the usual run must not pay for what it does not use."""

import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from cli.conftest import SOURCES
from mtls_lint.testing.catalogue import materialise

OURS = {
    "binascii": "PEM",
    "bisect": "lines of a text",
    "collections": "",
    "contextlib": "",
    "datetime": "",
    "enum": "",
    "errno": "",
    "fnmatch": "patterns of rules",
    "functools": "",
    "gc": "turned off",
    "hashlib": "identities of findings",
    "importlib": "rules are loaded by it",
    "ipaddress": "listen",
    "itertools": "",
    "keyword": "of collections",
    "operator": "",
    "re": "",
    "reprlib": "of collections",
    "shlex": "commands that are shown",
    "types": "",
    "typing": "",
    "unicodedata": "how wide a character is that is not ASCII",
    "warnings": "what the library of certificates warns of is left to rules",
    "zlib": "changes of rules are seen by their checksums",
}
"""The top-level modules of the standard library that a run over one small file may load, and why."""

DEPENDENCIES = ("crossplane", "msgspec")
"""They are always needed; what they and Python's modules load themselves is not the same in each Python."""

HEAVY = {
    "argparse",
    "asyncio",
    "click",
    "concurrent",
    "cryptography",
    "dataclasses",
    "email",
    "http",
    "importlib.metadata",
    "jinja2",
    "markdown_it",
    "multiprocessing",
    "pcre2",
    "pydantic",
    "rich",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "tomllib",
    "traceback",
    "typer",
    "unittest",
    "urllib.request",
    "yaml",
}
"""What must not come in by a dependency either: some would multiply what the run costs."""

SHOW = "; import sys; print(file=sys.stderr); print(*sys.modules, file=sys.stderr)"


def loaded(code: str, *arguments: str, cwd: Path | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + SHOW, *arguments],
        env={"PYTHONPATH": str(SOURCES), "PATH": "/usr/bin:/bin"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


def run(cwd: Path, *arguments: str) -> set[str]:
    return loaded("from mtls_lint.__main__ import main; main()", *arguments, cwd=cwd)


@cache
def brought(*names: str) -> frozenset[str]:
    """What these modules load, and Python itself."""
    return frozenset(loaded(";".join(f"import {name}" for name in names) or "pass"))


def tops(modules: Iterable[str]) -> set[str]:
    """The top-level modules, without the private halves of others, and without our rules."""
    return {name for module in modules if not (name := module.partition(".")[0]).startswith("_")}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A configuration whose certificates are not there, in a directory."""
    text = (
        "events {}\nhttp { server { listen 443 ssl; server_name a.example.com; ssl_verify_client on;\n"
        "ssl_certificate /nowhere/a.pem; ssl_certificate_key /nowhere/a.key;\n"
        "ssl_client_certificate /nowhere/ca.pem; location / { proxy_pass http://127.0.0.1:8080; } } }\n"
    )
    (tmp_path / "nginx.conf").write_text(text)
    return tmp_path


def test_the_version_loads_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "--version") - brought() == {"mtls_lint", "mtls_lint.__main__"}


@pytest.mark.parametrize("options", ["", "--format json", "--format concise -q", "-v --fail-on never"])
def test_a_usual_run_loads_what_is_listed(plain: Path, options: str) -> None:
    found = run(plain, "nginx.conf", *options.split())
    assert not found & HEAVY - brought(*DEPENDENCIES)
    known = tops(brought(*DEPENDENCIES, *OURS))
    assert tops(found) - known == {"mtls_lint"}


def test_no_module_is_listed_that_is_not_loaded(plain: Path) -> None:
    assert set(OURS) <= tops(run(plain, "nginx.conf")) | tops(brought())


def test_a_usual_run_loads_no_other_format_or_command(plain: Path) -> None:
    found = [name.split(".") for name in run(plain, "nginx.conf") if name.startswith("mtls_lint.")]
    commands = "audit choices chosen_nginx inputs outputs packs progress quick request run settings streams"
    assert {name[-1] for name in found if name[1:-1] == ["cli"]} == set(commands.split())
    reports = "characters excerpt lines text unevaluated words"
    assert {name[-1] for name in found if name[1:-1] == ["report"]} == set(reports.split())


def test_certificates_cost_cryptography_alone(tmp_path: Path) -> None:
    materialise(tmp_path, ["baseline.pem", "baseline.key", "root.pem"])
    (tmp_path / "nginx.conf").write_text(
        "events {}\nhttp { server { listen 443 ssl; server_name baseline.example.com;\n"
        "ssl_certificate baseline.pem; ssl_certificate_key baseline.key;\n"
        "ssl_client_certificate root.pem; ssl_verify_client on; } }\n"
    )
    found = run(tmp_path, "nginx.conf")
    assert "cryptography.x509" in found
    crypto = ("x509", "hazmat.primitives.serialization", "hazmat.backends.openssl.backend")
    names = (*DEPENDENCIES, *OURS, *(f"cryptography.{name}" for name in crypto), "certifi")
    # certifi knows the CAs of the web.
    with_them = loaded(";".join(f"import {name}" for name in names) + ";certifi.where()")
    assert found & HEAVY <= with_them
    assert not found & {"typer", "rich", "ssl", "asyncio", "importlib.metadata"}
    assert tops(found) - tops(with_them) == {"mtls_lint"}
