"""A rule's page for programs and for a terminal."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

from mtls_lint.lint.documentation import Example
from mtls_lint.lint.rule import Rule
from mtls_lint.report.characters import visible, wrap
from mtls_lint.report.rule_page import facts

WIDEST = 100


def as_json(rule: Rule) -> dict[str, Any]:
    """The metadata and the parts of the page."""
    page = rule.documentation
    return {
        **metadata(rule),
        "text": page.text,
        "bad": [_example(example) for example in page.bad],
        "good": [_example(example) for example in page.good],
        "references": page.references,
    }


def metadata(rule: Rule) -> dict[str, Any]:
    """What a list of rules says of each."""
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "family": rule.family,
        "pack": rule.pack,
        "since": rule.declaration.since,
        "controls": list(rule.declaration.controls),
    }


def _example(example: Example) -> dict[str, Any]:
    return {"text": example.text, "options": dict(example.options)}


def as_text(rule: Rule, columns: int, *, color: bool) -> str:
    """The page for a terminal."""
    columns = min(columns, WIDEST)
    return _rich(rule, columns) if color else "\n".join(_plain(rule, columns)) + "\n"


def _plain(rule: Rule, columns: int) -> Iterator[str]:
    page = rule.documentation
    yield visible(rule.id)
    yield from wrap(visible(page.title), columns)
    yield ""
    for key, value in facts(rule):
        lead = f"  {key:<11}"
        for part in wrap(visible(value), columns - len(lead)):
            yield lead + part
            lead = " " * len(lead)
    yield ""
    yield from _safe(page.text)
    for name, examples in (("Bad:", page.bad), ("Good:", page.good)):
        yield ""
        yield name
        for example in examples:
            yield ""
            for text in _safe(example.text.rstrip()):
                yield f"    {text}".rstrip()
    yield ""
    yield "References:"
    yield from _safe(page.references)


def _safe(text: str) -> Iterator[str]:
    # Pages of other packs are other people's text as well.
    for one in text.expandtabs(4).splitlines():
        yield visible(one)


def _rich(rule: Rule, columns: int) -> str:
    from rich.console import Console  # noqa: PLC0415
    from rich.markdown import Markdown  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415
    from rich.syntax import Syntax  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415
    from rich.theme import Theme  # noqa: PLC0415

    page = rule.documentation
    out = StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=True,
        color_system="standard",
        highlight=False,
        legacy_windows=False,
        # Without a background of its own, which would hide the words on a light terminal.
        theme=Theme({"markdown.code": "bold cyan"}),
    )
    console.print(Text(visible(rule.id), "bold"))
    console.print(Text(visible(page.title)))
    console.print()
    for key, value in facts(rule):
        console.print(Padding(Text.assemble((f"{key:<11}", "dim"), visible(value)), (0, 0, 0, 2)))
    console.print()
    console.print(Markdown("\n".join(_safe(page.text)), hyperlinks=False))
    for name, examples, style in (("Bad", page.bad, "bold red"), ("Good", page.good, "bold green")):
        console.print()
        console.print(Text(name, style))
        for example in examples:
            code = "\n".join(_safe(example.text.rstrip()))
            syntax = Syntax(code, "nginx", theme="ansi_dark", background_color="default")
            console.print(Padding(syntax, (1, 0, 0, 4)))
    console.print()
    console.print(Text("References", "bold"))
    console.print(Text("\n".join(_safe(page.references))))
    return "".join(f"{one.rstrip()}\n" for one in out.getvalue().splitlines())
