"""crossplane's parser fed with our words, and its payload turned into directives.

crossplane (0.5.8, pinned) is the parser; its lexer is not used, because it differs from nginx in many
ways (it merges ``${a} b`` into one word, keeps escapes, ends blocks at a ``}`` inside a word ...). Its
module is not patched: ``parse`` is copied over globals of its own, in which ``lex`` and
``_prepare_if_args`` (which would strip the parentheses of ``if``) are ours.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, repeat
from types import FunctionType, MappingProxyType
from typing import Any

from crossplane import parser as crossplane_parser
from msgspec import Struct

from mtls_lint.sharing import once
from mtls_lint.syntax.lexer import Words, fill_in, lex
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind

_Args = tuple[str, ...]

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

    @property
    def has_simple(self) -> bool:
        """Whether something but blocks and includes stands at its top level."""
        return any(one.block is None and one.name != "include" for one in self.statements)

    def build(
        self,
        parent: Directive | None = None,
        includes: tuple[Directive, ...] = (),
        depth: int = 0,
        expand: Expand | None = None,
        shared: dict[int, Directive] | None = None,
    ) -> tuple[Directive, ...]:
        """Fresh directives: inside ``parent`` (``depth`` blocks deep), come through ``includes``.

        ``expand`` gives what an ``include`` directive stands for; that is put right behind it. Simple
        directives that are in ``shared``, by where they begin, are taken from there, and others put there.
        """
        return self._build(self.statements, parent, includes, depth, expand, shared)

    # A method: a function inside ``build`` would refer to itself, and so live on until the end.
    def _build(
        self,
        statements: Iterable[Statement],
        parent: Directive | None,
        includes: tuple[Directive, ...],
        depth: int,
        expand: Expand | None,
        shared: dict[int, Directive] | None = None,
    ) -> tuple[Directive, ...]:
        source = self.source
        built: list[Directive] = []
        for one in statements:
            known = shared.get(one.start) if shared else None
            if known is not None:
                built.append(known)
                continue
            directive = Directive(one.name, one.args, source, one.start, one.end, parent, includes)
            built.append(directive)
            if shared is not None and one.block is None and one.name != "include":
                shared[one.start] = directive
            if one.block is not None:
                directive.block = self._build(one.block, directive, includes, depth + 1, expand)
            elif expand is not None and one.name == "include":
                built.extend(expand(directive, depth))
        return tuple(built)


def parse_text(
    source: SourceFile, *, rows: bool = False, defined: Mapping[str, str] = MappingProxyType({})
) -> ParsedText | Problem:
    """Parse ``source``, or say what nginx has against it (SYNTAX) or we have (UNREADABLE: nested too deep).

    ``rows``: see ``lexer.lex``; ``defined``: see ``lexer.fill_in``. The comments are put on
    ``source.comments``.
    """
    words = lex(source, rows=rows)
    if isinstance(words, Problem):
        return words
    fill_in(words, source, defined)
    try:
        statements = _crossplane(words, source.path, templated=source.template is not None)
        return ParsedText(source, statements, len(words.ends), words.depth)
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
    return parsed.build()


class _ParserError(Exception):
    """crossplane could not parse words that are in order."""


class _Named(str):
    """The name of a file for crossplane, with the words that it is to take for the file's."""

    __slots__ = ("words",)

    words: Words


def _stream(name: _Named) -> Iterator[tuple[str, int, bool]]:
    """What crossplane's lexer would give, without line numbers: statements know where they stand."""
    words = name.words
    quoted = map(words.quoted.__contains__, count()) if words.quoted else repeat(False)
    return zip(words.tokens, repeat(0), quoted)


def _crossplane(words: Words, path: str, *, templated: bool) -> tuple[Statement, ...]:
    """What crossplane makes of these words; ``templated`` tells that some may be a template's."""
    name = _Named(path)
    name.words = words
    payload = _parse(name, single=True, check_ctx=False, check_args=False, comments=False)
    try:
        if payload["errors"]:
            raise _ParserError(payload["errors"][0]["error"])
        places = zip(words.starts, words.ends, strict=True)
        # Most words stand in thousands of files; but a template's equals the word that is written like it.
        return _statements(payload["config"][0]["parsed"], places, tuple if templated else once)
    except RecursionError as error:
        raise _ParserError(str(error)) from error
    finally:
        # crossplane's inner functions refer to themselves, and so keep all this until the collector runs.
        payload.clear()
        del name.words


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


_parse = FunctionType(
    crossplane_parser.parse.__code__,
    {
        **vars(crossplane_parser),
        "lex": _stream,
        "_prepare_if_args": lambda _statement: None,
        "analyze": _unjudged,
    },
    crossplane_parser.parse.__name__,
    crossplane_parser.parse.__defaults__,
    crossplane_parser.parse.__closure__,
)


def _statements(
    parsed: list[dict[str, Any]], places: Iterator[tuple[int, int]], own: Callable[[_Args], _Args]
) -> tuple[Statement, ...]:
    """Crossplane's dictionaries as statements, which take a third of the memory.

    ``places`` are those of all statements in the order in which they begin: that of this walk. ``own`` gives
    the tuple of arguments to keep.
    """
    statements = []
    for found in parsed:
        start, end = next(places)
        block = _statements(found["block"], places, own) if "block" in found else None
        statements.append(Statement(found["directive"], own(tuple(found["args"])), start, end, block))
    return tuple(statements)
