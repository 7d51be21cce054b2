"""Settings files: which one holds for a path, and what it says.

A file in the linted tree is data: it can hide findings, and nothing in it names code or a program.
"""

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.lint.settings_keys import BY_NAME, CODE, FILE, TABLE, flaw

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "pyproject.toml"
MAX_SIZE = 1024 * 1024


class SettingsError(ValueError):
    """A settings file cannot be used; the message begins with ``file:line``."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsFile(Struct, frozen=True):
    """What a settings file says, key by key; empty where there is none.

    ``path`` is its name as people know it, ``directory`` what relative paths in it count from.
    """

    path: str = ""
    directory: str = ""
    values: Mapping[str, Any] = {}
    lines: Mapping[tuple[str, str], int] = {}

    def place(self, key: str, inner: str = "") -> str:
        """``file:line`` of a key, or of one inside its table."""
        return f"{self.path}:{self.lines.get((key, inner)) or self.lines.get((key, ''), 1)}"

    def text(self, key: str) -> str | None:
        """The string of a key; None without it."""
        return self.values.get(key)

    def texts(self, key: str) -> list[str] | None:
        """The list of a key; None without it."""
        return self.values.get(key)

    def table(self, key: str) -> dict[str, Any]:
        """The table of a key; empty without it."""
        table: dict[str, Any] = self.values.get(key, {})
        return table

    def file(self, key: str) -> "Path | None":
        """The file that a key names, as seen from here; None without it."""
        named = self.text(key)
        if named is None:
            return None
        from pathlib import Path  # noqa: PLC0415 - few settings name one

        return Path(self.resolved(named))

    def resolved(self, path: str) -> str:
        """A path that the file names, as seen from here."""
        return os.path.normpath(os.path.join(self.directory, path))


def find_settings(path: str) -> str | None:
    """The settings file that holds for ``path``, a file or a directory; None where there is none.

    It is looked for from there upwards to the root of the repository (where ``.git`` is), in each directory
    ``mtls-lint.toml`` before a pyproject.toml with the table. Without a repository the search goes up to the
    file system's root; what belongs to a stranger is passed over then, because directories such as /tmp are
    open to everybody.
    """
    start = os.path.abspath(path)
    directory = start if os.path.isdir(start) else os.path.dirname(start)
    owners = {0, os.geteuid(), *_owner(start), *_owner(directory)}
    for above in _upwards(directory):
        for name in (FILE, PROJECT):
            candidate = os.path.join(above, name)
            if not os.path.isfile(candidate) or not owners.issuperset(_owner(candidate)):
                continue
            if name == FILE or _may_hold_table(candidate):
                return candidate
        if os.path.lexists(os.path.join(above, ".git")):
            return None
    return None


def read_settings(path: str, shown: str | None = None) -> SettingsFile:
    """Read a settings file; ``shown`` is its name in messages. Raises SettingsError."""
    name = path if shown is None else shown
    try:
        text = _read(path).decode("utf-8")
    except OSError as error:
        raise SettingsError(f"{name}: it could not be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name}: it is not UTF-8, which TOML has to be") from error
    document = _parsed(text, name)
    prefix: tuple[str, ...] = ()
    if os.path.basename(path) == PROJECT:
        tool = document.get("tool", {})
        document = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
        prefix = ("tool", TABLE)
        if not isinstance(document, dict):
            raise SettingsError(f"{name}: tool.{TABLE} is no table")
    lines = _lines(text, prefix)
    found = SettingsFile(name, os.path.dirname(name), document, lines)
    for key, value in document.items():
        _check(found, key, value)
    return found


def _check(found: SettingsFile, name: str, value: object) -> None:
    key = BY_NAME.get(name)
    if key is None:
        from difflib import get_close_matches  # noqa: PLC0415 - for mistakes

        close = get_close_matches(name.replace("_", "-"), BY_NAME, n=1)
        hint = (
            f"Did you mean {close[0]!r}?" if close else "`mtls-lint config init` writes a file with all keys."
        )
        reason = CODE.get(name)
        raise SettingsError(
            f"{found.place(name)}: {reason or f'there is no key {name!r}'}", "" if reason else hint
        )
    if problem := flaw(key.kind, value):
        raise SettingsError(f"{found.place(name)}: {name}: {problem}", f"For example: {name} = {key.example}")


def _parsed(text: str, name: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only where there is a file
    else:
        import tomli as tomllib  # noqa: PLC0415
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except RecursionError as error:
        raise SettingsError(f"{name}:1: no valid TOML: it is nested too deep") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        message = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise SettingsError(f"{name}:{found[1] if found else 1}: no valid TOML: {message}") from error
    return document


_HEADER = expression(r"\s*\[\s*([^][]+?)\s*\]\s*(?:#.*)?")
_ASSIGNMENT = expression(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_WORD = expression(r"""[\w-]+|"[^"]*"|'[^']*'""")


def _lines(text: str, prefix: tuple[str, ...]) -> dict[tuple[str, str], int]:
    """The line of each key, and of each inside its table: TOML's parsers do not tell.

    Only messages depend on it.
    """
    lines: dict[tuple[str, str], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            table = tuple(word.strip("\"'") for word in _WORD.findall(header[1]))
            words = table
        elif assignment := _ASSIGNMENT.match(line):
            words = (*table, *(word.strip("\"'") for word in _WORD.findall(assignment[1])))
        else:
            continue
        if words[: len(prefix)] == prefix and len(words) > len(prefix):
            name, *inner = words[len(prefix) :]
            lines.setdefault((name, ""), number)
            lines.setdefault((name, ".".join(inner[:1])), number)
    return lines


def _upwards(directory: str) -> list[str]:
    found = [directory]
    while (parent := os.path.dirname(found[-1])) != found[-1]:
        found.append(parent)
    return found


def _owner(path: str) -> set[int]:
    try:
        return {os.stat(path).st_uid}
    except (OSError, ValueError):
        return set()


def _may_hold_table(path: str) -> bool:
    """Whether a pyproject.toml has the table: told by its text first, most have not."""
    try:
        data = _read(path)
    except OSError:
        return False
    if TABLE.encode() not in data:
        return False
    try:
        tool = _parsed(data.decode("utf-8"), path).get("tool", {})
    except (SettingsError, UnicodeDecodeError):
        # Whose table is broken may be ours: then the run must not go on without it.
        return re.search(rb"(?m)^\s*\[\s*tool\s*\.\s*[\"']?mtls-lint", data) is not None
    return isinstance(tool, dict) and TABLE in tool


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_SIZE)
