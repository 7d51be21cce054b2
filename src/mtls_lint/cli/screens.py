"""Help screens: options in groups, plain text, no wider than 80 columns."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from mtls_lint.cli.streams import UsageError

OPTIONS = "Options"


class Command(TyperCommand):
    """A command whose options stand in the groups that ``rich_help_panel`` names."""

    def invoke(self, ctx: Any) -> Any:
        """Carry out the command; what is wrong with its options is shown below its usage."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise typer.BadParameter(error.message, ctx, param_hint=f"'{error.option}'") from error

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line without the braces that typer puts around what is required."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and the options, group by group in the order of their declaration."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                group = "Arguments"
            else:
                group = getattr(parameter, "rich_help_panel", None) or OPTIONS
            groups.setdefault(group, []).append(record)
        if OPTIONS in groups:  # --help and its like come last
            groups[OPTIONS] = groups.pop(OPTIONS)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records, col_max=26)


class Group(TyperGroup):
    """The top level: without the word for a command, the command is ``check``."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Both forms."""
        formatter.write_usage(ctx.command_path, "[check] [OPTIONS] PATH...")
        formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS] ...", prefix="       ")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """While a shell completes a line, a first word that is no command belongs to ``check``."""
        check = self.get_command(ctx, "check")
        if ctx.resilient_parsing and check is not None and self.get_command(ctx, args[0]) is None:
            return "check", check, args
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Commands, and the options of the command that needs no name."""
        found = super().shell_complete(ctx, incomplete)
        check = self.get_command(ctx, "check")
        if incomplete.startswith("-") and check is not None:
            known = {item.value for item in found}
            more = check.shell_complete(ctx, incomplete)
            found = [*found, *(item for item in more if item.value not in known)]
        return found
