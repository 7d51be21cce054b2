"""What the figures were measured on and with: no names of hosts, no paths."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import GIXY_NEXT, GIXY_NG

if TYPE_CHECKING:
    from benchmarks.environments import Environments

_MODEL = re.compile(r"^model name\s*: (.+)$", re.MULTILINE)
_MEMORY = re.compile(r"^MemTotal:\s*(\d+) kB$", re.MULTILINE)


def describe(programs: Environments) -> tuple[str, ...]:
    """One fact each."""
    model = _MODEL.search(_read("/proc/cpuinfo"))
    memory = _MEMORY.search(_read("/proc/meminfo"))
    nginx = _said(programs.nginx, "-V")
    facts = [
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
        f"{int(memory[1]) / 1024**2:.0f} GiB of memory" if memory else "",
        f"{platform.system()}, {_said(programs.python, '--version').strip()}",
        _said(programs.mtls_lint, "--version").strip(),
        " ".join(re.findall(r"nginx/\S+|OpenSSL \S+", nginx)),
        f"{_plain(GIXY_NG)}, {_plain(GIXY_NEXT)}",
        f"load when it began: {os.getloadavg()[0]:.1f}",
        f"{datetime.now(timezone.utc):%Y-%m-%d}",
    ]
    return tuple(fact for fact in facts if fact)


def _plain(requirement: str) -> str:
    return requirement.replace("==", " ")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _said(program: Path, option: str) -> str:
    # S603: a program of an environment made here, asked for its version.
    done = subprocess.run([program, option], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    return done.stdout + done.stderr
