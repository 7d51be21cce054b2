"""A rule's page as a Markdown document."""

from collections.abc import Iterator

from mtls_lint.lint.pack import BUILT_IN
from mtls_lint.lint.rule import Rule


def as_markdown(rule: Rule) -> str:
    """The page as a Markdown document."""
    page = rule.documentation
    parts = [
        f"# {rule.id}",
        page.title,
        "\n".join(f"- {key}: {value}" for key, value in facts(rule)),
        page.text,
    ]
    for name, examples in (("Bad", page.bad), ("Good", page.good)):
        parts.append(f"## {name}")
        parts += [f"```nginx\n{example.text.rstrip()}\n```" for example in examples]
    parts += ["## References", page.references]
    return "\n\n".join(parts) + "\n"


def facts(rule: Rule) -> Iterator[tuple[str, str]]:
    """The metadata as people read it."""
    yield "severity", rule.severity.value
    yield "confidence", rule.confidence.value
    yield "family", rule.family
    if rule.pack != BUILT_IN:
        yield "pack", rule.pack
    yield "since", rule.declaration.since
    if rule.declaration.controls:
        yield "controls", ", ".join(rule.declaration.controls)
