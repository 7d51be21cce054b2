"""``--fix`` and ``--diff``: findings mended in the files that were read, or shown as a patch."""

import difflib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence

from mtls_lint.cli.streams import CommandError, is_terminal, say, write_bytes
from mtls_lint.lint.finding import Reported
from mtls_lint.lint.fixing import Plan, encoded, plan
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.words import counted
from mtls_lint.syntax.source import SourceFile


def planned(report: Report, paths: Sequence[str], *, unsafe: bool) -> Plan:
    """The fixes to make in the files that are, or lie below, these paths."""
    places = [os.path.realpath(path) for path in paths]
    reasons: dict[SourceFile, str | None] = {}

    def refusal(source: SourceFile) -> str | None:
        if source not in reasons:
            reasons[source] = _refusal(source, places)
        return reasons[source]

    chosen = plan(report.findings, unsafe=unsafe, key_of=_file, refusal=refusal)
    for one in chosen.refused:
        say(f"mtls-lint: not fixed: {_place(one.reported)}: {one.reason}")
    return chosen


def show(chosen: Plan) -> int:
    """Write the patch to stdout; returns the exit code: 1 where there is something to change."""
    lines: list[bytes] = []
    for key, source in chosen.sources.items():
        lines += _patch(os.fsencode(source.path), encoded(source.text), chosen.changed(key))
    patch = b"".join(lines)
    if is_terminal(sys.stdout):  # in a pipe it has to fit the files, byte by byte
        shown = patch.decode("utf-8", "surrogateescape").split("\n")
        patch = "\n".join(visible(line) for line in shown).encode("utf-8", "backslashreplace")
    write_bytes(patch)
    _say_rest(chosen, "would be fixed")
    return int(bool(chosen.made))


def apply(chosen: Plan) -> None:
    """Write the files, each at once; raises CommandError (exit code 3) at the first that cannot be."""
    waiting = list(chosen.sources)
    try:
        while waiting:
            _replace(waiting[0], chosen.changed(waiting[0]))
            del waiting[0]
    except OSError as error:
        raise CommandError(
            f"{waiting[0]} cannot be written: {error.strerror}",
            f"Not changed: {counted(len(waiting), 'file')} of {len(chosen.sources)}.",
            code=3,
        ) from error
    _say_rest(chosen, "fixed")


def _say_rest(chosen: Plan, done: str) -> None:
    told = f"{counted(len(chosen.made), 'finding')} {done} in {counted(len(chosen.sources), 'file')}"
    if chosen.unsafe:
        told += f"; {len(chosen.unsafe)} more with --unsafe-fixes, which may alter who gets in"
    if chosen.overlapping:
        told += f"; {len(chosen.overlapping)} touch the same words and are for another run"
    say(f"mtls-lint: {told}")


def _place(reported: Reported) -> str:
    return f"{reported.span}: {reported.rule}"


def _file(source: SourceFile) -> str:
    return os.path.realpath(source.real_path)


def _refusal(source: SourceFile, places: Sequence[str]) -> str | None:
    """Why a file is not changed."""
    file = _file(source)
    if not any(file == place or file.startswith(place.rstrip("/") + "/") for place in places):
        return f"{source.path} is not among the given paths"
    try:
        state = os.stat(file)
        if not stat.S_ISREG(state.st_mode):
            return f"{source.path} is no regular file"
        with open(file, "rb") as stream:
            now = stream.read()
    except OSError as error:
        return f"{source.path} could not be read again: {error.strerror}"
    if state.st_nlink > 1:
        return f"{source.path} has further hard links, which would keep the old text"
    if now != encoded(source.text):
        return f"{source.path} is the output of nginx -T, or was changed since it was read"
    return None


def _replace(file: str, data: bytes) -> None:
    """Put ``data`` in the place of a file: all of it or nothing, with the old owner and mode."""
    state = os.stat(file)
    descriptor, temporary = tempfile.mkstemp(prefix=".mtls-lint-", dir=os.path.dirname(file))
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            made = os.fstat(stream.fileno())
            if (made.st_uid, made.st_gid) != (state.st_uid, state.st_gid):
                os.fchown(stream.fileno(), state.st_uid, state.st_gid)
            os.fchmod(stream.fileno(), stat.S_IMODE(state.st_mode))  # after fchown, which clears bits
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def _patch(name: bytes, old: bytes, new: bytes) -> Iterator[bytes]:
    """The lines of a unified diff, as `patch` and `git apply -p0` take it."""
    before, after = _lines(old), _lines(new)
    for line in difflib.diff_bytes(difflib.unified_diff, before, after, name, name):
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[bytes]:
    """The lines with their ends; splitlines would take a CR for one as well."""
    *lines, rest = data.split(b"\n")
    return [*(line + b"\n" for line in lines), *filter(None, [rest])]
