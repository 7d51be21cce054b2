"""``mtls-lint config show | schema | init``: the settings file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mtls_lint.cli.screens import Command
from mtls_lint.cli.settings import settings_of
from mtls_lint.cli.streams import CommandError, say, write_out

app = typer.Typer(
    help="Show the settings, their schema, or write a file to begin with.", rich_markup_mode=None
)


@app.command("show", cls=Command)
def show(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="What is to be checked.")] = ".",
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file, instead of the one that is found.")
    ] = None,
) -> None:
    """Show which settings hold for a path, each with the place that says it."""
    from mtls_lint.lint.settings_keys import KEYS  # noqa: PLC0415 - not needed for help

    found = settings_of([path], config)
    lines = [f"# {found.path}" if found.path else f"# no settings file for {path}"]
    for key in KEYS:
        if key.name in found.values:
            value = json.dumps(found.values[key.name], ensure_ascii=False)
            lines.append(f"{key.name}: {value}  # {found.place(key.name)}")
        else:
            lines.append(f"{key.name}: not set")
    write_out("\n".join(lines) + "\n")


@app.command("schema", cls=Command)
def schema() -> None:
    """Show the JSON Schema of the settings, for editors."""
    from mtls_lint.lint.settings_keys import schema as of_settings  # noqa: PLC0415

    write_out(json.dumps(of_settings(), indent=2) + "\n", utf8=True)


@app.command("init", cls=Command)
def init(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="What to write (default: mtls-lint.toml).")
    ] = None,
) -> None:
    """Write a settings file to begin with: all keys, with examples, commented out."""
    from mtls_lint.lint.settings_keys import FILE, template  # noqa: PLC0415

    target = file or Path(FILE)
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(template())
    except FileExistsError:
        raise CommandError(
            f"{target} is there already and was not overwritten", "Name another file."
        ) from None
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror}", "Name another file.") from error
    write_out(f"{target}\n")
    say("Next: take the # away from what you need; `mtls-lint config show` says what holds.")
