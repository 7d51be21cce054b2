"""nginx configurations inside other texts: Markdown, YAML and shell scripts.

What surrounds a configuration is blanked out, character for character, so that every place in it is a place
of the outer file.
"""

import os
import re
from collections.abc import Iterator
from itertools import cycle
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.syntax.nginx_text import looks_like_nginx
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.template import Template, masked, tags_of
from mtls_lint.syntax.template_tags import Kind, Tag
from mtls_lint.syntax.tree import Problem, ProblemKind

if TYPE_CHECKING:
    from yaml.nodes import Node, ScalarNode


MAX_SIZE = 512 * 1024
"""Characters of the largest outer text that is read: Markdown and YAML take a second for it."""


class Embedded(Struct, frozen=True):
    """One configuration in an outer text: ``source`` has the text of all of it, and reads one part.

    ``context`` says where it belongs, where the outer text tells; ``name`` what it is called there.
    """

    source: SourceFile
    context: tuple[str, ...] | None
    name: str


def embedded(source: SourceFile) -> tuple[Embedded, ...] | Problem | None:
    """The configurations in a text of another kind, judged by its name; None when it is not of such a kind.

    A problem when there are none, or when the text is not what its name says.
    """
    reader = _READERS.get(os.path.splitext(source.path)[1].lower())
    if reader is None:
        return None
    language, read = reader
    if len(source.text) > MAX_SIZE:
        return _nothing(
            source, f"{source.path} is larger than {MAX_SIZE // 1024} KiB, too large for {language}"
        )
    try:
        found = tuple(read(source))
    except ValueError as error:
        return _nothing(source, f"{source.path} could not be read as {language} ({error})")
    return found or _nothing(source, f"there is no nginx configuration in {source.path} ({language})")


def _nothing(source: SourceFile, message: str) -> Problem:
    hint = "Name the files in which nginx's configuration stands."
    if (asked := annotations(source)) is not None:
        hint = f"Its {asked.message}. {asked.hint}"
    return Problem(ProblemKind.UNREADABLE, source.path, Span(source, 0, 0), message, hint)


def annotations(source: SourceFile) -> Problem | None:
    """What annotations of an ingress controller ask for, which stands in no nginx configuration yet."""
    at = source.text.find("ingress.kubernetes.io/auth-tls-")
    if at < 0:
        return None
    return Problem(
        ProblemKind.TEMPLATED,
        source.path,
        Span(source, at, at),
        "auth-tls-* annotations ask for client certificates: what the ingress controller makes of them was "
        "not evaluated",
        "Only the controller can tell: check the output of nginx -T in its pod.",
        harmless=True,
    )


def _part(source: SourceFile, code: str, template: Template | None = None) -> SourceFile:
    part = SourceFile(source.path, source.text, source.real_path)
    part.inside = code
    part.template = template
    return part


def _only(text: str, start: int, end: int) -> str:
    """The text with everything outside blanked out."""
    return _blank(text[:start]) + text[start:end] + _blank(text[end:])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _in_markdown(source: SourceFile) -> Iterator[Embedded]:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only for Markdown

    for token in MarkdownIt("commonmark").parse(source.text.replace("\r\n", " \n")):
        language = token.info.strip().split(" ")[0].lower() if token.type == "fence" else ""
        if token.map is None or language not in {"nginx", "nginxconf"}:
            continue
        first, last = token.map
        # The lines of a fence are those of its marks too; an unclosed one ends with the text.
        closed = last - first > 1 and token.markup in source.line_text(last)
        start, end = (_line_start(source, line) for line in (first + 1, last - closed))
        code = re.sub(r"(?m)^((?:[ \t]*>)+)", lambda mark: " " * len(mark[1]), _only(source.text, start, end))
        yield Embedded(_part(source, code), None, f"line {first + 1}")


def _line_start(source: SourceFile, index: int) -> int:
    """The offset at which the line with this index (from 0) begins; behind the last one, that of the end."""
    return source.line_starts[index] if index < len(source.line_starts) else len(source.text)


_SNIPPETS = {
    "auth-snippet": ("http", "server", "location"),
    "configuration-snippet": ("http", "server", "location"),
    "location-snippets": ("http", "server", "location"),
    "server-snippet": ("http", "server"),
    "server-snippets": ("http", "server"),
    "http-snippet": ("http",),
    "http-snippets": ("http",),
    "main-snippet": ("main",),
    "main-snippets": ("main",),
    "stream-snippet": ("stream",),
    "stream-snippets": ("stream",),
}
"""Annotations and ConfigMap keys of the two ingress controllers for nginx, by what follows the slash."""


