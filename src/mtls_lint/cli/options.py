"""Options that several commands share."""

from typing import Any

import typer


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


def config_option(panel: str | None = None) -> Any:
    """``--config FILE``, in a panel of the help where a command has several."""
    return typer.Option(
        metavar="FILE", rich_help_panel=panel, help="Settings (default: looked for from PATH upwards)."
    )


def no_config_option(panel: str | None = None) -> Any:
    """``--no-config``, in a panel of the help where a command has several."""
    return typer.Option("--no-config", rich_help_panel=panel, help="Use no settings file.")
