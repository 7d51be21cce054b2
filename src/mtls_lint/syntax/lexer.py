r"""Text to words, by nginx's own lexical rules.

The rules are those of ``ngx_conf_read_token`` and ``ngx_conf_parse`` in nginx's
``src/core/ngx_conf_file.c`` (the same from 1.22 to 1.31), which differ from what one would guess:

* words are separated by space, tab, CR and LF, and by nothing else;
* a word ends at a blank, ``;`` or ``{``. A ``}``, a quote or a ``#`` inside a word is an ordinary
  character, and so is every ``{`` that directly follows a ``$``;
* a quoted word begins where a word could begin, and must be followed by a blank, ``;``, ``{`` or ``)``
  (a ``)`` begins the next word, which is how ``if ($a = "b")`` works);
* a backslash makes the next character ordinary, in quotes and outside. ``\"``, ``\'``, ``\\``, ``\t``,
  ``\r`` and ``\n`` are decoded in both; before any other character the backslash stays;
* a word (or comment) that does not fit into nginx's buffer of 4,096 bytes is an error.
"""

import re
import sys
from collections.abc import Mapping
from itertools import repeat

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.syntax import lexer_errors as errors
from mtls_lint.syntax.lua_block import LUA_BLOCK_SUFFIX, lua_block_end
from mtls_lint.syntax.source import Comment, SourceFile, TemplatedToken, Token
from mtls_lint.syntax.template import MASK
from mtls_lint.syntax.tree import Problem

MAX_NESTING = 200
"""Blocks inside blocks that are read. nginx has no limit of its own; crossplane and every walk over the
tree recurse, and Python's default limit is 1,000 calls. Real configurations nest less than ten deep."""

MAX_WORDS = 2_000_000
"""Words (and comments) of one text that are read; a configuration of 18,000 servers has 1.5 million."""

_AT_ONCE = 100_000

BUFFER = 4096
"""``NGX_CONF_BUFFER``: what a word with the character that ends it must fit into, in bytes."""

ROW_BLOCKS = frozenset({"charset_map", "geo", "map", "split_clients", "types"})
"""Blocks that hold rows of data, not directives; nginx refuses a block inside (``cf->handler``)."""

# A word shorter than this fits into the buffer whatever its characters: UTF-8 takes at most 4 bytes each.
_SURELY_FITS = BUFFER // 4 - 2
_BLANKS = " \t\r\n"
_BOM = "\ufeff"

# Every character that is no blank begins exactly one alternative, and no alternative can fail after it
# has consumed much, so the time is linear. The repetitions are bounded because a word with as many
# escapes as the buffer has bytes is too long anyway.
_TOKEN = expression(
    r"""
    [ \t\r\n]*
    (?: ( (?: [^ \t\r\n;{}\#"'\\$] | \\.? | \$\{* )                    # 1: a bare word
          [^ \t\r\n;{\\$]*
          (?: (?: \\.? | \$\{* ) [^ \t\r\n;{\\$]* ){0,4096} )
          ( ; )?                                                       # 2: that ends its statement
      | ( ; )                                                          # 3
      | ( [{}] )                                                       # 4
      | ( "[^"\\]*(?:\\.[^"\\]*){0,4096}" | '[^'\\]*(?:\\.[^'\\]*){0,4096}' )  # 5: a quoted word
      | ( \#[^\n]* )                                                   # 6: a comment
      | ( ["'] )                                                       # 7: a quote that is never closed
      | \Z )
    """,
    re.VERBOSE | re.DOTALL,
)
# Most statements are made of words of printable ASCII without quotes, backslashes and hashes, which surely
# fit into the buffer. Up to sixteen of them are read in one piece; none is the first half of a longer word.
_PLAIN = expression(
    r"""
    [ \t\r\n]*
    ( [!$-&(-:<-\[\]-z|~]{1,1000} (?: [ \t\r\n]+ [!$-&(-:<-\[\]-z|~]{1,1000} ){0,15}
      (?= [ \t\r\n;] | (?<!\$)\{ ) )
    (?: [ \t\r\n]* (;) )?
    """,
    re.VERBOSE,
)
_WORD, _LAST_WORD, _SEMICOLON, _BRACE, _QUOTED, _COMMENT, _OPEN_QUOTE = range(1, 8)