def _in_yaml(source: SourceFile) -> Iterator[Embedded]:
    import yaml  # noqa: PLC0415 - only for YAML

    text = "".join(char if char.isprintable() or char in "\t\r\n" else "x" for char in _without_tags(source))
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    for document in documents:
        for key, node in _strings(document):
            context = _SNIPPETS.get(key.rpartition("/")[2])
            start, end = node.start_mark.index, node.end_mark.index
            if node.style in {"|", ">"}:
                start = source.text.find("\n", start, end) + 1 or end
            code = _only(source.text, start, end)
            if context is not None or looks_like_nginx(str(node.value)):
                code = _unquoted(code, start, end, node.style)
                yield Embedded(_part(source, code), context, key)


def _without_tags(source: SourceFile) -> str:
    """The text of a chart as YAML: values are words, lines of nothing but tags are empty."""
    found = tags_of(source.path, source.text)
    text = list(source.text)
    for tag in found[1] if found is not None else ():
        line = source.line_text(source.position(tag.start)[0]).strip()
        alone = line.startswith(source.text[tag.start : tag.end]) and line.endswith("}}")
        word = "x" if tag.kind is Kind.VALUE and not alone else " "
        text[tag.start : tag.end] = re.sub(r"[^\n]", word, source.text[tag.start : tag.end])
    return "".join(text)


def _strings(document: "Node | None") -> Iterator[tuple[str, "ScalarNode"]]:
    """The strings that are values of keys, with their keys, each node once."""
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode  # noqa: PLC0415 - only for YAML

    seen: set[int] = set()
    stack: list[tuple[str, Node | None]] = [("", document)]
    while stack:
        key, node = stack.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            stack += [(str(name.value), value) for name, value in reversed(node.value)]
        elif isinstance(node, SequenceNode):
            stack += [(key, value) for value in reversed(node.value)]
        elif isinstance(node, ScalarNode):
            yield key, node


def _unquoted(code: str, start: int, end: int, style: str | None) -> str:
    """A quoted string without its quotes; of escapes, those that matter to nginx's words.

    An escaped quote takes two characters: the blank stands before one that opens, behind one that closes.
    """
    if style not in {"'", '"'}:
        return code
    inside = code[start + 1 : end - 1]
    if style == '"':
        inside = inside.replace("\\n", " \n").replace("\\\\", " \\")
    written = '\\"' if style == '"' else "''"
    first, *rest = inside.split(written)
    marks = cycle((f" {style}", f"{style} "))
    inside = first + "".join(mark + part for mark, part in zip(marks, rest, strict=False))
    return f"{code[:start]} {inside} {code[end:]}"


_HERE = expression(r"<<(?P<dash>-?)[ \t]*(?P<quote>['\"\\]?)(?P<word>[A-Za-z_][\w.-]*)['\"]?", re.ASCII)
_EXPANSION = expression(r"\\[$`\\]|\$\{[^}\n]*\}|\$\([^)\n]*\)|\$[A-Za-z_][A-Za-z0-9_]*|`[^`\n]*`", re.ASCII)
_ESCAPED = (("\\$", "$"), ("\\`", "`"), ("\\\\", "\\"))
"""What the shell makes of its escapes: values that are known."""


def _in_shell(source: SourceFile) -> Iterator[Embedded]:
    line = 1
    while line <= len(source.line_starts):
        found = _HERE.search(source.line_text(line))
        begins = line
        line += 1
        if found is None:
            continue
        while line <= len(source.line_starts) and not _ends_here(source.line_text(line), found):
            line += 1
        if line > len(source.line_starts):
            line = begins + 1  # no here-document after all
            continue
        start, end = source.line_starts[begins], source.line_starts[line - 1]
        if looks_like_nginx(source.text[start:end]):
            code = _only(source.text, start, end)
            template = None if found["quote"] else masked("shell", code, _expansions(code), _ESCAPED)
            yield Embedded(_part(source, code, template), None, f"line {begins}")


def _ends_here(text: str, found: re.Match[str]) -> bool:
    return (text.lstrip("\t") if found["dash"] else text) == found["word"]


def _expansions(code: str) -> list[Tag]:
    """What the shell fills in: everything behind a dollar sign, nginx's own variables too."""
    return [
        Tag(Kind.VALUE, *found.span(), found[0] if found[0] in dict(_ESCAPED) else found[0].strip("${}"))
        for found in _EXPANSION.finditer(code)
    ]


_READERS = {
    ".md": ("Markdown", _in_markdown),
    ".markdown": ("Markdown", _in_markdown),
    ".yaml": ("YAML", _in_yaml),
    ".yml": ("YAML", _in_yaml),
    ".sh": ("a shell script", _in_shell),
    ".bash": ("a shell script", _in_shell),
}
