"""Reading files without surprises: nothing hangs, nothing is too large, every failure says what to do."""

import errno
import os
import stat

from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem, ProblemKind

MAX_FILE_SIZE = 64 * 1024 * 1024
"""Larger files are not read. A configuration of 18,000 servers has 19 MB."""

_BINARY_PROBE = 1024
_UTF16_MARKS = ("\udcff\udcfe", "\udcfe\udcff")


def read_text(path: str, display: str | None = None) -> SourceFile | Problem:
    """The text of the regular file ``path``, named ``display`` in reports.

    Never raises for what it finds there, and never waits: what is no regular file is not opened, except
    ``/dev/null``, which nginx accepts as an empty file. The problem has no span: no text was read.
    """
    display = path if display is None else display
    try:
        status = os.stat(path)  # pathlib costs more than the call, for every file
        if path == os.devnull:
            return SourceFile(display, "", path)
        problem = _unfit(status, display)
        if problem is not None:
            return problem
        data = _read(path, display)
    except OSError as error:
        return failed(path, display, error)
    except ValueError:
        # A NUL in the name (nginx would cut the name there), or characters no file name can have.
        return Problem(
            ProblemKind.ABSENT,
            display,
            None,
            f"{display!r} is no possible file name",
            "Correct the name: it contains a NUL or a character that cannot be encoded.",
        )
    return data if isinstance(data, Problem) else SourceFile.from_bytes(display, data, path)


def looks_binary(text: str) -> bool:
    """Whether the text begins like binary data or UTF-16. nginx is byte-clean: only ask when it fails."""
    return "\0" in text[:_BINARY_PROBE] or text.startswith(_UTF16_MARKS)


def _read(path: str, display: str) -> bytes | Problem:
    """The bytes of the file; OSError when it cannot be opened or read."""
    # Should a FIFO have taken the file's place since the stat, O_NONBLOCK keeps open() from waiting.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        problem = _unfit(status, display)
        if problem is not None:
            return problem
        # As much as fstat() promised, as nginx does: what a file gains meanwhile is not seen.
        data = b""
        while len(data) < status.st_size and (more := file.read(status.st_size - len(data))):
            data += more
    return data


def _unfit(status: os.stat_result, display: str) -> Problem | None:
    """Why the file is not to be read, whatever its permissions."""
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return _too_large(display) if status.st_size > MAX_FILE_SIZE else None
    if stat.S_ISDIR(mode):
        return Problem(
            ProblemKind.REFUSED,
            display,
            None,
            f"{display} is a directory, which nginx cannot read as a configuration file "
            "(nginx: read() failed (21: Is a directory))",
            f"Name a file, or all files in it: {display.rstrip('/')}/*.conf.",
        )
    if stat.S_ISFIFO(mode):
        what, consequence = "a FIFO", "nginx would wait until somebody writes to it"
    elif stat.S_ISSOCK(mode):
        what, consequence = "a socket", "nginx cannot open it"
    else:
        what, consequence = "a device", "nginx would take it as an empty file"
    return Problem(
        ProblemKind.UNREADABLE,
        display,
        None,
        f"{display} is {what}, not a regular file, and was not opened ({consequence})",
        "Name a regular file.",
    )


def _too_large(display: str) -> Problem:
    return Problem(
        ProblemKind.UNREADABLE,
        display,
        None,
        f"{display} is larger than {MAX_FILE_SIZE // (1024 * 1024)} MiB and was not read",
        "Make sure that this is a configuration file; split it if it is.",
    )


def failed(path: str, display: str, error: OSError) -> Problem:
    """The problem for what the system answered."""
    nginx = f'nginx: open() "{display}" failed ({error.errno}: {os.strerror(error.errno or 0)})'
    kind = ProblemKind.UNREADABLE
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        kind = ProblemKind.ABSENT
        if os.path.islink(path):
            message = f"{display} is a symbolic link to {os.readlink(path)}, which does not exist"
            hint = "Create the file the link points to, or remove the link."
        else:
            message = f"{display} does not exist"
            hint = "Create the file, or check out the part of the configuration that holds it."
    elif error.errno in {errno.EACCES, errno.EPERM}:
        message = f"{display} could not be read: permission denied"
        hint = "Run as a user who may read the file, or give read permission."
    elif error.errno == errno.ELOOP:
        kind = ProblemKind.REFUSED
        message = f"{display} is part of a loop of symbolic links"
        hint = "Let the link point to a file."
    else:
        message = f"{display} could not be read: {os.strerror(error.errno or 0)}"
        hint = "Make sure that the file can be read."
    return Problem(kind, display, None, f"{message} ({nginx})", hint)
