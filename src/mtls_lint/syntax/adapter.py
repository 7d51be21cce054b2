"""crossplane's parser fed with our words, and its payload turned into directives.

crossplane (0.5.8, pinned) is the parser; its lexer is not used, because it differs from nginx in many
ways (it merges ``${a} b`` into one word, keeps escapes, ends blocks at a ``}`` inside a word ...). Its
module is not patched: ``parse`` is copied over globals of its own, in which ``lex`` and
``_prepare_if_args`` (which would strip the parentheses of ``if``) are ours.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, repeat
from types import FunctionType, MappingProxyType
from typing import Any

from crossplane import parser as crossplane_parser
from msgspec import Struct

from mtls_lint.syntax.lexer import Words, fill_in, lex
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind

Expand = Callable[[Directive, int], Sequence[Directive]]
"""What stands behind an ``include`` directive at a depth: the directives of the files it names."""


class Statement(Struct, frozen=True, gc=False):
    """One statement of a text: what all directives that are built of it have in common."""

    name: str
    args: tuple[str, ...]
    start: int
    end: int
    """The offset just behind its ``;`` or ``{``."""
    block: "tuple[Statement, ...] | None"


class ParsedText(Struct, frozen=True):
    """A text as crossplane parsed it, from which directives can be built any number of times."""

    source: SourceFile
    statements: tuple[Statement, ...]
    size: int
    """How many directives ``build`` makes of it."""
    depth: int

    def build(
        self,
        parent: Directive | None = None,
        includes: tuple[Directive, ...] = (),
        depth: int = 0,
        expand: Expand | None = None,
    ) -> tuple[Directive, ...]:
        """Fresh directives: inside ``parent`` (``depth`` blocks deep), come through ``includes``.

        ``expand`` gives what an ``include`` directive stands for; that is put right behind it.
        """
        source = self.source

        def build_block(
            statements: Iterable[Statement], parent: Directive | None, depth: int
        ) -> tuple[Directive, ...]:
            built: list[Directive] = []
            for one in statements:
                directive = Directive(one.name, one.args, source, one.start, one.end, parent, includes)
                built.append(directive)
                if one.block is not None:
                    directive.block = build_block(one.block, directive, depth + 1)
                elif expand is not None and one.name == "include":
                    built.extend(expand(directive, depth))
            return tuple(built)

        return build_block(self.statements, parent, depth)


@contextmanager
def paused_gc() -> Iterator[None]:
    """Stop the cyclic garbage collector: while a tree grows it costs a third of the time for nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def parse_text(
    source: SourceFile, *, rows: bool = False, defined: Mapping[str, str] = MappingProxyType({})
) -> ParsedText | Problem:
    """Parse ``source``, or say what nginx has against it (SYNTAX) or we have (UNREADABLE: nested too deep).

    ``rows``: see ``lexer.lex``; ``defined``: see ``lexer.fill_in``. The comments are put on
    ``source.comments``.
    """
    with paused_gc():
        words = lex(source, rows=rows)
        if isinstance(words, Problem):
            return words
        fill_in(words, source, defined)
        try:
            return ParsedText(source, _crossplane(words, source.path), len(words.ends), words.depth)
        except _ParserError as error:
            # Only a call stack that was nearly full before can bring us here; the lexer saw to the rest.
            return Problem(
                ProblemKind.UNREADABLE,
                source.path,
                Span(source, 0, 0),
                f"the parser failed: {error}",
                "Please report this together with the file.",
            )


def parse_source(source: SourceFile) -> tuple[Directive, ...] | Problem:
    """The directives of ``source`` (includes are not followed), or what nginx has against it.

    On a syntax problem nothing of the text is returned: nginx would not take any of it either.
    """
    parsed = parse_text(source)
    if isinstance(parsed, Problem):
        return parsed
    with paused_gc():
        return parsed.build()


class _ParserError(Exception):
    """crossplane could not parse words that are in order."""


def _crossplane(words: Words, path: str) -> tuple[Statement, ...]:
    """What crossplane makes of these words. It gets no line numbers: tokens know where they stand."""
    tokens = words.tokens
    quoted = map(words.quoted.__contains__, count()) if words.quoted else repeat(False)
    namespace = dict(vars(crossplane_parser))
    namespace["lex"] = lambda _filename: zip(tokens, repeat(0), quoted)
    namespace["_prepare_if_args"] = lambda _statement: None
    namespace["analyze"] = _unjudged
    original = crossplane_parser.parse
    parse = FunctionType(
        original.__code__, namespace, original.__name__, original.__defaults__, original.__closure__
    )
    payload = parse(path, single=True, check_ctx=False, check_args=False, comments=False)
    try:
        if payload["errors"]:
            raise _ParserError(payload["errors"][0]["error"])
        return _statements(payload["config"][0]["parsed"], zip(words.starts, words.ends, strict=True))
    except RecursionError as error:
        raise _ParserError(str(error)) from error
    finally:
        # crossplane's inner functions refer to themselves, and so keep all this until the collector runs.
        payload.clear()
        namespace.clear()


def _unjudged(
    fname: str,
    stmt: Mapping[str, object],
    term: str,
    ctx: object,
    strict: object,
    check_ctx: object,
    check_args: object,
) -> None:
    """Stands for crossplane's analysis, which is told to check nothing, and takes its time for it."""


def _statements(parsed: list[dict[str, Any]], places: Iterator[tuple[int, int]]) -> tuple[Statement, ...]:
    """Crossplane's dictionaries as statements, which take a third of the memory.

    ``places`` are those of all statements in the order in which they begin: that of this walk.
    """
    statements = []
    for found in parsed:
        start, end = next(places)
        block = _statements(found["block"], places) if "block" in found else None
        statements.append(Statement(found["directive"], tuple(found["args"]), start, end, block))
    return tuple(statements)
