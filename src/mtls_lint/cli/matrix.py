"""``mtls-lint matrix``: who gets in where."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from mtls_lint.cli.options import (
    binary_option,
    config_option,
    context_option,
    define_option,
    map_option,
    no_config_option,
    prefix_option,
    root_option,
    version_option,
)
from mtls_lint.cli.request import moment
from mtls_lint.cli.settings import (
    ReadingOptions,
    reading_of,
    settings_of,
)
from mtls_lint.cli.streams import Color, columns, wants_color, write_out


class MatrixFormat(str, Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def matrix(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A directory, a configuration, a fragment, or -.")
    ],
    nginx_version: Annotated[str | None, version_option()] = None,
    nginx_binary: Annotated[Path | None, binary_option()] = None,
    mapped: Annotated[list[str] | None, map_option()] = None,
    root: Annotated[str | None, root_option()] = None,
    prefix: Annotated[str | None, prefix_option()] = None,
    context: Annotated[str | None, context_option()] = None,
    define: Annotated[list[str] | None, define_option()] = None,
    config: Annotated[Path | None, config_option()] = None,
    no_config: Annotated[bool, no_config_option()] = False,
    now: Annotated[
        str | None, typer.Option(metavar="DATE[TIME]", help="The moment of the handshakes (ISO, UTC).")
    ] = None,
    output_format: Annotated[
        MatrixFormat, typer.Option("--format", metavar="FORMAT", help="text, json or markdown.")
    ] = MatrixFormat.TEXT,
    color: Annotated[Color, typer.Option(metavar="WHEN", help="auto, always or never.")] = Color.AUTO,
) -> None:
    """Show who gets in where: sockets, servers, locations, and the ways around."""
    from mtls_lint.cli.chosen_nginx import chosen_nginx  # noqa: PLC0415
    from mtls_lint.cli.inputs import read_followed  # noqa: PLC0415 - not needed for help and usage errors
    from mtls_lint.nginx.chain_check import reader  # noqa: PLC0415
    from mtls_lint.nginx.matrix import matrix as rows_of  # noqa: PLC0415
    from mtls_lint.report import lines  # noqa: PLC0415
    from mtls_lint.report.matrix import markdown, render_matrix, table  # noqa: PLC0415

    settings = settings_of([path], config, none=no_config, root=root)
    how = reading_of(ReadingOptions(mapped, root, prefix, context, define), settings)
    nginx = chosen_nginx(nginx_version, nginx_binary, settings.text("nginx-version"))
    configuration = read_followed(path, nginx.version, how)
    rows = tuple(rows_of(configuration, moment(now), reader(how.store(configuration.tree))))
    if output_format is MatrixFormat.JSON:
        write_out(render_matrix(rows), utf8=True)
    elif output_format is MatrixFormat.MARKDOWN:
        write_out(markdown(rows), utf8=True)
    else:
        shown = table(rows, columns())
        wanted = wants_color(color, sys.stdout)
        write_out(lines.coloured(shown, links=False) if wanted else lines.plain(shown))
    incomplete = any(not problem.harmless for problem in configuration.tree.problems)
    raise typer.Exit(3 if incomplete or any(row.uncertain for row in rows) else 0)
