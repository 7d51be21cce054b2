"""One run of one program: the CPU time of all of it, its peak memory, and whether it did what it should.

The process that measures stays small: Linux counts what the parent had in memory at the start of a child
towards that child's peak (``setmax_mm_hiwater_rss`` in ``exec_mmap``), so nothing big is imported here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHOWN = 2000
"""So many of the last bytes that a failed program wrote are shown."""


class MeasurementError(Exception):
    """A program did something else than it should have: the figures would mean nothing."""


@dataclass(frozen=True)
class Command:
    """A program to measure.

    ``exits`` are the codes it may end with. ``failure`` is a word that its errors begin with, for programs
    that end with 0 although they gave up. One that ``may_time_out`` is stopped at the limit and counts with
    what it had used by then; for the others that is a failure.
    """

    name: str
    argv: tuple[str, ...]
    directory: Path
    exits: frozenset[int] = frozenset({0})
    failure: str | None = None
    may_time_out: bool = False


@dataclass(frozen=True)
class Usage:
    """What a run used: seconds of CPU (user, system), peak memory in KiB, and whether it ended by itself."""

    cpu: float
    peak: int
    complete: bool = True


def environment(home: Path) -> dict[str, str]:
    """The variables that every measured program gets, and no others."""
    return {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
    }


def run(command: Command, variables: Mapping[str, str], errors: Path, limit: float) -> Usage:
    """Run it to its end, or to the limit in seconds of the clock; what it writes as errors goes to a file."""
    with errors.open("wb") as sink:
        # S603: the benchmark's own programs, in environments it has made.
        process = subprocess.Popen(  # noqa: S603
            command.argv,
            cwd=command.directory,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=sink,
            start_new_session=True,
        )
    stopped = threading.Event()

    def kill() -> None:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)

    def stop() -> None:
        stopped.set()
        kill()

    timer = threading.Timer(limit, stop)
    timer.start()
    try:
        # Popen.wait gives no resource usage, and resource.getrusage only that of all children together.
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        kill()
        raise
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    usage = Usage(used.ru_utime + used.ru_stime, used.ru_maxrss, complete=not stopped.is_set())
    _judge(command, process.returncode, usage, errors, limit)
    return usage


def _judge(command: Command, code: int, usage: Usage, errors: Path, limit: float) -> None:
    if not usage.complete:
        if command.may_time_out:
            return
        raise MeasurementError(f"{command.name} did not end within {limit:.0f} seconds")
    said = errors.read_bytes().decode("utf-8", "replace")
    if code not in command.exits or (command.failure is not None and command.failure in said):
        raise MeasurementError(
            f"{command.name} failed with exit code {code}: {' '.join(command.argv)}\n{said[-_SHOWN:]}"
        )
