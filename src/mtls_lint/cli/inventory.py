"""``mtls-lint inventory``: certificates, CAs, CRLs and keys, by what fails first."""

import sys
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from mtls_lint.cli.streams import (
    Color,
    check_output,
    columns,
    is_utf8,
    refuse_to_overwrite,
    wants_color,
    write_file,
    write_out,
)
from mtls_lint.expressions import expression

if TYPE_CHECKING:
    from mtls_lint.lint.inventory import Inventory

EXIT_CODES = (
    "Exit: 0 all was read and, with --within, nothing fails in that time; 1 with --within: something does;"
    " 2 usage; 3 something was not read: an include, or a file that nginx would open is absent, unreadable"
    " or not what it should be; wins over 1. Paths that are known only at run time are listed as not read,"
    " and are no failure."
)
LONGEST_TIME = 100_000
"""Days: more than any certificate lives."""


class InventoryFormat(str, Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def inventory(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A directory, a configuration, a fragment, or -.")
    ],
    within: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only what has failed or fails within 30d, 12h, 4w ...; exit 1 then."
        ),
    ] = None,
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
        str | None, typer.Option(metavar="DATE[TIME]", help="The moment to count from (ISO, UTC).")
    ] = None,
    output_format: Annotated[
        InventoryFormat, typer.Option("--format", metavar="FORMAT", help="text, json, csv or markdown.")
    ] = InventoryFormat.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the inventory there.")
    ] = None,
    color: Annotated[Color, typer.Option(metavar="WHEN", help="auto, always or never.")] = Color.AUTO,
) -> None:
    """List certificates, CAs, CRLs and keys, where each is used, and what fails first."""
    from mtls_lint.cli.chosen_nginx import chosen_nginx  # noqa: PLC0415
    from mtls_lint.cli.inputs import files_of, read_one  # noqa: PLC0415 - not needed for help and usage errors
    from mtls_lint.lint.evidence import Evidence  # noqa: PLC0415
    from mtls_lint.lint.inventory import inventory as inventory_of  # noqa: PLC0415

    time = duration(within) if within is not None else None
    check_output(output)
    settings = settings_of([path], config, none=no_config, root=root)
    how = reading_of(ReadingOptions(mapped, root, prefix, context, define), settings)
    nginx = chosen_nginx(nginx_version, nginx_binary, settings.text("nginx-version"))
    configuration = read_one(path, nginx.version, how)
    found = inventory_of(configuration, Evidence(configuration, how.store(configuration.tree)), moment(now))
    if time is not None:
        found = found.within(time)
    text = _rendered(found, time, output_format, color, output)
    if output is not None:
        refuse_to_overwrite(output, files_of(configuration, how))
        write_file(output, text)
    else:
        write_out(text, utf8=output_format is not InventoryFormat.TEXT)
    failing = time is not None and bool(found.entries)
    raise typer.Exit(int(failing) if found.complete else 3)


_DURATION = expression(r"(\d{1,7})([hdw]?)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "": timedelta(days=1)}


def duration(text: str) -> timedelta:
    """The time of ``--within``: ``30d``, ``12h``, ``4w``; a bare number is days. Raises BadParameter."""
    match = _DURATION.fullmatch(text.strip())
    time = int(match[1]) * _UNITS[match[2]] if match is not None else None
    if time is None or time > timedelta(days=LONGEST_TIME):
        raise typer.BadParameter(
            f"{text!r} is no time. Expected for example 30d, 12h or 4w, at most {LONGEST_TIME}d.",
            param_hint="'--within'",
        )
    return time


def _rendered(
    found: "Inventory",
    within: timedelta | None,
    output_format: InventoryFormat,
    color: Color,
    output: Path | None,
) -> str:
    from mtls_lint.report import lines  # noqa: PLC0415
    from mtls_lint.report.inventory import InventoryReport  # noqa: PLC0415
    from mtls_lint.report.inventory_data import csv_rows, markdown, render_inventory  # noqa: PLC0415

    if output_format is InventoryFormat.JSON:
        return render_inventory(found, within)
    if output_format is InventoryFormat.CSV:
        return csv_rows(found)
    if output_format is InventoryFormat.MARKDOWN:
        return markdown(found)
    to_file = output is not None
    report = InventoryReport(80 if to_file else columns(), within, utf8=to_file or is_utf8())
    coloured = color is Color.ALWAYS if to_file else wants_color(color, sys.stdout)
    shown = report.lines(found)
    return lines.coloured(shown, links=False) if coloured else lines.plain(shown)
