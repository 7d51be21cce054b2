"""Options that several commands share."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mtls_lint.cli.inputs import Reading


def version_option(panel: str | None = None) -> Any:
    """``--nginx-version VERSION``, in a panel of the help where a command has several."""
    return typer.Option(
        metavar="VERSION", rich_help_panel=panel, help="The nginx it is for (default: newest stable)."
    )


def binary_option(panel: str | None = None) -> Any:
    """``--nginx-binary PATH``, in a panel of the help where a command has several."""
    return typer.Option(metavar="PATH", rich_help_panel=panel, help="The nginx it is for, asked with -V.")


def profile_option(panel: str | None = None) -> Any:
    """``--profile NAME``, in a panel of the help where a command has several."""
    return typer.Option(
        "--profile",
        metavar="NAME",
        rich_help_panel=panel,
        help="A standard to judge by, such as cis-3.0.0.",
    )


def map_option(panel: str | None = None) -> Any:
    """``--map FROM=TO``, in a panel of the help where a command has several."""
    return typer.Option(
        "--map",
        metavar="FROM=TO",
        rich_help_panel=panel,
        help="Where its files lie here: /etc/nginx=./nginx.",
    )


def root_option(panel: str | None = None) -> Any:
    """``--root DIR``, in a panel of the help where a command has several."""
    return typer.Option(
        "--root",
        metavar="DIR",
        rich_help_panel=panel,
        help="Its file system here, such as a mounted image.",
    )


def prefix_option(panel: str | None = None) -> Any:
    """``--prefix DIR``, in a panel of the help where a command has several."""
    return typer.Option(
        metavar="DIR",
        rich_help_panel=panel,
        help="Where relative names count from.",
    )


def context_option(panel: str | None = None) -> Any:
    """``--context http,server``, in a panel of the help where a command has several."""
    return typer.Option(
        metavar="BLOCK,...",
        rich_help_panel=panel,
        help="Where fragments belong: http,server, stream ...",
    )


def define_option(panel: str | None = None) -> Any:
    """``--define NAME=VALUE``, in a panel of the help where a command has several."""
    return typer.Option(
        "--define",
        metavar="NAME=VALUE",
        rich_help_panel=panel,
        help="A value that a template fills in.",
    )


def reading(
    mapped: Sequence[str] | None,
    root: str | None,
    prefix: str | None,
    context: str | None,
    defined: Sequence[str] | None,
) -> "Reading":
    """What these options say of reading. Raises BadParameter."""
    from mtls_lint.cli.inputs import Reading  # noqa: PLC0415 - not needed for help
    from mtls_lint.syntax.fragment import CONTEXTS  # noqa: PLC0415
    from mtls_lint.syntax.path_map import PathMap, parse_pair  # noqa: PLC0415

    try:
        pairs = tuple(map(parse_pair, mapped or ()))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="'--map'") from None
    for name, value in (("--root", root), ("--prefix", prefix)):
        if value is not None and not os.path.isdir(value):
            raise typer.BadParameter(f"{value!r} is no directory.", param_hint=f"'{name}'")
    words = tuple(context.split(",")) if context is not None else None
    if words is not None and words not in CONTEXTS:
        known = "; ".join(",".join(one) for one in CONTEXTS)
        raise typer.BadParameter(f"{context!r} is none. There are: {known}.", param_hint="'--context'")
    values = dict(_defined(text) for text in defined or ())
    # The root of this machine is where everything is anyway.
    where = PathMap(pairs, None if root is None or os.path.realpath(root) == "/" else root)
    return Reading(
        where, here=root is not None and where.root is None, prefix=prefix, context=words, defined=values
    )


def _defined(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="'--define'")
    return name, value
