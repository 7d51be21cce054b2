"""A rule's docstring, taken apart: title, text, examples, references."""

import inspect
import re

from msgspec import Struct

from mtls_lint.expressions import expression


class DocumentationError(ValueError):
    """The docstring is no rule page; the message says what is missing."""


class Example(Struct, frozen=True):
    """A fenced nginx block. ``options`` are the words ``key=value`` behind ``nginx`` on the fence."""

    text: str
    options: dict[str, str] = {}


class Documentation(Struct, frozen=True):
    """The parts of a rule's page."""

    title: str
    text: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    references: str


_SECTION = expression(r"^(Bad|Good|References):[ \t]*(.*)$", re.MULTILINE)
_FENCE = expression(r"^```nginx([^\n]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


def parse_documentation(docstring: str | None) -> Documentation:
    """Take a rule module's docstring apart.

    The first line is the title; ``Bad:`` and ``Good:`` stand at the start of a line, each followed by
    fenced nginx blocks; ``References:`` comes last. Raises DocumentationError where a part is missing.
    """
    if not docstring or not docstring.strip():
        raise DocumentationError("the module has no docstring; it is the rule's page")
    page = inspect.cleandoc(docstring)
    title, _, rest = page.partition("\n")
    sections = list(_SECTION.finditer(rest))
    ends = [section.start() for section in sections[1:]] + [len(rest)]
    parts = {"text": rest[: sections[0].start()] if sections else rest}
    for section, end in zip(sections, ends, strict=False):
        parts[section[1]] = parts.get(section[1], "") + section[2] + rest[section.end() : end]
    documentation = Documentation(
        title=title.strip(),
        text=parts["text"].strip(),
        bad=_examples(parts.get("Bad", "")),
        good=_examples(parts.get("Good", "")),
        references=parts.get("References", "").strip(),
    )
    _check(documentation)
    return documentation


def _examples(text: str) -> tuple[Example, ...]:
    return tuple(
        Example(body, dict(word.split("=", 1) for word in options.split() if "=" in word))
        for options, body in _FENCE.findall(text)
    )


def _check(documentation: Documentation) -> None:
    missing = [
        name
        for name, present in {
            "a title on the first line that ends with a full stop": documentation.title.endswith("."),
            "a text that says what is wrong and what to do": documentation.text,
            "a fenced nginx block under 'Bad:'": documentation.bad,
            "a fenced nginx block under 'Good:'": documentation.good,
            "a 'References:' section": documentation.references,
        }.items()
        if not present
    ]
    if missing:
        raise DocumentationError("the docstring lacks " + ", and ".join(missing))
