"""The edits that fixes are made of: they touch the words that are meant, and nothing beside them.

Each function gives the edits for one change, or nothing where the words are not literal: where a template
fills them in, or decides whether they are there, or where the configuration is a part of another file. A fix
of which one part has no edits is none (``fix``).
"""

from collections.abc import Sequence

from mtls_lint.lint.finding import Edit, Fix
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive

Edits = tuple[Edit, ...]

_BLANKS = " \t"


def fix(title: str, *parts: Edits, safe: bool = False) -> Fix | None:
    """The fix that makes all of these changes; None where one of them cannot be made."""
    if not parts or not all(parts):
        return None
    return Fix(title, tuple(edit for part in parts for edit in part), safe)


def is_literal(directive: Directive) -> bool:
    """Whether the text of a directive is what nginx reads, so that it can be edited."""
    return not directive.is_templated and not directive.is_conditional and directive.source.inside is None


def set_word(directive: Directive, index: int, text: str) -> Edits:
    """Write ``text`` in place of one argument."""
    return (Edit(directive.arg_span(index), text),) if is_literal(directive) else ()


def set_words(directive: Directive, *words: str) -> Edits:
    """Write these words in place of all arguments."""
    if not is_literal(directive) or not directive.args:
        return ()
    span = Span(directive.source, directive.arg_span(0).start, directive.arg_span(-1).end)
    return (Edit(span, " ".join(words)),)


def add_word(directive: Directive, word: str, after: int = -1) -> Edits:
    """Write a word behind one argument, the last one unless told otherwise."""
    if not is_literal(directive) or not directive.args:
        return ()
    end = directive.arg_span(after).end
    return (Edit(Span(directive.source, end, end), f" {word}"),)


def delete_words(directive: Directive, indexes: Sequence[int]) -> Edits:
    """Take out these arguments, each with the blanks in front of it; at least one has to stay."""
    if not is_literal(directive) or not indexes or len(set(indexes)) >= len(directive.args):
        return ()
    text = directive.source.text
    edits = []
    for index in indexes:
        word = directive.arg_span(index)
        start = word.start
        while text[start - 1] in _BLANKS:
            start -= 1
        edits.append(Edit(Span(directive.source, start, word.end), ""))
    return tuple(edits)


def cut(directive: Directive, span: Span) -> Edits:
    """Take a part of a word out."""
    return (Edit(span, ""),) if is_literal(directive) else ()


def delete_directive(directive: Directive) -> Edits:
    """Take out a simple directive, with its line where nothing else stands there."""
    if not is_literal(directive) or directive.block is not None:
        return ()
    source, start, end = directive.source, directive.start, directive.end
    before, behind = _line_before(source, start), _line_behind(source, end)
    if not before.strip() and not behind.strip():
        start -= len(before)
        end = min(end + len(behind) + 1, len(source.text))
    elif before.strip():
        start -= len(before) - len(before.rstrip(_BLANKS))
    else:
        end += len(behind) - len(behind.lstrip(_BLANKS))
    return (Edit(Span(source, start, end), ""),)


def insert_after(directive: Directive, statement: str) -> Edits:
    """Write a statement behind a simple directive: on a line of its own where that one has one."""
    if not is_literal(directive) or directive.block is not None:
        return ()
    source, end = directive.source, directive.end
    before, behind = _line_before(source, directive.start), _line_behind(source, end)
    if before.strip() or (behind.strip() and not behind.lstrip().startswith("#")):
        return (Edit(Span(source, end, end), f" {statement}"),)
    # A comment behind the directive stays beside it; so does the CR of a line that ends with one.
    kept = behind.rstrip("\r")
    end += len(kept)
    line_end = "\r\n" if behind.endswith("\r") else "\n"
    return (Edit(Span(source, end, end), f"{line_end}{before}{statement}"),)


def _line_before(source: SourceFile, offset: int) -> str:
    return source.text[source.text.rfind("\n", 0, offset) + 1 : offset]


def _line_behind(source: SourceFile, offset: int) -> str:
    end = source.text.find("\n", offset)
    return source.text[offset : len(source.text) if end == -1 else end]