_ESCAPE = expression(r"""\\(["'\\trn])""")
_STRUCTURAL = frozenset({";", "{", "}"})
_DECODED = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}

# `location ~ ^/[a-z]{2}/x {`: the unquoted brace opened a block, `2}/x` is the first word in it.
_QUANTIFIER = expression(r"[0-9]+(?:,[0-9]*)?\}")


class Words(Struct, frozen=True):
    """The words of one text.

    ``tokens`` holds words and the structural tokens ``;``, ``{`` and ``}``, in order; ``quoted`` the indexes
    of the words that could be taken for something else, were they not in quotes. ``starts`` and ``ends`` are
    the offsets of the first word of every statement, and just behind its ``;`` or ``{``, in order; ``depth``
    is how deep blocks nest. The structure is sound: every statement ends, every block is closed.
    """

    tokens: list[str]
    quoted: frozenset[int]
    starts: list[int]
    ends: list[int]
    depth: int


def decode(raw: str) -> str:
    """The value nginx gives to a word that is written as ``raw`` (without its quotes)."""
    if "\\" not in raw:
        return raw
    return _ESCAPE.sub(lambda found: _DECODED[found[1]], raw)


def lex(source: SourceFile, *, rows: bool = False) -> Words | Problem:
    """The words of ``source``, or the first structural error nginx would report.

    The comments found on the way are put on ``source.comments``. ``rows`` says that the text is included
    into a block that holds rows of data (``ROW_BLOCKS``): no block may stand at its top, and its first
    word is no directive.

    Lua code (``*_by_lua_block``) becomes one quoted token, followed by a ``;`` token that stands for the
    closing brace.
    """
    return _Lexer(source, rows).run()


def fill_in(words: Words, source: SourceFile, defined: Mapping[str, str]) -> None:
    """Give the masked words of a template the text that stands there, or that ``defined`` has for it."""
    template = source.template
    if template is None:
        return
    for index, token in enumerate(located(source.code)):
        if MASK not in token:
            continue
        value = template.value_at(token.start)
        statement = value is not None and token.end == token.start + 1
        start, end = (token.start, value.end) if value is not None and statement else (token.start, token.end)
        inner = (start + 1, end - 1) if token.quoted else (start, end)
        text, known = template.text_of(source.text, *inner, defined)
        words.tokens[index] = decode(text) if known and not statement else TemplatedToken(decode(text))


def lex_start(source: SourceFile) -> list[Token]:
    """The words in front of the last comment of ``source`` that comes before an error; see ``lex``."""
    _Lexer(source, rows=False).run()
    return located(source.code, 0, source.comments[-1].start if source.comments else 0)


