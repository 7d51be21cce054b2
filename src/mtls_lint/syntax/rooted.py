"""Names inside a directory that holds a whole file system: what chroot(2) would make of them."""

import errno
import os

_LINKS = 40
"""Symbolic links that Linux follows in one path (path_resolution(7))."""


def resolve_in(root: str, path: str) -> str:
    """The place below ``root`` that the absolute ``path`` means there, symbolic links followed.

    A link counts from ``root`` when it is absolute, and ``..`` does not lead above ``root``. What does not
    exist keeps its name. Raises OSError (ELOOP) for a loop of links.
    """
    done: list[str] = []
    parts = path.split("/")[::-1]
    links = 0
    while parts:
        part = parts.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            done = done[:-1]
            continue
        name = os.path.join(root, *done, part)
        target = _target(name)
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if target.startswith("/"):
            done = []
        parts += target.split("/")[::-1]
    return os.path.join(root, *done)


def _target(name: str) -> str | None:
    """What the link ``name`` says; None where there is none."""
    try:
        return os.readlink(name)
    except (OSError, ValueError):  # no link, or nothing that can be looked at: who opens it is told why
        return None
