"""What is said about a text that nginx cannot read: nginx's words, ours, and what to do.

Every function returns a ``Problem`` of kind SYNTAX (``too_deep``: UNREADABLE). Where nginx names a line,
the span begins in that line, except for a quote that is never closed: nginx names the end of the file,
the span is where the quote opens. nginx's texts are those of ``src/core/ngx_conf_file.c``.
"""

import re
from collections.abc import Sequence

from mtls_lint.syntax.source import SourceFile, Span, Token
from mtls_lint.syntax.tree import Problem, ProblemKind

_SHOWN = 40
_WIDEST_INDENT = 200
_OPENING = frozenset("{")
_CLOSING = frozenset("}")
_STRUCTURAL = frozenset(";{}")


def byte_order_mark(source: SourceFile, end: int) -> Problem:
    """The text begins with U+FEFF, which nginx takes as part of the first word, ending at ``end``."""
    word = source.text[1:end]
    return _syntax(
        source,
        (0, end),
        f"the file begins with a byte order mark, which nginx takes as part of the first word "
        f'(nginx: unknown directive "<BOM>{_shown(word)}")',
        "Save the file as UTF-8 without BOM.",
    )


def end_in_statement(source: SourceFile, tokens: Sequence[Token], first: int) -> Problem:
    """The text ends before the statement whose first word is ``tokens[first]`` does."""
    at = len(source.text)
    return _syntax(
        source,
        (at, at),
        f'the file ends inside the statement "{_statement(source, tokens, first)}" '
        f'(nginx: unexpected end of file, expecting ";" or "}}")',
        _semicolon_hint(source, tokens, first),
    )


def end_in_block(source: SourceFile, tokens: Sequence[Token], opened: Sequence[int]) -> Problem:
    """The text ends with blocks open; ``opened`` are the indexes of their first words."""
    at = len(source.text)
    suspect = _closed_by_a_stranger(source, tokens)
    index = opened[-1] if suspect is None else suspect
    line = source.position(tokens[index].start)[0]
    doubt = "" if suspect is None else ", to judge by the indentation"
    return _syntax(
        source,
        (at, at),
        f'the file ends with {len(opened)} "}}" missing (nginx: unexpected end of file, expecting "}}")',
        f'Close the block "{_statement(source, tokens, index)}" that opens in line {line}{doubt}.',
    )


def lone_semicolon(source: SourceFile, at: int, tokens: Sequence[Token]) -> Problem:
    """A ``;`` with no statement before it."""
    after_block = bool(tokens) and tokens[-1] == "}" and not tokens[-1].quoted
    return _syntax(
        source,
        (at, at + 1),
        'a ";" that ends no statement (nginx: unexpected ";")',
        'Remove the ";": a block ends with its "}".' if after_block else 'Remove the ";".',
    )


def lone_brace(source: SourceFile, at: int) -> Problem:
    """A ``{`` with no word before it."""
    return _syntax(
        source,
        (at, at + 1),
        'a "{" that opens no block, because no name stands before it (nginx: unexpected "{")',
        'Name the block, remove the "{", or quote it if it is part of an argument.',
    )


def brace_in_statement(source: SourceFile, tokens: Sequence[Token], first: int, at: int) -> Problem:
    """A ``}`` after words: a ``;`` is missing before it."""
    return _syntax(
        source,
        (at, at + 1),
        f'the statement "{_statement(source, tokens, first)}" has no ";" before this "}}" '
        f'(nginx: unexpected "}}")',
        _semicolon_hint(source, tokens, first),
    )


def brace_closes_nothing(source: SourceFile, at: int) -> Problem:
    """A ``}`` with no block open."""
    return _syntax(
        source,
        (at, at + 1),
        'no block is open that this "}" could close (nginx: unexpected "}")',
        'Remove the "}", or look above it for a "}" that closes its block too early.',
    )


def block_in_rows(source: SourceFile, tokens: Sequence[Token], first: int, at: int) -> Problem:
    """A ``{`` in a row of a map, geo, types, split_clients or charset_map block."""
    return _syntax(
        source,
        (at, at + 1),
        f'a "{{" after "{_statement(source, tokens, first)}", in a block whose rows cannot have blocks '
        f'(nginx: unexpected "{{")',
        'Quote the word if the "{" is part of it, as in a regular expression; otherwise look above for '
        'a "}" that is missing.',
    )


def unquoted_quantifier(source: SourceFile, word: Token, at: int, end: int) -> Problem:
    """A ``{2}`` of a regular expression outside quotes, behind ``word``: its ``{`` opens a block."""
    following = source.text[at + 1 : end]
    return _syntax(
        source,
        (at, end),
        f'the "{{" of "{{{following}" ends the word before it and opens a block '
        f'(nginx: unknown directive "{following}...")',
        f"Put the regular expression in quotes: {_quoted_around(source, word, at)}.",
    )


def after_quote(source: SourceFile, start: int, end: int) -> Problem:
    """A character directly behind the closing quote of the word from ``start`` to ``end``."""
    text = source.text
    first_line, last_line = source.position(start)[0], source.position(end)[0]
    if last_line > first_line:
        hint = (
            f"The quote that opens in line {first_line} runs to line {last_line}: "
            "most likely its closing quote is missing."
        )
    elif text[end] == "}":
        hint = f'Write ";" behind {_shown(text[start:end])}.'
    else:
        hint = (
            'Quotes go around a whole argument. Put a blank or a ";" behind the closing quote, '
            "or a backslash before a quote that belongs to the text."
        )
    return _syntax(
        source,
        (end, end + 1),
        f"a quoted word is directly followed by {_named(text[end])} (nginx: unexpected {_named(text[end])})",
        hint,
    )


