"""``--changed-from REF``: which files have changed since a commit, as git says."""

import os
import subprocess
from collections.abc import Iterator, Sequence

from mtls_lint.cli.streams import CommandError
from mtls_lint.nginx.file_uses import file_uses
from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.source import Span

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


def naming_changed(configuration: Configuration, store: PemStore, changed: frozenset[str]) -> Iterator[Span]:
    """The places that name files of certificates, keys and the like that have changed."""
    for use in file_uses(configuration):
        path = use.reference.path
        place = store.place_of(path) if path is not None else None
        if place is not None and os.path.realpath(place) in changed:
            yield use.reference.span


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
