"""Which configurations a path on the command line means."""

import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.syntax.files import read_text
from mtls_lint.syntax.nginx_text import looks_like_nginx
from mtls_lint.syntax.tree import Problem, ProblemKind

MAIN_FILE = "nginx.conf"
SITE_DIRECTORIES = frozenset({"sites-available", "sites-enabled"})
"""Debian's directories, whose files have any name."""

MAX_DIRECTORIES = 20_000
"""Directories that are looked into below one path: enough for any repository, and an end for ``/``."""

# What such files are called, templates of them included.
_SUFFIXES = (
    ".conf",
    ".nginx",
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".tpl",
    ".gotmpl",
    ".erb",
    ".epp",
    ".template",
)
_SKIPPED = frozenset({"node_modules", "vendor", "venv", "__pycache__"})
_PROBE = 64 * 1024

# A block that only a main file has.
_MAIN_TEXT = expression(r"^[ \t]*(?:events|http|stream|mail)\s*\{", re.MULTILINE)


class Input(Struct, frozen=True):
    """One configuration to read: a whole one (``main``), a part (``fragment``), or either (``auto``).

    ``named`` tells a file that people named from one that was found in a directory.
    """

    path: str
    kind: Literal["main", "fragment", "auto"]
    named: bool = False


def discover(path: str) -> tuple[Input, ...] | Problem:
    """The configurations that ``path`` means.

    A file means itself. A directory means its nginx.conf; else every nginx.conf below it; else every
    ``*.conf`` and template (and every file in sites-available and sites-enabled) whose text looks like nginx,
    each as a fragment of its own. The order is that of the names. A problem when there is nothing.
    """
    if not os.path.isdir(path):
        return (Input(path, "auto", named=True),)
    main = os.path.join(path, MAIN_FILE)  # "." must stay in front as it was given
    if _is_file(main):
        return (Input(main, _kind_of_main(main)),)
    files = list(_files_below(path))
    mains = [file for file in files if os.path.basename(file) == MAIN_FILE]
    if mains:
        return tuple(Input(file, _kind_of_main(file)) for file in mains)
    fragments = [file for file in files if _may_be_fragment(file) and looks_like_nginx(_beginning(file))]
    if fragments:
        return tuple(Input(file, "fragment") for file in fragments)
    return Problem(
        ProblemKind.ABSENT,
        path,
        None,
        f"no nginx configuration was found in {path}: no nginx.conf in it or below, and no *.conf, "
        "template (*.j2, *.tmpl, *.erb, *.template), sites-available/* or sites-enabled/* with text that "
        "looks like nginx",
        "Name the configuration file itself, or pipe the text in: mtls-lint -.",
    )


def _files_below(path: str) -> Iterator[str]:
    """The files below ``path`` in the order of their names; hidden and foreign directories are skipped."""
    for directory, below, names in islice(os.walk(path), MAX_DIRECTORIES):
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(names):
            yield os.path.join(directory, name)


def _is_file(path: str) -> bool:
    """Whether there is a regular file. Raises OSError where that may not be known."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _may_be_fragment(file: str) -> bool:
    return file.endswith(_SUFFIXES) or os.path.basename(os.path.dirname(file)) in SITE_DIRECTORIES


def _kind_of_main(file: str) -> Literal["main", "auto"]:
    """Many images copy a file that is called nginx.conf into conf.d: then it is a fragment."""
    text = _beginning(file)
    return "main" if _MAIN_TEXT.search(text) or not looks_like_nginx(text) else "auto"


def _beginning(file: str) -> str:
    """The first part of a file's text; empty when it cannot be read, which the loader will report."""
    source = read_text(file)
    return "" if isinstance(source, Problem) else source.text[:_PROBE]
