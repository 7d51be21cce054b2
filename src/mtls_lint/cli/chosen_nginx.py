"""Which nginx a run is for: a number that was told, or a binary that is asked."""

from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.cli.streams import UsageError
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion, parse_version

if TYPE_CHECKING:
    from pathlib import Path

    from mtls_lint.nginx.build import Build


class Chosen(Struct, frozen=True):
    """The nginx of a run. ``told`` is False where nobody said which, and the newest stable one is meant."""

    version: NginxVersion
    told: bool
    build: "Build | None" = None


def chosen_nginx(version: str | None, binary: "Path | None", usual: str | None = None) -> Chosen:
    """What ``--nginx-version`` and ``--nginx-binary`` say; ``usual`` is what counts where they say nothing.

    Raises UsageError, and CommandError for a binary that does not answer like nginx.
    """
    if binary is None:
        told = told_version(version if version is not None else usual, "--nginx-version")
        return Chosen(told or NEWEST_STABLE, told is not None)
    if version is not None:
        raise UsageError("it is told by the binary already: give one of the two.", "--nginx-version")
    from mtls_lint.cli.nginx_binary import ask  # noqa: PLC0415 - it runs programs, which most runs do not

    build = ask(binary)
    return Chosen(build.version, told=True, build=build)


def told_version(text: str | None, option: str) -> NginxVersion | None:
    """The version that an option says; None without one. Raises UsageError."""
    if text is None:
        return None
    try:
        return parse_version(text)
    except ValueError as error:
        raise UsageError(f"{error}.", option) from None