def open_quote(source: SourceFile, start: int, fills_buffer: bool) -> Problem:
    """A quote that opens at ``start`` and is never closed."""
    mark = source.text[start]
    if fills_buffer:
        return too_long_quote(source, start)
    return _syntax(
        source,
        (start, start + 1),
        "the quote that opens here is never closed "
        '(nginx, at the end of the file: unexpected end of file, expecting ";" or "}")',
        f"Write the closing {mark} at the end of this argument.",
    )


def too_long_quote(source: SourceFile, start: int) -> Problem:
    """A quoted word whose closing quote is not within nginx's buffer."""
    mark = source.text[start]
    return _syntax(
        source,
        (start, start + 1),
        f"the quote that opens here is not closed within 4,096 bytes "
        f'(nginx: too long parameter, probably missing terminating "{mark}" character)',
        f"Write the closing {mark} at the end of this argument; a longer argument is not possible.",
    )


def too_long(source: SourceFile, start: int, end: int) -> Problem:
    """A word or comment from ``start`` to ``end`` that does not fit into nginx's buffer."""
    text = source.text
    what = "comment" if text[start] == "#" else "word"
    hint = (
        "Break the comment into lines."
        if what == "comment"
        else "Shorten it: no argument can be longer than 4,094 bytes."
    )
    return _syntax(
        source,
        (start, end),
        f"a {what} that does not fit into nginx's buffer of 4,096 bytes "
        f'(nginx: too long parameter "{text[start : start + 10]}..." started)',
        hint,
    )


def open_lua_block(source: SourceFile, tokens: Sequence[Token], first: int) -> Problem:
    """A block of Lua code whose closing brace is missing."""
    name = tokens[first]
    return _syntax(
        source,
        (name.start, name.end),
        f'the Lua code of this "{name}" is never closed (the Lua module: unexpected end of file)',
        'Close the block with "}"; braces in Lua strings and comments do not count.',
    )


def too_deep(source: SourceFile, at: int, limit: int) -> Problem:
    """Blocks nest deeper than can be read here, though nginx may take them."""
    return Problem(
        ProblemKind.UNREADABLE,
        source.path,
        Span(source, at, at + 1),
        f"blocks nest deeper than {limit} levels, which is more than can be read here",
        'Look for "}" that are missing; real configurations nest less than ten deep.',
    )


def too_many_words(source: SourceFile, limit: int) -> Problem:
    """A text with more in it than can be kept in memory."""
    return Problem(
        ProblemKind.UNREADABLE,
        source.path,
        Span(source, 0, 0),
        f"{source.path} has more than {limit:,} words, which is more than is read of one file",
        "Make sure that this is a configuration file; split it if it is.",
    )


def _syntax(source: SourceFile, place: tuple[int, int], message: str, hint: str) -> Problem:
    return Problem(ProblemKind.SYNTAX, source.path, Span(source, *place), message, hint)


def _statement(source: SourceFile, tokens: Sequence[Token], first: int) -> str:
    """The words from ``tokens[first]`` to the next structural token, as far as they are worth showing."""
    words = []
    for token in tokens[first:]:
        if not token.quoted and token in _STRUCTURAL:
            break
        words.append(source.text[token.start : token.end])
        if sum(map(len, words)) > _SHOWN:
            break
    return _shown(" ".join(words))


def _semicolon_hint(source: SourceFile, tokens: Sequence[Token], first: int) -> str:
    """Where the ``;`` is missing.

    The statement may have swallowed the next one ("listen 443 ssl" NEWLINE "server_name x"): the likely
    place is the end of the first line of the statement that is followed by another line of words.
    """
    last = tokens[-1]
    for word, following in zip(tokens[first:], tokens[first + 1 :], strict=False):
        if "\n" in source.text[word.end : following.start]:
            last = word
            break
    line = source.position(last.end)[0]
    return f'Write ";" behind {_shown(source.text[last.start : last.end])} in line {line}.'


def _closed_by_a_stranger(source: SourceFile, tokens: Sequence[Token]) -> int | None:
    """The index of the first word of the block that most likely lacks its ``}``.

    That is the first block whose ``}`` stands, alone in its line, further left than the block began: the
    brace was meant for a block around it. None when indentation tells nothing.
    """
    opened: list[int] = []
    first = 0
    for index, token in enumerate(tokens):
        if token.quoted or token not in _STRUCTURAL:
            continue
        if token in _OPENING:
            opened.append(first)
        elif token in _CLOSING and opened:
            block = opened.pop()
            indent = _indent(source, token.start)
            begun = _indent(source, tokens[block].start)
            if indent is not None and begun is not None and indent < begun:
                return block
        first = index + 1
    return None


def _indent(source: SourceFile, at: int) -> int | None:
    """How many blanks precede ``at`` in its line; None when something else does."""
    column = source.position(at)[1]
    if column > _WIDEST_INDENT:
        return None
    before = source.text[at - column + 1 : at]
    return None if before.strip(" \t") else len(before.expandtabs())


def _quoted_around(source: SourceFile, word: Token, at: int) -> str:
    """How the word that ends at ``at`` and what follows it up to the next blank looks in quotes."""
    rest = re.match(r"[^ \t\r\n;]*", source.text[at:])
    raw = source.text[word.start : at] + (rest[0] if rest else "")
    return _shown('"' + raw.replace('"', '\\"') + '"')


def _named(char: str) -> str:
    return "'\"'" if char == '"' else f'"{char}"'


def _shown(text: str) -> str:
    """``text`` in one line, shortened in the middle of nothing: for messages."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."
