"""Wheel and sdist in fresh environments list the rules of ``rules/``, and nothing runs by accident."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted(path.stem.replace("_", "-") for path in (ROOT / "rules").glob("*/*.py"))


def run(*command: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", directory, ROOT)
    return directory


@pytest.fixture(scope="module", params=["*.whl", "*.tar.gz"])
def environment(
    request: pytest.FixtureRequest, distributions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The bin directory of a fresh environment with the wheel or the sdist installed."""
    (distribution,) = distributions.glob(request.param)
    home = tmp_path_factory.mktemp("env")
    venv.create(home, with_pip=True)
    run(home / "bin" / "python", "-m", "pip", "install", "--quiet", distribution)
    return home / "bin"


def test_an_installation_has_the_rules_of_the_checkout(environment: Path, tmp_path: Path) -> None:
    listed = json.loads(run(environment / "mtls-lint", "rules", "--format", "json", cwd=tmp_path))
    rules = listed["rules"] if isinstance(listed, dict) else listed
    assert sorted(rule["id"] for rule in rules) == RULES


def test_an_installation_lints_and_ignores_a_rules_folder_it_finds(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("rules/__init__.py", "rules/x.py", "typer.py", "rich.py", "crossplane.py"):
        (tmp_path / name).write_text("raise SystemExit('code of the linted directory ran')\n")
    (tmp_path / "nginx.conf").write_text("events {}\nhttp { server { listen 80; return 204; } }\n")
    for command in ([environment / "mtls-lint"], [environment / "python", "-m", "mtls_lint"]):
        out = run(*command, "nginx.conf", "--fail-on", "never", cwd=tmp_path)
        assert "1 server" in out


def test_profiles_and_templates_are_installed(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("events {}\nhttp { server { listen 80; return 204; } }\n")
    options = ("--profile", "cis-3.0.0", "--format", "html", "--fail-on", "never")
    page = run(environment / "mtls-lint", "nginx.conf", *options, cwd=tmp_path)
    assert "CIS NGINX Benchmark 3.0.0" in page
    assert "prefers-color-scheme: dark" in page


def test_the_package_is_typed(environment: Path) -> None:
    code = (
        "import mtls_lint, pathlib; print((pathlib.Path(mtls_lint.__file__).parent / 'py.typed').is_file())"
    )
    assert run(environment / "python", "-c", code).strip() == "True"
