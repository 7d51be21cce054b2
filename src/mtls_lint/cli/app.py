"""The commands, and which one a command line means."""

import os
import sys
from collections.abc import Collection, Sequence

import typer
from typer.main import get_command

from mtls_lint import __version__
from mtls_lint.cli import baseline, check, config, explain, inventory, matrix, new_rule, rules, trace, upgrade
from mtls_lint.cli.quick import COMPLETION
from mtls_lint.cli.screens import Command, Group
from mtls_lint.cli.streams import CommandError, report_error, write_out

NAME = "mtls-lint"
EXIT_CODES = "Exit: 0 nothing found, 1 findings, 2 usage, 3 something could not be read."

app = typer.Typer(
    name=NAME,
    cls=Group,
    help="Says what nginx will do with client certificates: lints nginx configurations for mutual TLS.",
    epilog=f"`{NAME} check --help` lists the options of a run. {EXIT_CODES}",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        write_out(f"{NAME} {__version__}\n")
        raise typer.Exit


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", "-V", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    del version


app.command("check", cls=Command, epilog=EXIT_CODES)(check.check)
app.command("trace", cls=Command, epilog="Exit: 0 decided, 2 usage, 3 something could not be decided.")(
    trace.trace
)
app.command(
    "matrix",
    cls=Command,
    short_help="Show who gets in where.",
    epilog="Exit: 0 decided, 2 usage, 3 something could not be decided.",
)(matrix.matrix)
app.command(
    "inventory",
    cls=Command,
    short_help="List certificates, keys and what fails first.",
    epilog=inventory.EXIT_CODES,
)(inventory.inventory)
app.command(
    "upgrade", cls=Command, short_help="List what another nginx does differently.", epilog=upgrade.EXIT_CODES
)(upgrade.upgrade)
app.command(
    "baseline", cls=Command, short_help="Keep a file of findings that are known.", epilog=baseline.EXIT_CODES
)(baseline.baseline)
app.add_typer(config.app, name="config")
app.command("explain", cls=Command)(explain.explain)
app.add_typer(rules.app, name="rules")
app.command("new-rule", cls=Command)(new_rule.new_rule)


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code."""
    if COMPLETION in os.environ:
        return _invoke(arguments)
    if not arguments:
        # Nothing was asked: that is a mistake of the caller, so not on stdout and not 0.
        arguments, out = ["--help"], sys.stdout
        sys.stdout = sys.stderr
        try:
            _invoke(arguments)
        finally:
            sys.stdout = out
        return 2
    return _invoke(arrange(arguments, *vocabulary()))


def _invoke(arguments: Sequence[str]) -> int:
    try:
        app(list(arguments), prog_name=NAME)
    except CommandError as error:
        return report_error(error)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 2
    return 0


def vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    """The commands, and the options of any of them that take the next word as their value."""
    commands = getattr(get_command(app), "commands", {})
    return frozenset(commands), frozenset(
        name
        for command in commands.values()
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.is_flag and not parameter.count
        for name in parameter.opts
    )


def arrange(arguments: Sequence[str], commands: Collection[str], valued: Collection[str]) -> list[str]:
    """The command line with its command in front.

    The command is the first word that is no option and no option's value, if it names one; otherwise it
    is ``check``, unless only help or the version was asked for. After ``--`` no word is a command.
    """
    position = 0
    while position < len(arguments) and arguments[position] != "--":
        word = arguments[position]
        if word == "-" or not word.startswith("-"):
            if word in commands:
                return [word, *arguments[:position], *arguments[position + 1 :]]
            return ["check", *arguments]
        position += 2 if word in valued else 1
    if arguments[0].partition("=")[0] in _TOP_OPTIONS:
        return list(arguments)
    return ["check", *arguments]


_TOP_OPTIONS = frozenset({"-h", "--help", "-V", "--version", "--install-completion", "--show-completion"})
