"""``mtls-lint explain RULE``: the rule's page."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtls_lint.cli.streams import Color, CommandError, columns, wants_color, write_out

if TYPE_CHECKING:
    from mtls_lint.lint.rule import Rule


class PageFormat(str, Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="The id of a rule; `mtls-lint rules` lists them.")
    ],
    output_format: Annotated[
        PageFormat, typer.Option("--format", metavar="FORMAT", help="text, json or markdown.")
    ] = PageFormat.TEXT,
    rules: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Rules of your own; runs their code.")
    ] = None,
    packs: Annotated[
        bool,
        typer.Option("--packs/--no-packs", show_default=False, help="Use installed rule packs (default)."),
    ] = True,
    color: Annotated[Color, typer.Option(metavar="WHEN", help="auto, always or never.")] = Color.AUTO,
) -> None:
    """Show what a rule looks for, why, and what to do."""
    import sys  # noqa: PLC0415

    from mtls_lint.cli.packs import all_rules  # noqa: PLC0415
    from mtls_lint.cli.pages import as_json, as_text  # noqa: PLC0415
    from mtls_lint.report.rule_page import as_markdown  # noqa: PLC0415

    found = _find(rule, all_rules(rules or (), installed=packs))
    if output_format is PageFormat.JSON:
        import json  # noqa: PLC0415

        write_out(json.dumps(as_json(found), ensure_ascii=False, indent=2) + "\n", utf8=True)
    elif output_format is PageFormat.MARKDOWN:
        write_out(as_markdown(found), utf8=True)
    else:
        write_out(as_text(found, columns(), color=wants_color(color, sys.stdout)))


def _find(wanted: str, rules: "tuple[Rule, ...]") -> "Rule":
    by_id = {rule.id: rule for rule in rules}
    # People copy `error[some-rule]` or the name of the file.
    name = wanted.strip().removesuffix(".py").replace("_", "-").lower()
    if name in by_id:
        return by_id[name]
    from difflib import get_close_matches  # noqa: PLC0415

    close = get_close_matches(name, by_id, n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(close)}?" if close else "`mtls-lint rules` lists them."
    raise CommandError(f"no rule is called {wanted!r}", hint)
