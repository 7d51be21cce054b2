"""What goes to stdout, to stderr and to a terminal, and how."""

import os
import sys
from collections.abc import Iterable
from enum import Enum
from typing import IO, TYPE_CHECKING

from mtls_lint.report.characters import visible

if TYPE_CHECKING:
    from pathlib import Path


class Color(str, Enum):
    """``--color``."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class CommandError(Exception):
    """The command cannot be carried out: what to say on stderr, and the exit code."""

    def __init__(self, message: str, hint: str = "", code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class UsageError(Exception):
    """The command line asks for what cannot be: what is wrong, and with which option.

    Raised before anything is written. ``screens.Command`` shows it as Typer shows mistakes.
    """

    def __init__(self, message: str, option: str) -> None:
        super().__init__(message)
        self.message = message
        self.option = option


def wants_color(choice: Color, stream: IO[str] | None) -> bool:
    """Whether to write colours: the option decides, then NO_COLOR, FORCE_COLOR, then the terminal."""
    if choice is not Color.AUTO:
        return choice is Color.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether people look at this stream as it is written."""
    try:
        return stream is not None and stream.isatty()  # None: the process was started without it
    except ValueError:  # closed
        return False


def columns() -> int:
    """The width to write for: COLUMNS, the terminal's, or 80 where the output goes to a file."""
    # As shutil.get_terminal_size does; but shutil loads what packs and unpacks archives.
    try:
        wanted = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        wanted = 0
    if wanted > 0:
        return wanted
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0) or 80
    except (ValueError, OSError):  # closed, or no terminal
        return 80


def is_utf8() -> bool:
    """Whether stdout can carry more than ASCII for certain."""
    return (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") == "utf8"


def dots() -> str:
    """What stands for text that was left out, in a form that stdout can carry."""
    return "…" if is_utf8() else "..."


def check_output(output: "Path | None") -> None:
    """Find out before the run, not after it, that the file of ``--output`` cannot be written."""
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        what = (
            "is a directory"
            if output.is_dir()
            else f"cannot be written: there is no directory {output.parent}"
        )
        raise CommandError(f"{output} {what}", "Name another --output file.")


def refuse_to_overwrite(output: "Path", read: Iterable[str]) -> None:
    """Raise CommandError when the file of ``--output`` is one of those that were read."""
    if os.path.realpath(output) in {os.path.realpath(path) for path in read}:
        raise CommandError(
            f"{output} is part of what is checked and was not overwritten", "Name another --output file."
        )


def write_out(text: str, *, utf8: bool = False) -> None:
    """Write results to stdout; a reader that went away (``| head``) is no error.

    ``utf8`` overrides the locale's encoding, for formats that promise UTF-8. Raises CommandError (exit
    code 3) when the results cannot be written, on a full disk or without a stdout.
    """
    encoding = "utf-8" if utf8 else (getattr(sys.stdout, "encoding", None) or "utf-8")
    write_bytes(text.encode(encoding, "backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write results that are bytes to stdout; otherwise as ``write_out``."""
    if sys.stdout is None:  # mypy does not know, but `>&-` does this
        raise CommandError("there is no stdout to write to", "Use --output FILE.", code=3)
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except OSError as error:
        # The interpreter flushes stdout once more when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise CommandError(f"stdout cannot be written: {error.strerror}", code=3) from error


def write_file(path: "Path", text: str) -> None:
    """Write results to the file of ``--output``. Raises CommandError when it cannot be written."""
    try:
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}", "Name another --output file."
        ) from error


def say(text: str) -> None:
    """One line to stderr; where that cannot be written, nobody reads it."""
    if sys.stderr is None:  # started with `2>&-`
        return
    try:
        line = f"{visible(text)}\n".encode(sys.stderr.encoding or "utf-8", "backslashreplace")
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
    except OSError:
        return


def report_error(error: CommandError) -> int:
    """Say what went wrong on stderr; returns the exit code."""
    say(f"mtls-lint: error: {error.message}")
    if error.hint:
        say(f"  {error.hint}")
    return error.code
