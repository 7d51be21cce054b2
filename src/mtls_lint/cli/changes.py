"""``--changed-from REF``: which files have changed since a commit, as git says."""

import os
import subprocess
from collections.abc import Sequence

from mtls_lint.cli.streams import CommandError
from mtls_lint.lint.changes import limited
from mtls_lint.lint.runner import Report
from mtls_lint.nginx.file_uses import file_uses
from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.source import SourceFile

_TIMEOUT = 60


def changed_since(reference: str, paths: Sequence[str]) -> frozenset[str]:
    """The real paths of the files in the work trees around ``paths`` that are not as in that commit.

    New files that git does not know yet count. Raises CommandError where git does not know the commit.
    """
    changed: set[str] = set()
    for directory in dict.fromkeys(_directory(path) for path in paths):
        # The name is looked up first, so that one that begins with a dash is no option of `diff`.
        top = _git(directory, "rev-parse", "--show-toplevel").rstrip("\n")
        commit = _git(directory, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
        diff = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
        for listed in (
            _git(top, *diff, commit.strip(), "--"),
            _git(top, "ls-files", "--others", "--exclude-standard", "-z"),
        ):
            changed |= {os.path.realpath(os.path.join(top, name)) for name in listed.split("\0") if name}
    return frozenset(changed)


def only_changed(
    report: Report, configuration: Configuration, changed: frozenset[str], store: PemStore
) -> Report:
    """The findings about files that have changed, and about files of certificates and keys that have."""
    naming = [
        use.reference.span
        for use in file_uses(configuration)
        if use.reference.path is not None
        and (place := store.place_of(use.reference.path)) is not None
        and os.path.realpath(place) in changed
    ]

    def is_changed(source: SourceFile) -> bool:
        return os.path.realpath(source.real_path) in changed

    return limited(report, is_changed, naming)


def _directory(path: str) -> str:
    if path == "-":
        return "."
    return path if os.path.isdir(path) else os.path.dirname(path) or "."


def _git(directory: str, *arguments: str) -> str:
    """What git prints. The repository's own settings must not make it run other programs."""
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", directory]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the words are ours but for a checked name
            [*command, *arguments], capture_output=True, check=False, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"git could not be run for --changed-from: {error}") from error
    if done.returncode != 0:
        words = os.fsdecode(done.stderr).strip().splitlines()
        reason = words[-1] if words else "no reason given"
        raise CommandError(
            f"--changed-from: git {arguments[0]} failed in {directory}: {reason}",
            "The commit has to be there: a shallow clone (fetch-depth: 1) has only the last one.",
        )
    return os.fsdecode(done.stdout)
