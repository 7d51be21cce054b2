"""``mtls-lint baseline write | check | prune PATH...``: findings that are known."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtls_lint.cli.choices import CheckOptions, FailOn
from mtls_lint.cli.options import (
    binary_option,
    config_option,
    context_option,
    define_option,
    map_option,
    no_config_option,
    prefix_option,
    profile_option,
    root_option,
    version_option,
)
from mtls_lint.cli.request import request_of
from mtls_lint.cli.streams import Color, CommandError, say

if TYPE_CHECKING:
    from mtls_lint.cli.request import Request

EXIT_CODES = (
    "Exit: 0 done; 1 with check: findings that are not in it, or entries that are no longer found;"
    " 2 usage; 3 something could not be read, so that nothing is removed; wins over 1."
)


class Action(str, Enum):
    """What to do with the file."""

    WRITE = "write"
    CHECK = "check"
    PRUNE = "prune"


def baseline(
    action: Annotated[
        Action,
        typer.Argument(
            metavar="ACTION",
            help="write: take all findings as known. check: list what is new and what is no longer found. "
            "prune: remove what is no longer found.",
        ),
    ],
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="What is checked: the same as with check.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="The file (default: `baseline` of the settings)."),
    ] = None,
    select: Annotated[list[str] | None, typer.Option(metavar="RULE,...", help="Only these rules.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULE,...", help="Not these.")] = None,
    rules: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Rules of your own; runs their code.")
    ] = None,
    packs: Annotated[
        bool,
        typer.Option("--packs/--no-packs", show_default=False, help="Use installed rule packs (default)."),
    ] = True,
    profile: Annotated[str | None, profile_option()] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="Server names that must ask for a client certificate."),
    ] = None,
    nginx_version: Annotated[str | None, version_option()] = None,
    nginx_binary: Annotated[Path | None, binary_option()] = None,
    mapped: Annotated[list[str] | None, map_option()] = None,
    root: Annotated[str | None, root_option()] = None,
    prefix: Annotated[str | None, prefix_option()] = None,
    context: Annotated[str | None, context_option()] = None,
    define: Annotated[list[str] | None, define_option()] = None,
    expiry_days: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Expires soon: in N days.")
    ] = None,
    now: Annotated[
        str | None, typer.Option(metavar="DATE[TIME]", help="Judge validity at this moment (ISO, UTC).")
    ] = None,
    config: Annotated[Path | None, config_option()] = None,
    no_config: Annotated[bool, no_config_option()] = False,
    color: Annotated[Color, typer.Option(metavar="WHEN", help="auto, always or never.")] = Color.AUTO,
) -> None:
    """Keep a file of findings that are known, so that only new ones count."""
    request = request_of(
        CheckOptions(
            paths=paths,
            select=select,
            ignore=ignore,
            rules=rules,
            packs=packs,
            profile=profile,
            require=require,
            nginx_version=nginx_version,
            nginx_binary=nginx_binary,
            now=now,
            mapped=mapped,
            root=root,
            prefix=prefix,
            context=context,
            define=define,
            expiry_days=expiry_days,
            fail_on=FailOn.INFO,
            baseline=file,
            config=config,
            no_config=no_config,
            color=color,
        )
    )
    target = request.baseline
    if target is None:
        raise CommandError(
            "which file is the baseline?", "Give --baseline FILE, or write `baseline` in the settings."
        )
    raise typer.Exit(
        {Action.WRITE: _write, Action.CHECK: _check, Action.PRUNE: _prune}[action](request, target)
    )


def _write(request: "Request", target: Path) -> int:
    """Take what is found now as known."""
    from mtls_lint.cli.run import lint, read_known  # noqa: PLC0415
    from mtls_lint.cli.streams import check_output, write_file  # noqa: PLC0415
    from mtls_lint.lint.baseline import entries_of, render_baseline  # noqa: PLC0415
    from mtls_lint.report.words import counted  # noqa: PLC0415

    check_output(target)
    if target.exists():
        read_known(target)  # what is no baseline is not overwritten
    report = lint(request).report
    entries = tuple(entries_of(report, str(target)))
    write_file(target, render_baseline(entries))
    say(f"{target}: {counted(len(entries), 'finding')}")
    if report.unreadable or report.crashes:
        say("mtls-lint: the run is incomplete, and so is the baseline: `mtls-lint check` says why")
        return 3
    return 0


def _check(request: "Request", target: Path) -> int:
    """Report what is new, and what is no longer found."""
    from mtls_lint.cli.run import compared, exit_code, write  # noqa: PLC0415

    linted = compared(request, target)
    report = linted.report
    write(request, linted)
    stale = report.baseline is not None and bool(report.baseline.stale)
    return exit_code(report, request.fail_on) or int(stale)


def _prune(request: "Request", target: Path) -> int:
    """Remove from the file what is no longer found; nothing is added."""
    from mtls_lint.cli.run import compared, read_known  # noqa: PLC0415
    from mtls_lint.cli.streams import write_file  # noqa: PLC0415
    from mtls_lint.lint.baseline import render_baseline  # noqa: PLC0415

    report = compared(request, target).report
    if report.unreadable or report.crashes:
        say(f"mtls-lint: the run is incomplete: {target} was left as it is; `mtls-lint check` says why")
        return 3
    left = list(read_known(target).entries)
    stale = report.baseline.stale if report.baseline is not None else ()
    for entry in stale:
        left.remove(entry)
    if stale:
        write_file(target, render_baseline(left))
    say(f"{target}: {len(stale)} removed, {len(left)} left")
    return 0
