"""Options that several commands share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mtls_lint.syntax.path_map import PathMap


def version_option(panel: str | None = None) -> Any:
    """``--nginx-version VERSION``, in a panel of the help where a command has several."""
    return typer.Option(
        metavar="VERSION", rich_help_panel=panel, help="The nginx it is for (default: newest stable)."
    )


def binary_option(panel: str | None = None) -> Any:
    """``--nginx-binary PATH``, in a panel of the help where a command has several."""
    return typer.Option(
        metavar="PATH", rich_help_panel=panel, help="The nginx it is for, asked with -V; or a command's name."
    )


def map_option(panel: str | None = None) -> Any:
    """``--map FROM=TO``, in a panel of the help where a command has several."""
    return typer.Option(
        "--map",
        metavar="FROM=TO",
        rich_help_panel=panel,
        help="Where files of the machine with nginx are found here: /etc/nginx=./nginx.",
    )


def path_map(pairs: Sequence[str] | None) -> "PathMap":
    """What ``--map`` says. Raises BadParameter."""
    from mtls_lint.syntax.path_map import PathMap, parse_pair  # noqa: PLC0415 - not needed for help

    try:
        return PathMap(tuple(map(parse_pair, pairs or ())))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="'--map'") from None