def located(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The words and structural tokens between two offsets of a text, with their places.

    ``start`` is where a statement begins. Places are asked for seldom: where something is said of a word.
    """
    tokens: list[Token] = []
    end = len(text) if end is None else end
    first: Token | None = None
    at = start
    while (found := _TOKEN.match(text, at)) and (kind := found.lastindex) and found.start(kind) < end:
        at = found.end()
        begin, behind = found.span(_WORD if kind == _LAST_WORD else kind)
        if kind in {_WORD, _LAST_WORD}:
            tokens.append(Token(decode(text[begin:behind]), begin, behind, quoted=False))
        elif kind == _QUOTED:
            tokens.append(Token(decode(text[begin + 1 : behind - 1]), begin, behind, quoted=True))
        first = first or (tokens[-1] if tokens and tokens[-1].start == begin else None)
        if kind == _LAST_WORD and behind < end:
            tokens.append(Token(";", behind, behind + 1, quoted=False))
            first = None
        elif kind in {_SEMICOLON, _BRACE}:
            lua = text[begin] == "{" and first is not None and first.endswith(LUA_BLOCK_SUFFIX)
            close = lua_block_end(text, behind) if lua else None
            if close is not None:
                tokens.append(Token(text[behind:close], behind, close, quoted=True))
                tokens.append(Token(";", close, close + 1, quoted=False))
                at = close + 1
            else:
                tokens.append(Token(text[begin:behind], begin, behind, quoted=False))
            first = None
    return tokens


class _Lexer:
    """One run over one text."""

    def __init__(self, source: SourceFile, rows: bool) -> None:
        self.source = source
        self.text = source.code
        self.rows = rows
        self.tokens: list[str] = []
        self.quoted: set[int] = set()
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.comments: list[Comment] = []
        # Index of the first word of the statement at hand, -1 between statements.
        self.first = -1
        # Indexes of the first words of the blocks that are open, outermost first.
        self.open: list[int] = []
        self.depth = 0

    def run(self) -> Words | Problem:
        if self.text.startswith(_BOM) and not self.rows:
            word = _TOKEN.match(self.text)
            return errors.byte_order_mark(self.source, word.end() if word else 1)
        at: int | Problem = 0
        while isinstance(at, int) and at <= len(self.text):
            at = self._scan(at)
            if len(self.tokens) + len(self.comments) > MAX_WORDS:
                at = errors.too_many_words(self.source, MAX_WORDS)
        self.source.comments = tuple(self.comments)
        if isinstance(at, Problem):
            return at
        if self.first >= 0:
            return errors.end_in_statement(self.source, located(self.text), self.first)
        if self.open:
            return errors.end_in_block(self.source, located(self.text), self.open)
        return Words(self.tokens, frozenset(self.quoted), self.starts, self.ends, self.depth)

    def _scan(self, at: int) -> int | Problem:
        """Read from ``at`` on; where to go on (behind Lua code, or behind the end), or what is wrong."""
        text = self.text
        tokens = self.tokens
        starts = self.starts
        ends = self.ends
        plain = _PLAIN.match
        other = _TOKEN.match
        # This loop runs once per statement or special word; what is rare lives in methods of its own.
        for _ in repeat(None, _AT_ONCE):
            found = plain(text, at)
            if found is not None:
                if self.first < 0:
                    self.first = len(tokens)
                    starts.append(found.start(1))
                # The same few names and values stand in all places.
                tokens.extend(map(sys.intern, found[1].split()))
                at = found.end()
                if found.lastindex == 2:
                    tokens.append(";")
                    ends.append(at)
                    self.first = -1
                continue
            found = other(text, at)
            kind = found.lastindex if found is not None else None
            if found is None or kind is None:
                return len(text) + 1
            at = found.end()
            problem = self._word(found) if kind <= _LAST_WORD else self._other(kind, found)
            if problem is not None:
                return problem
        return at

    def _word(self, found: re.Match[str]) -> Problem | None:
        """A bare word that is not plain, or that is too long to be."""
        start, end = found.span(_WORD)
        problem = self._too_long(start, start, end) if end - start > _SURELY_FITS else None
        self._begin(start)
        self.tokens.append(decode(found[_WORD]))
        if found.lastindex == _LAST_WORD:
            self.tokens.append(";")
            self.ends.append(end + 1)
            self.first = -1
        return problem

    def _begin(self, start: int) -> None:
        """Note that a word stands here, if it is the first one of a statement."""
        if self.first < 0:
            self.first = len(self.tokens)
            self.starts.append(start)

    def _other(self, kind: int, found: re.Match[str]) -> Problem | int | None:
        """What is no bare word: what is wrong, where to go on instead of behind it, or None."""
        start, end = found.span(kind)
        if kind == _BRACE:
            return self._brace(found[kind], end)
        if kind == _QUOTED:
            return self._quoted(start, end)
        if kind == _COMMENT:
            return self._comment(found.start(), start, end)
        if kind == _SEMICOLON:
            return self._semicolon(end)
        return errors.open_quote(self.source, start, self._rest_exceeds(end))

    def _semicolon(self, end: int) -> Problem | None:
        if self.first < 0:
            return errors.lone_semicolon(self.source, end - 1, self._before(end))
        self.tokens.append(";")
        self.ends.append(end)
        self.first = -1
        return None

    def _quoted(self, start: int, end: int) -> Problem | None:
        if end - start > _SURELY_FITS:
            problem = self._too_long(start, start + 1, end)
            if problem is not None:
                return problem
        following = self.text[end : end + 1]
        if following and following not in " \t\r\n;{)":
            return errors.after_quote(self.source, start, end)
        self._begin(start)
        self._append_quoted(decode(self.text[start + 1 : end - 1]))
        return None

    def _append_quoted(self, word: str) -> None:
        # What crossplane would take for a structural token, or for a comment.
        if word in _STRUCTURAL or word.startswith("#"):
            self.quoted.add(len(self.tokens))
        self.tokens.append(word)

    def _brace(self, brace: str, end: int) -> Problem | int | None:
        tokens = self.tokens
        first = self.first
        if brace == "}":
            if first >= 0:
                return errors.brace_in_statement(self.source, self._before(end), first, end - 1)
            if not self.open:
                return errors.brace_closes_nothing(self.source, end - 1)
            self.open.pop()
            tokens.append(brace)
            return None
        if first < 0:
            return errors.lone_brace(self.source, end - 1)
        if tokens[first].endswith(LUA_BLOCK_SUFFIX):
            return self._lua(end)
        if self._in_rows():
            return errors.block_in_rows(self.source, self._before(end), first, end - 1)
        quantifier = _QUANTIFIER.match(self.text, end)
        if quantifier is not None:
            return errors.unquoted_quantifier(self.source, self._before(end)[-1], end - 1, quantifier.end())
        self.open.append(first)
        self.depth = max(self.depth, len(self.open))
        if self.depth > MAX_NESTING:
            return errors.too_deep(self.source, end - 1, MAX_NESTING)
        tokens.append(brace)
        self.ends.append(end)
        self.first = -1
        return None

    def _before(self, end: int) -> list[Token]:
        """What stands in front of the structural token that ends here, for what is said about it."""
        return located(self.text, 0, end - 1)

    def _in_rows(self) -> bool:
        return self.tokens[self.open[-1]] in ROW_BLOCKS if self.open else self.rows

    def _lua(self, start: int) -> Problem | int:
        """Take the Lua code that begins at ``start`` as one word; where to go on."""
        close = lua_block_end(self.text, start)
        if close is None:
            return errors.open_lua_block(self.source, self._before(start), self.first)
        self._append_quoted(self.text[start:close])
        self.tokens.append(";")
        self.ends.append(close + 1)
        self.first = -1
        return close + 1

    def _comment(self, blanks: int, start: int, end: int) -> Problem | None:
        text = self.text
        if end - start > _SURELY_FITS and self._bytes(start, end) >= BUFFER and self._rest_exceeds(start):
            return errors.too_long(self.source, start, min(end, start + BUFFER))
        own_line = blanks == 0 or "\n" in text[blanks:start]
        if text[end - 1] == "\r":
            end -= 1
        self.comments.append(Comment(text[start + 1 : end], start, end, own_line))
        return None

    def _too_long(self, start: int, content: int, end: int) -> Problem | None:
        """The error for the word from ``start`` to ``end`` if it does not fit into nginx's buffer.

        The buffer begins with the word's content (behind the opening quote). nginx lets go of the word
        when it reads the ``;`` or ``{`` behind it, or the character *behind* the blank that ended it.
        """
        used = self._bytes(content, end)
        if content > start and used - 1 >= BUFFER:
            return errors.too_long_quote(self.source, start)
        if self.text[end : end + 1] in _BLANKS:
            used += 1
        if used >= BUFFER and self._rest_exceeds(content):
            return errors.too_long(self.source, content, end)
        return None

    def _rest_exceeds(self, start: int) -> bool:
        """Whether more than a buffer full of bytes follows ``start``."""
        return self._bytes(start, start + BUFFER + 1) > BUFFER

    def _bytes(self, start: int, end: int) -> int:
        return len(self.text[start:end].encode("utf-8", "surrogateescape"))
