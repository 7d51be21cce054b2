"""The tags of template languages: where each stands and whether it gives text or steers.

Nothing is executed, and of what stands inside a tag only the first words are looked at.
"""

import re
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from mtls_lint.expressions import expression


class Kind(Enum):
    """What a tag does."""

    VALUE = "value"
    """Text comes out of it: ``{{ name }}``, ``<%= name %>``, ``${NAME}``."""
    OPEN = "open"
    """What follows stands under a condition, in a loop, or in a part that is used elsewhere."""
    ELSE = "else"
    """What follows stands where what came before does not."""
    CLOSE = "close"
    SILENT = "silent"
    """A comment, an assignment, a mark: nothing comes out of it."""


class Tag(Struct, frozen=True):
    """A tag from ``start`` to ``end``; ``name`` is what a value is called, where it is no more than that.

    ``bare`` marks what is a tag outside quotes only: ``<NAME>`` may be HTML in a text.
    """

    kind: Kind
    start: int
    end: int
    name: str = ""
    bare: bool = False


_NAME = expression(r"[\w.:@$-]+", re.ASCII)


def _value(start: int, end: int, inside: str) -> Tag:
    name = inside.strip()
    return Tag(Kind.VALUE, start, end, name.lstrip(".$@") if _NAME.fullmatch(name) else "")


_JINJA_OPEN = frozenset({"call", "filter", "for", "if", "macro"})
_JINJA_ELSE = frozenset({"elif", "else"})
_JINJA_CLOSE = frozenset({"endcall", "endfilter", "endfor", "endif", "endmacro", "endset"})


def jinja_tags(text: str) -> list[Tag]:
    """The tags of a Jinja2 template, by Jinja2's own lexer; ValueError when it does not take the text."""
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415 - only for templates

    # Jinja2 makes every line end a line feed; a blank in place of the carriage return keeps the offsets.
    plain = text.replace("\r\n", " \n").replace("\r", " ")
    try:
        return list(_jinja_tags(plain, Environment(autoescape=False).lex(plain)))  # noqa: S701 - renders none
    except TemplateSyntaxError as error:
        raise ValueError(str(error)) from None


def _jinja_tags(text: str, words: Iterator[tuple[int, str, str]]) -> Iterator[Tag]:
    at = start = 0
    kind = ""
    inside: list[str] = []
    for _, name, value in words:
        # What a minus sign takes away in front of a tag is not among the words.
        while not text.startswith(value, at):
            at += 1
        at += len(value)
        if name.endswith("_begin"):
            kind, start, inside = name.removesuffix("_begin"), at - len(value), []
            if kind == "raw":
                yield Tag(Kind.SILENT, start, at)
        elif name.endswith("_end"):
            end = at - (len(value) - len(value.rstrip()))
            yield _jinja_tag(kind, at - len(value) if kind == "raw" else start, end, inside)
            kind = ""
        elif kind:
            inside.append(value)


def _jinja_tag(kind: str, start: int, end: int, inside: list[str]) -> Tag:
    if kind == "variable":
        return _value(start, end, "".join(inside))
    word = next((one for one in inside if one.strip()), "") if kind == "block" else ""
    if word in _JINJA_OPEN or (word == "set" and "=" not in inside):
        return Tag(Kind.OPEN, start, end)
    if word in _JINJA_ELSE:
        return Tag(Kind.ELSE, start, end)
    if word in _JINJA_CLOSE:
        return Tag(Kind.CLOSE, start, end)
    return Tag(Kind.VALUE if word in {"include", "import"} else Kind.SILENT, start, end)


# What a Go tag holds that may hide its end: strings of three kinds, and comments.
_GO_PIECE = expression(r"""\}\}|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])'|/\*""", re.DOTALL)
_GO_WORD = expression(r"[#^/]?\w*")
_GO_ASSIGNMENT = expression(r"\$\w+\s*:?=")
_GO_OPEN = frozenset({"block", "define", "if", "range", "with"})


def go_tags(text: str) -> list[Tag]:
    """The tags of a Go template, or of Mustache and its kin (``{{#name}} ... {{/name}}``)."""
    tags = []
    at = text.find("{{")
    while at >= 0:
        end = _go_end(text, at + 2)
        if end is None:
            break
        tags.append(_go_tag(text, at, end))
        at = text.find("{{", end)
    return tags


