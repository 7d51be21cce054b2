"""The short way from a command line to a run of ``check``, without Typer.

Loading Typer and building all commands costs more than many a configuration does to check. So the usual
command lines are read here. Everything else (help, mistakes, other commands, words that could mean two
things) is left to ``cli.app``, which says what is wrong; a test compares the two readings.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtls_lint.cli.choices import COMMANDS, By, CheckOptions, FailOn, Format
from mtls_lint.cli.streams import Color, CommandError, UsageError, report_error

if TYPE_CHECKING:
    from pathlib import Path

COMPLETION = "_MTLS_LINT_COMPLETE"
"""A shell asks what could come next; its words are in the environment."""


def quick(arguments: Sequence[str]) -> int | None:
    """Carry out a usual command line of ``check``; returns the exit code, None where it is none."""
    options = options_of(arguments) if COMPLETION not in os.environ else None
    if options is None:
        return None
    from mtls_lint.cli.request import carry_out  # noqa: PLC0415 - only now is it known to be needed

    try:
        return carry_out(options)
    except UsageError:  # nothing was written yet, and the long way tells how the command is used
        return None
    except CommandError as error:
        return report_error(error)


def options_of(arguments: Sequence[str]) -> CheckOptions | None:
    """What the words of a command line mean to ``check``; None on any doubt."""
    found: dict[str, Any] = {}
    paths: list[str] = []
    waiting = list(reversed(arguments))
    named = False
    while waiting:
        word = waiting.pop()
        if word == "-" or (word and word[0] != "-"):
            if not paths and not named and word in COMMANDS:
                if word != "check":
                    return None
                named = True
            else:
                paths.append(word)
        elif word in SWITCHES:
            field, on = SWITCHES[word]
            found[field] = on
        elif word in COUNTS:
            field, more = COUNTS[word]
            found[field] = found.get(field, 0) + more
        elif not _valued(word, waiting, found):
            return None
    return CheckOptions(paths=paths or None, **found) if arguments else None


def _valued(word: str, waiting: list[str], found: dict[str, Any]) -> bool:
    """Take an option with its value, which is its own word or follows ``=``; whether it was one."""
    name, joined, value = word.partition("=")
    if name not in VALUED or (joined and not name.startswith("--")):
        return False
    if not joined:
        value = waiting.pop() if waiting else ""
        if value.startswith("-") and value != "-":  # an option, where somebody forgot the value
            return False
    field, convert, repeated = VALUED[name]
    try:
        converted = convert(value) if value else None
    except ValueError:
        return False
    if converted is None:
        return False
    if repeated:
        found.setdefault(field, []).append(converted)
    else:
        found[field] = converted
    return True


def _file(value: str) -> "Path | None":
    from pathlib import Path  # noqa: PLC0415 - few runs name one

    closed = os.path.exists(value) and not os.access(value, os.R_OK)
    return None if closed else Path(value)


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


VALUED: Mapping[str, tuple[str, Callable[[str], Any], bool]] = {
    "--select": ("select", str, True),
    "--ignore": ("ignore", str, True),
    "--rules": ("rules", _file, True),
    "--profile": ("profile", str, False),
    "--require": ("require", str, True),
    "--nginx-version": ("nginx_version", str, False),
    "--nginx-binary": ("nginx_binary", _file, False),
    "--now": ("now", str, False),
    "--map": ("mapped", str, True),
    "--root": ("root", str, False),
    "--prefix": ("prefix", str, False),
    "--context": ("context", str, False),
    "--define": ("define", str, True),
    "--expiry-days": ("expiry_days", _number, False),
    "--fail-on": ("fail_on", FailOn, False),
    "--baseline": ("baseline", _file, False),
    "--config": ("config", _file, False),
    "--format": ("output_format", Format, False),
    "--output": ("output", _file, False),
    "-o": ("output", _file, False),
    "--by": ("by", By, False),
    "--output-format": ("further_formats", Format, True),
    "--output-file": ("further_files", _file, True),
    "--changed-from": ("changed_from", str, False),
    "--color": ("color", Color, False),
}
"""Options with a value: the field, what the word means (None, ValueError: a doubt), whether all count."""

SWITCHES: Mapping[str, tuple[str, bool]] = {
    "--packs": ("packs", True),
    "--no-packs": ("packs", False),
    "--ignores": ("ignores", True),
    "--no-ignores": ("ignores", False),
    "--no-config": ("no_config", True),
    "--fix": ("fix", True),
    "--unsafe-fixes": ("unsafe_fixes", True),
    "--diff": ("diff", True),
    "--timings": ("timings", True),
}

COUNTS: Mapping[str, tuple[str, int]] = {
    "--quiet": ("quiet", 1),
    "-q": ("quiet", 1),
    "-qq": ("quiet", 2),
    "--verbose": ("verbose", 1),
    "-v": ("verbose", 1),
    "-vv": ("verbose", 2),
}
