"""``--nginx-binary``: what a binary and its package say of themselves."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from mtls_lint.cli.streams import CommandError
from mtls_lint.nginx.build import Build, Package, parse_build, read_changelog

SECONDS = 10
"""How long a binary, or the package manager, may take to answer."""

_LARGEST = 16 * 1024 * 1024
"""Bytes of a changelog that are read: Debian's of nginx has some 30,000."""


def ask(binary: Path) -> Build:
    """Run ``nginx -V`` and find its package. Raises CommandError for what does not answer like nginx."""
    path = _found(binary)
    try:
        # S603: the user named it, for this.
        done = subprocess.run(  # noqa: S603
            [path, "-V"], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _refused(path, f"`{path} -V` did not end within {SECONDS} seconds") from None
    except OSError as error:
        raise _refused(path, f"{path} cannot be run: {error.strerror}") from None
    said = (done.stderr + done.stdout).decode("utf-8", "replace")
    build = parse_build(path, said)
    if build is None:
        first = next(iter(said.strip().splitlines()), "nothing")
        raise _refused(path, f"`{path} -V` does not answer like nginx: {first[:100]}")
    return _with_package(build)


def _found(binary: Path) -> str:
    """The path of the binary; a bare name is looked for like a command."""
    named = str(binary)
    path = shutil.which(named) if os.sep not in named and not binary.exists() else named
    if path is None or not os.path.isfile(path):
        what = "is a directory" if os.path.isdir(named) else "does not exist"
        raise _refused(named, f"{named} {what}")
    return os.path.abspath(path)


def _refused(path: str, message: str) -> CommandError:
    return CommandError(
        f"--nginx-binary: {message}", f"Name the binary of nginx ({path} is none), or give --nginx-version."
    )


def _with_package(build: Build) -> Build:
    real = os.path.realpath(build.path)
    package = _debian_package(real) or _other_package(real)
    return Build(build.path, build.name, build.version, build.openssl, build.options, build.modules, package)


def _debian_package(path: str) -> Package | None:
    """The package of Debian, Ubuntu and their kin that owns the file; None where none does."""
    owner = _told(["dpkg-query", "-S", path])
    if owner is None and path.startswith("/usr/"):
        owner = _told(["dpkg-query", "-S", path.removeprefix("/usr")])  # as it was before /usr was merged
    if owner is None:
        return None
    name = owner.partition(":")[0]
    version = _told(["dpkg-query", "-W", "-f", "${Version}", name]) or "of unknown version"
    changelog = Path("/usr/share/doc", name, "changelog.Debian.gz")
    try:
        with gzip.open(changelog) as file:
            text = file.read(_LARGEST).decode("utf-8", "replace")
    except (OSError, EOFError) as error:
        words = getattr(error, "strerror", None) or "it is broken"
        return read_changelog(name, version, None, f"{changelog} could not be read ({words})")
    return read_changelog(name, version, text)


def _other_package(path: str) -> Package | None:
    """The package of rpm or apk that owns the file: what has been mended in it is not looked up."""
    for command in (["rpm", "-qf", path], ["apk", "info", "--who-owns", path]):
        owner = _told(command)
        if owner is not None:
            name = owner.rpartition(" ")[2]
            reason = f"the changelogs of {command[0]} packages are not read here"
            return read_changelog(name, "", None, reason)
    return None


def _told(command: list[str]) -> str | None:
    """What the package manager says; None where it is not there or knows nothing."""
    try:
        # S603: words of ours, and a path that exists.
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None if done.returncode == 0 else None
