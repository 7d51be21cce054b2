"""``mtls-lint [check] PATH...``: the options, and what they mean for a run."""

from pathlib import Path
from typing import Annotated

import typer

from mtls_lint.cli.choices import By, CheckOptions, FailOn, Format
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
from mtls_lint.cli.streams import Color

RULES, JUDGE, OUTPUT = "What is checked", "How it is judged", "How it is reported"
FIXES = "How it is mended"


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="A directory, a configuration, a fragment of one, or - for stdin.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE,...", rich_help_panel=RULES, help="Only these rules, families or patterns."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE,...", rich_help_panel=RULES, help="Not these."),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", rich_help_panel=RULES, help="Rules of your own; runs their code."),
    ] = None,
    packs: Annotated[
        bool,
        typer.Option(
            "--packs/--no-packs",
            rich_help_panel=RULES,
            show_default=False,
            help="Use installed rule packs (default).",
        ),
    ] = True,
    profile: Annotated[str | None, profile_option(RULES)] = None,
    ignores: Annotated[
        bool,
        typer.Option(
            "--ignores/--no-ignores",
            rich_help_panel=RULES,
            show_default=False,
            help="Heed ignore comments (default).",
        ),
    ] = True,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            rich_help_panel=JUDGE,
            help="Server names that must ask for certificates.",
        ),
    ] = None,
    nginx_version: Annotated[str | None, version_option(JUDGE)] = None,
    nginx_binary: Annotated[Path | None, binary_option(JUDGE)] = None,
    now: Annotated[
        str | None,
        typer.Option(
            metavar="DATE[TIME]",
            rich_help_panel=JUDGE,
            help="Judge validity at this moment (ISO, UTC).",
        ),
    ] = None,
    mapped: Annotated[list[str] | None, map_option(JUDGE)] = None,
    root: Annotated[str | None, root_option(JUDGE)] = None,
    prefix: Annotated[str | None, prefix_option(JUDGE)] = None,
    context: Annotated[str | None, context_option(JUDGE)] = None,
    define: Annotated[list[str] | None, define_option(JUDGE)] = None,
    expiry_days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            rich_help_panel=JUDGE,
            help="What expires in N days expires soon.",
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            rich_help_panel=JUDGE, metavar="SEVERITY", help="Exit 1 from: error, warning, info, never."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=JUDGE, help="The findings in it do not count."),
    ] = None,
    config: Annotated[Path | None, config_option(JUDGE)] = None,
    no_config: Annotated[bool, no_config_option(JUDGE)] = False,
    output_format: Annotated[
        Format,
        typer.Option(
            "--format",
            metavar="FORMAT",
            rich_help_panel=OUTPUT,
            help="text, concise, json, sarif, github, gitlab, junit, markdown or html.",
        ),
    ] = Format.TEXT,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", rich_help_panel=OUTPUT, help="Write the report there."
        ),
    ] = None,
    by: Annotated[
        By,
        typer.Option(metavar="WHAT", rich_help_panel=OUTPUT, help="place or control."),
    ] = By.PLACE,
    further_formats: Annotated[
        list[Format] | None,
        typer.Option(
            "--output-format",
            metavar="FORMAT",
            rich_help_panel=OUTPUT,
            help="The format of a further report; may be repeated.",
        ),
    ] = None,
    further_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--output-file", metavar="FILE", rich_help_panel=OUTPUT, help="Where that further report goes."
        ),
    ] = None,
    changed_from: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            rich_help_panel=OUTPUT,
            help="Only what has changed since this commit (git).",
        ),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            rich_help_panel=FIXES,
            show_default=False,
            help="Make the changes that cannot alter who gets in.",
        ),
    ] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option(
            "--unsafe-fixes",
            rich_help_panel=FIXES,
            show_default=False,
            help="With --fix or --diff: those that may, too.",
        ),
    ] = False,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff",
            rich_help_panel=FIXES,
            show_default=False,
            help="Show the changes as a patch, and make none.",
        ),
    ] = False,
    color: Annotated[
        Color, typer.Option(metavar="WHEN", rich_help_panel=OUTPUT, help="auto, always or never.")
    ] = Color.AUTO,
    quiet: Annotated[
        int,
        typer.Option(
            "--quiet",
            "-q",
            count=True,
            show_default=False,
            rich_help_panel=OUTPUT,
            help="Findings alone; -qq: nothing but the exit code.",
        ),
    ] = 0,
    timings: Annotated[
        bool,
        typer.Option(
            "--timings",
            rich_help_panel=OUTPUT,
            show_default=False,
            help="Say on stderr where the CPU time went.",
        ),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            rich_help_panel=OUTPUT,
            help="Also what was read and all not evaluated.",
        ),
    ] = 0,
) -> None:
    """Lint configurations. The word check may be left out."""
    from mtls_lint.cli.request import carry_out  # noqa: PLC0415 - not needed for help and usage errors

    options = CheckOptions(
        paths=paths,
        select=select,
        ignore=ignore,
        rules=rules,
        packs=packs,
        profile=profile,
        ignores=ignores,
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
        fail_on=fail_on,
        baseline=baseline,
        config=config,
        no_config=no_config,
        output_format=output_format,
        output=output,
        by=by,
        further_formats=further_formats,
        further_files=further_files,
        changed_from=changed_from,
        fix=fix,
        unsafe_fixes=unsafe_fixes,
        diff=diff,
        color=color,
        quiet=quiet,
        verbose=verbose,
        timings=timings,
    )
    raise typer.Exit(carry_out(options))
