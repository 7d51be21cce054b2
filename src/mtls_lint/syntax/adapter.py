"""crossplane's parser fed with our words, and its payload turned into directives.

crossplane (0.5.8, pinned) is the parser; its lexer is not used, because it differs from nginx in many
ways (it merges ``${a} b`` into one word, keeps escapes, ends blocks at a ``}`` inside a word ...). Its
module is not patched: ``parse`` is copied over globals of its own, in which ``lex`` and
``_prepare_if_args`` (which would strip the parentheses of ``if``) are ours.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from types import FunctionType
from typing import Any, TypedDict, cast

from crossplane import parser as crossplane_parser

from mtls_lint.syntax.lexer import Words, lex
from mtls_lint.syntax.source import SourceFile, Span, Token
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind

Expand = Callable[[Directive, int], Sequence[Directive]]
"""What stands behind an ``include`` directive at a depth: the directives of the files it names."""

_quoted = attrgetter("quoted")


class _Statement(TypedDict, total=False):
    """The parts of crossplane's statements that are used; the words are our tokens."""

    directive: Token
    args: list[Token]
    block: "list[_Statement]"


@dataclass(frozen=True, slots=True)
class ParsedText:
    """A text as crossplane parsed it, from which directives can be built any number of times."""

    source: SourceFile
    statements: Sequence[Any]
    ends: Sequence[int]
    """The offset behind the ``;`` or ``{`` of every statement, in the order in which they begin."""
    depth: int

    @property
    def size(self) -> int:
        """How many directives ``build`` makes of it."""
        return len(self.ends)

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
        ends = iter(self.ends)
        source = self.source

        def block(
            statements: Sequence[_Statement], parent: Directive | None, depth: int
        ) -> tuple[Directive, ...]:
            built: list[Directive] = []
            for statement in statements:
                directive = Directive(
                    statement["directive"], tuple(statement["args"]), source, next(ends), parent, includes
                )
                built.append(directive)
                if "block" in statement:
                    directive.block = block(statement["block"], directive, depth + 1)
                elif expand is not None and directive.name == "include":
                    built.extend(expand(directive, depth))
            return tuple(built)

        return block(self.statements, parent, depth)


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


def parse_text(source: SourceFile, *, rows: bool = False) -> ParsedText | Problem:
    """Parse ``source``, or say what nginx has against it (SYNTAX) or we have (UNREADABLE: nested too deep).

    ``rows``: see ``lexer.lex``. The comments are put on ``source.comments``.
    """
    with paused_gc():
        words = lex(source, rows=rows)
        if isinstance(words, Problem):
            return words
        payload = _crossplane(words, source.path)
    if payload["errors"]:
        # Only a call stack that was nearly full before can bring us here; the lexer has seen to the rest.
        return Problem(
            ProblemKind.UNREADABLE,
            source.path,
            Span(source, 0, 0),
            f"the parser failed: {payload['errors'][0]['error']}",
            "Please report this together with the file.",
        )
    return ParsedText(source, payload["config"][0]["parsed"], words.ends, words.depth)


def parse_source(source: SourceFile) -> tuple[Directive, ...] | Problem:
    """The directives of ``source`` (includes are not followed), or what nginx has against it.

    On a syntax problem nothing of the text is returned: nginx would not take any of it either.
    """
    parsed = parse_text(source)
    if isinstance(parsed, Problem):
        return parsed
    with paused_gc():
        return parsed.build()


def _crossplane(words: Words, path: str) -> dict[str, Any]:
    """Crossplane's payload for these words. It gets no line numbers: tokens know where they stand."""
    tokens = words.tokens
    namespace = dict(vars(crossplane_parser))
    namespace["lex"] = lambda _filename: zip(tokens, repeat(0), map(_quoted, tokens))
    namespace["_prepare_if_args"] = lambda _statement: None
    original = crossplane_parser.parse
    parse = FunctionType(
        original.__code__, namespace, original.__name__, original.__defaults__, original.__closure__
    )
    payload = parse(path, single=True, check_ctx=False, check_args=False, comments=False)
    return cast("dict[str, Any]", payload)