def _go_end(text: str, at: int) -> int | None:
    """The offset behind the ``}}`` of a tag whose content begins at ``at``."""
    found = _GO_PIECE.search(text, at)
    while found is not None and found[0] != "}}":
        # A comment that does not end would be looked for again behind each tag that does not, either.
        behind = text.find("*/", found.end()) + 2 if found[0] == "/*" else found.end()
        if behind < found.end():
            return None
        found = _GO_PIECE.search(text, behind)
    return found.end() if found is not None else None


def _go_tag(text: str, start: int, end: int) -> Tag:
    inside = text[start + 2 : end - 2].strip().removeprefix("-").removesuffix("-").strip()
    if inside.startswith(("!", "/*")) or _GO_ASSIGNMENT.match(inside):
        return Tag(Kind.SILENT, start, end)
    match = _GO_WORD.match(inside)
    word = match[0] if match is not None else ""
    if word in _GO_OPEN or word[:1] in {"#", "^"}:
        return Tag(Kind.OPEN, start, end)
    if word == "else":
        return Tag(Kind.ELSE, start, end)
    if word in {"break", "continue"}:
        return Tag(Kind.SILENT, start, end)
    if word == "end" or word.startswith("/"):
        return Tag(Kind.CLOSE, start, end)
    return _value(start, end, inside)


_RUBY_OPEN = expression(
    r"(?:if|unless|case|while|until|for)\b|.*\bdo\s*(?:\|[^|]*\|)?\s*\Z|.*\{\s*(?:\|[^|]*\|)?\s*\Z", re.DOTALL
)
_RUBY_ELSE = expression(r"(?:elsif|else|when|in)\b|\}\s*(?:else|elsif)\b")
_RUBY_CLOSE = expression(r"end\b|\}")


def erb_tags(text: str) -> list[Tag]:
    """The tags of an ERB (Ruby) or EPP (Puppet) template."""
    tags = []
    start = text.find("<%")
    while start >= 0 and (end := text.find("%>", start + 2)) >= 0:
        tags.append(_erb_tag(start, end + 2, text[start + 2 : end]))
        start = text.find("<%", end + 2)
    return tags


def _erb_tag(start: int, end: int, content: str) -> Tag:
    inside = content.strip("-").strip()
    if content.startswith("="):
        return _value(start, end, inside.removeprefix("="))
    if content.startswith(("#", "%")):
        return Tag(Kind.SILENT, start, end)
    if _RUBY_ELSE.match(inside):
        return Tag(Kind.ELSE, start, end)
    if _RUBY_CLOSE.match(inside):
        return Tag(Kind.CLOSE, start, end)
    return Tag(Kind.OPEN if _RUBY_OPEN.match(inside) else Kind.SILENT, start, end)


_PLACEHOLDER = expression(
    r"""\$\{(?P<braced>[A-Z][A-Z0-9_]*)(?::?[-+?=][^}\n]*)?\}
      | \$(?P<plain>[A-Z][A-Z0-9_]+)\b
      | %%(?P<percent>[A-Za-z][\w.-]*)%%
      | @@?(?P<at>[A-Z][A-Z0-9_]+)@@?
      | __(?P<under>[A-Z][A-Z0-9_]*?)__
      | (?<![?\\kP'"(\w])<(?P<angle>[A-Za-z][\w-]*(?:[ ][\w-]+){0,5})>
    """,
    re.VERBOSE | re.ASCII,
)


_CAPITAL = expression(r"\$\{?[A-Z]")


def may_have_placeholders(text: str) -> bool:
    """Whether it is worth while to look for them: most texts have none of what begins one."""
    return any(mark in text for mark in ("%%", "@", "__", "<")) or _CAPITAL.search(text) is not None


def placeholder_tags(text: str) -> list[Tag]:
    """``${NAME}`` and ``$NAME`` of envsubst, and ``%%NAME%%``, ``@NAME@``, ``__NAME__`` and ``<NAME>``.

    Variables of nginx are written in small letters (though their names know no case): capital ones are
    a template's, unless the text itself makes them.
    """
    placeholders = list(_PLACEHOLDER.finditer(text))
    if not placeholders:
        return []
    made = {found[1] for found in _MADE.finditer(text)}
    tags = []
    for found in placeholders:
        name = found[found.lastgroup or 0]
        if name not in made or found.lastgroup not in {"braced", "plain"}:
            tags.append(Tag(Kind.VALUE, *found.span(), name, bare=found.lastgroup == "angle"))
    return tags


_MADE = expression(r"\b(?:set|map\s+\S+|geo(?:\s+\S+)?|split_clients\s+\S+)\s+\$([A-Z][A-Z0-9_]*)", re.ASCII)
