"""``mtls-lint rules``: which rules there are, and whether their examples hold."""

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtls_lint.cli.screens import Command
from mtls_lint.cli.streams import Color, CommandError, columns, wants_color, write_out
from mtls_lint.report.characters import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mtls_lint.lint.rule import Rule
    from mtls_lint.testing.examples import ExampleResult


class ListFormat(str, Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"


class Level(str, Enum):
    """``--severity``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


app = typer.Typer(
    help="List the rules; try the examples of a pack.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@app.callback()
def rules(
    context: typer.Context,
    family: Annotated[
        list[str] | None, typer.Option(metavar="FAMILY", help="Only rules of this family.")
    ] = None,
    severity: Annotated[
        list[Level] | None, typer.Option(metavar="SEVERITY", help="Only rules of this severity.")
    ] = None,
    output_format: Annotated[
        ListFormat, typer.Option("--format", metavar="FORMAT", help="text or json.")
    ] = ListFormat.TEXT,
    directories: Annotated[
        list[Path] | None, typer.Option("--rules", metavar="DIR", help="Rules of your own; runs their code.")
    ] = None,
    packs: Annotated[
        bool,
        typer.Option("--packs/--no-packs", show_default=False, help="Use installed rule packs (default)."),
    ] = True,
    color: Annotated[Color, typer.Option(metavar="WHEN", help="auto, always or never.")] = Color.AUTO,
) -> None:
    """List the rules; `rules test DIR` tries the examples of a pack."""
    if context.invoked_subcommand is not None:
        return
    from mtls_lint.cli.packs import all_rules, words  # noqa: PLC0415
    from mtls_lint.cli.pages import metadata  # noqa: PLC0415

    found = all_rules(directories or (), installed=packs)
    families = _families(words(family or ()), {rule.family for rule in found})
    levels = {level.value for level in severity or Level}
    chosen = [
        rule for rule in found if (not families or rule.family in families) and rule.severity.value in levels
    ]
    if output_format is ListFormat.JSON:
        import json  # noqa: PLC0415

        document = {"version": 1, "rules": [metadata(rule) for rule in chosen]}
        write_out(json.dumps(document, ensure_ascii=False, indent=2) + "\n", utf8=True)
    else:
        write_out(_table(chosen, columns(), color=wants_color(color, sys.stdout)))


def _families(wanted: list[str], known: set[str]) -> set[str]:
    for family in wanted:
        if family not in known:
            raise CommandError(
                f"no rule is of the family {family!r}", f"Families: {', '.join(sorted(known))}."
            )
    return set(wanted)


def _table(rules: "Sequence[Rule]", room: int, *, color: bool) -> str:
    """One line for each rule, in families; a title that is too long is cut: `explain` shows it whole."""
    from mtls_lint.report.characters import wrap  # noqa: PLC0415
    from mtls_lint.report.lines import Line, Piece, coloured, line, plain  # noqa: PLC0415
    from mtls_lint.report.words import counted  # noqa: PLC0415

    lines: list[Line] = []
    for family in sorted({rule.family for rule in rules}):
        lines.append(line(Piece(visible(family), "strong")))
        for rule in rules:
            if rule.family != family:
                continue
            severity = rule.severity.value
            lines.append(line("  ", Piece(f"{severity:<8}", severity), visible(rule.id)))
            lines += [line(" " * 10, Piece(part, "weak")) for part in wrap(visible(rule.title), room - 10)]
        lines.append(line())
    lines.append(line(f"{counted(len(rules), 'rule')}; `mtls-lint explain RULE` says more."))
    return coloured(lines, links=False) if color else plain(lines)


@app.command("test", cls=Command)
def try_examples(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A directory of rules; the built-in ones without it."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also the rules that pass.")] = False,
) -> None:
    """Try the examples of a pack.

    Every Bad block must give a finding of its rule, every Good block none.
    """
    from mtls_lint.lint.rule import RuleError  # noqa: PLC0415
    from mtls_lint.testing.examples import check_pack  # noqa: PLC0415

    try:
        results = check_pack(directory)
    except RuleError as error:
        raise CommandError(str(error)) from error
    if not results:
        raise CommandError(
            f"{directory or 'the built-in pack'} has no rules", "`mtls-lint new-rule ID` writes one."
        )
    write_out("\n".join(_outcome(results, verbose=verbose)) + "\n")
    raise typer.Exit(int(any(not result.ok for result in results)))


def _outcome(results: "Sequence[ExampleResult]", *, verbose: bool) -> "Iterator[str]":
    """The failures rule by rule, then one line that counts."""
    from mtls_lint.report.words import counted  # noqa: PLC0415

    by_rule: dict[str, list[ExampleResult]] = {}
    for result in results:
        by_rule.setdefault(result.rule, []).append(result)
    failed = 0
    for name, own in by_rule.items():
        problems = [result for result in own if not result.ok]
        failed += bool(problems)
        if problems:
            yield f"FAIL {visible(name)}"
        elif verbose:
            yield f"ok   {visible(name)} ({counted(len(own) - 1, 'example')})"
        for result in problems:
            label = "page" if result.kind == "page" else f"{result.kind} {result.index}"
            first, *more = result.problem.splitlines()
            yield f"     {label}: {visible(first)}"
            yield from (f"       {visible(text)}" for text in more)
    examples = sum(1 for result in results if result.kind != "page")
    verdict = f"{failed} failed" if failed else "all hold"
    yield f"{counted(len(by_rule), 'rule')}, {counted(examples, 'example')}: {verdict}."
