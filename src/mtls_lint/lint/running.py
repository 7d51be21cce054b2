"""The nginx that runs on this machine by the configuration at hand, and when it last read its files.

A file that was replaced since then has no effect yet: nginx opens certificates, CAs and CRLs when it starts
and when it is told to reload. At a reload all workers are made anew, so that the oldest of them tells when
that was; one that has crashed is replaced by a younger one with the old files.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.tree import index_by_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtls_lint.nginx.model import Configuration

PID_FILES = (
    "/run/nginx.pid",
    "/var/run/nginx.pid",
    "/usr/local/nginx/logs/nginx.pid",
    "/usr/local/var/run/nginx.pid",
)
"""Where nginx keeps its process id as it is built by distributions, nginx.org and from source."""

_MAIN_FILES = ("/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/usr/local/etc/nginx/nginx.conf")
"""What nginx reads without ``-c``, as it is built by the same."""

_MASTER = "nginx: master process "
_WORKER = "nginx: worker process"
_OPTION = expression(r"(?<!\S)-([cp])\s*(\S+)")
_MOST = 4096
"""Bytes of a process's title that are looked at."""


class Master(Struct, frozen=True):
    """A running nginx: the process id of its master, and when its workers came up."""

    pid: int
    loaded: datetime


class Unloaded(Struct, frozen=True):
    """A file that was changed after the nginx that runs here had read it."""

    master: Master
    changed: datetime


CLOCKS_DIFFER = timedelta(seconds=2)
"""The kernel gives the moment of its boot in whole seconds, and file systems have clocks of their own."""


def running(configuration: Configuration) -> Master | None:
    """The nginx that runs here by this very file; None where there is none, or that is not known."""
    tree = configuration.tree
    if tree.is_fragment or not tree.sources:
        return None
    named = [str(d.args[0]) for d in index_by_name(tree.directives).get("pid", ()) if d.args]
    for path in named or PID_FILES:
        pid = _pid(path) if path.startswith("/") else None
        if pid is None or not _reads(_title(pid), tree.sources[0].real_path):
            continue
        started = [_started(worker) for worker in _children(pid) if _title(worker) == _WORKER]
        known = [moment for moment in started if moment is not None]
        if known:
            return Master(pid, datetime.fromtimestamp(min(known), timezone.utc))
    return None


def _pid(path: str) -> int | None:
    """The number in a pid file; what is no regular file is not waited for."""
    data = PemStore().bytes_of(path)
    with suppress(ValueError):
        return int(data[:32]) if data is not None else None
    return None


def _title(pid: int) -> str:
    """What ``ps`` shows: nginx writes there what the process is, and for the master how it was called."""
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read(_MOST).split(b"\0", 1)[0].decode("utf-8", "surrogateescape").rstrip()
    return ""


def _reads(title: str, main_file: str) -> bool:
    """Whether a master of that title was started with this main file.

    A relative ``-c`` counts from ``-p``; without that, and without ``-c``, what counts was built in: then
    only the usual places are believed.
    """
    if not title.startswith(_MASTER):
        return False
    options = dict(_OPTION.findall(title[len(_MASTER) :]))
    prefix, named = options.get("p", ""), options.get("c")
    if named is None:
        return not prefix and any(_is_same(path, main_file) for path in _MAIN_FILES)
    path = os.path.join(prefix, named)
    return path.startswith("/") and _is_same(path, main_file)


def _is_same(path: str, other: str) -> bool:
    with suppress(OSError, ValueError):
        return os.path.samefile(path, other)
    return False


def _children(pid: int) -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdecimal() and (status := _status(int(name))) and int(status[1]) == pid:
            yield int(name)


def _started(pid: int) -> float | None:
    """When a process began, in seconds since 1970 (proc_pid_stat(5), field 22, counts from the boot)."""
    status = _status(pid)
    with suppress(OSError, ValueError), open("/proc/stat", encoding="ascii") as file:
        booted = next((line.split()[1] for line in file if line.startswith("btime ")), None)
        if status and booted is not None:
            return int(booted) + int(status[19]) / os.sysconf("SC_CLK_TCK")
    return None


def _status(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` from the third on: the second may hold anything, in parentheses."""
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].decode("ascii", "replace").split()
    return []
