"""``mtls-lint upgrade``: what the same configuration does differently under another version of nginx."""

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
)
from mtls_lint.cli.request import moment
from mtls_lint.cli.settings import (
    ReadingOptions,
    reading_of,
    settings_of,
)
from mtls_lint.cli.streams import Color, columns, wants_color, write_out

EXIT_CODES = (
    "Exit: 0 nothing differs (advice about the versions themselves does not count), 1 something does,"
    " 2 usage, 3 something that is there could not be read; 3 wins over 1."
)


class UpgradeFormat(str, Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"


def upgrade(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A directory, a configuration, a fragment, or -.")
    ],
    old: Annotated[
        str | None, typer.Option("--from", metavar="VERSION", help="The nginx that runs it now.")
    ] = None,
    new: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="The nginx that is to run it (default: newest stable)."),
    ] = None,
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
        UpgradeFormat, typer.Option("--format", metavar="FORMAT", help="text or json.")
    ] = UpgradeFormat.TEXT,
    color: Annotated[Color, typer.Option(metavar="WHEN", help="auto, always or never.")] = Color.AUTO,
) -> None:
    """List what another version of nginx does differently with the same configuration."""
    from mtls_lint.cli.chosen_nginx import chosen_nginx, told_version  # noqa: PLC0415
    from mtls_lint.cli.inputs import read_one  # noqa: PLC0415 - not needed for help and usage errors
    from mtls_lint.cli.packs import all_rules  # noqa: PLC0415
    from mtls_lint.lint.upgrade import upgrade as compare  # noqa: PLC0415
    from mtls_lint.nginx.version import NEWEST_STABLE  # noqa: PLC0415
    from mtls_lint.report import lines  # noqa: PLC0415
    from mtls_lint.report.upgrade import render_upgrade, upgrade_lines  # noqa: PLC0415

    if (old is None) is (nginx_binary is None):
        raise typer.BadParameter(
            "say which nginx runs it now: --from VERSION, or --nginx-binary PATH.", param_hint="'--from'"
        )
    asked = chosen_nginx(None, nginx_binary)
    first = told_version(old, "--from") or asked.version
    last = told_version(new, "--to") or NEWEST_STABLE
    settings = settings_of([path], config, none=no_config, root=root)
    how = reading_of(ReadingOptions(mapped, root, prefix, context, define), settings)
    configuration = read_one(path, last, how)
    rules = all_rules((), installed=False)
    found = compare(
        configuration.tree, first, last, rules, moment(now), how.store(configuration.tree), asked.build
    )
    if output_format is UpgradeFormat.JSON:
        write_out(render_upgrade(found), utf8=True)
    else:
        shown = upgrade_lines(found, columns())
        wanted = wants_color(color, sys.stdout)
        write_out(lines.coloured(shown, links=False) if wanted else lines.plain(shown))
    raise typer.Exit(int(found.differs) if found.complete else 3)
