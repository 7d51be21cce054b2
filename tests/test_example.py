"""The founding recipe: what the tool says about it, and what real nginx does with it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mtls_lint.testing.nginx import NginxBinary, RunningNginx, request

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "two-way-authentication"
CASES = ("third-party", "partner")
NAME = "www.example.com"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both cases, made by the example's own script."""
    directory = tmp_path_factory.mktemp("recipe")
    subprocess.run([sys.executable, EXAMPLE / "make_certificates.py", directory], check=True)
    return directory


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mtls_lint", path.name, "--format", "concise", "-q"]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)


def served(recipe: str, case: Path) -> str:
    """The recipe's server block in a whole configuration, on a free port of this machine."""
    text = (EXAMPLE / recipe).read_text().replace("listen 443 ssl;", "listen 127.0.0.1:PORT_tls ssl;")
    return f"events {{}}\nhttp {{\nroot {case};\n{text.replace('root   html;', f'root {case};')}\n}}\n"


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, certificates: Path, tmp_path: Path) -> Path:
    """A directory with the certificates of one case."""
    directory = tmp_path / "conf"
    shutil.copytree(certificates / request.param, directory)
    (directory / "index.html").write_text("for the partner alone")
    return directory


def test_the_legacy_protocols_are_all_that_is_wrong(case: Path) -> None:
    shutil.copy(EXAMPLE / "recipe.conf", case)
    result = lint(case / "recipe.conf")
    assert result.returncode == 1
    line, hint = result.stdout.splitlines()
    assert line.startswith("recipe.conf:4:19: error tls-legacy-only ")
    assert "every handshake fails" in line
    assert hint.startswith("recipe.conf:8:5: info revocation-none ")


def test_nothing_is_wrong_with_the_corrected_recipe(case: Path) -> None:
    shutil.copy(EXAMPLE / "corrected.conf", case)
    result = lint(case / "corrected.conf")
    assert result.returncode == 0
    (hint,) = result.stdout.splitlines()
    assert hint.startswith("corrected.conf:8:5: info revocation-none ")


def ask(server: RunningNginx, case: Path, client: str | None) -> tuple[int | None, str]:
    reply = request(
        server.ports["tls"],
        sni=NAME,
        host=NAME,
        ca=case / "server-ca.crt",
        certificate=case / f"{client}.crt" if client else None,
        key=case / f"{client}.key" if client else None,
    )
    return reply.status, reply.body + reply.error


def test_the_corrected_recipe_lets_the_partner_in_alone(case: Path, nginx: NginxBinary) -> None:
    with nginx.run(served("corrected.conf", case), case) as server:
        assert ask(server, case, "partner-client") == (200, "for the partner alone")
        status, body = ask(server, case, None)
        assert (status, "No required SSL certificate was sent" in body) == (400, True)
        status, body = ask(server, case, "stranger")
        assert (status, "The SSL certificate error" in body) == (400, True)


def test_the_recipe_as_it_stands_refuses_every_handshake(case: Path, nginx: NginxBinary) -> None:
    with nginx.run(served("recipe.conf", case), case) as server:
        for client in ("partner-client", "stranger", None):
            status, error = ask(server, case, client)
            assert status is None
            assert error
        old = request(
            server.ports["tls"], sni=NAME, host=NAME, minimum="1.0", maximum="1.1", security_level=0
        )
        assert old.status is None
        assert old.error


def test_the_demo_shows_all_of_it() -> None:
    result = subprocess.run(
        [sys.executable, EXAMPLE / "demo.py"], capture_output=True, text=True, check=False, cwd=EXAMPLE
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("error[tls-legacy-only]") == 2
    assert result.stdout.count("(exit code 1)") == 2
    assert result.stdout.count("(exit code 0)") == 1
