"""A second look at the text: no TLS directive may be lost between it and the tree."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from mtls_lint.expressions import expression
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind

# Looked for by its first letters alone, which is what makes it quick.
_TLS = expression(r"ssl_[a-z_]+(?=[ \t])")
_PREFIXES = ("proxy_", "grpc_", "uwsgi_")


def lost(sources: Iterable[SourceFile], directives: Sequence[Directive]) -> Iterator[Problem]:
    """The TLS directives of these texts that are neither a directive nor part of another one's words.

    There are none, unless this program reads a text wrongly: then what it says of the file is not to be
    trusted. A text that was not read at all (of which no directive is there) has its own problem.
    """
    starts: dict[SourceFile, set[int]] = {}
    last: SourceFile | None = None
    known: set[int] | None = None
    for directive in directives:
        if directive.source is not last or known is None:
            last = directive.source
            known = starts.setdefault(last, set())
        known.add(directive.start)
    words: dict[SourceFile, list[tuple[int, int]]] | None = None
    for source in sources:
        known = starts.get(source)
        if known is None or "ssl_" not in source.code:
            continue
        unknown = [place for place in _written(source.code) if place[0] not in known]
        if not unknown:
            continue
        words = words if words is not None else _words_with_tls(directives)
        comments = ((comment.start, comment.end) for comment in source.comments)
        inside = sorted((*words.get(source, ()), *comments))
        for start, end in unknown:
            before = bisect_right(inside, start, key=_begin) - 1
            if before < 0 or start >= inside[before][1]:
                yield _lost(source, start, end)


def _written(code: str) -> Iterator[tuple[int, int]]:
    """Where names of TLS directives stand in the first place of a line, or behind what ends a statement."""
    for found in _TLS.finditer(code):
        start, end = found.span()
        start -= next((len(one) for one in _PREFIXES if code.endswith(one, 0, start)), 0)
        before = start
        while before and code[before - 1] in " \t":
            before -= 1
        if not before or code[before - 1] in "\n;{}":
            yield start, end


def _words_with_tls(directives: Sequence[Directive]) -> dict[SourceFile, list[tuple[int, int]]]:
    """The places of the words that a directive of TLS may be a part of, in each text."""
    places: dict[SourceFile, list[tuple[int, int]]] = {}
    for directive in directives:
        if any("ssl_" in word for word in directive.args):
            spans = zip(directive.args, directive.word_spans[1:], strict=True)
            found = [(span.start, span.end) for word, span in spans if "ssl_" in word]
            places.setdefault(directive.source, []).extend(found)
    return places


_begin = itemgetter(0)


def _lost(source: SourceFile, start: int, end: int) -> Problem:
    return Problem(
        ProblemKind.UNREADABLE,
        source.path,
        Span(source, start, end),
        f"{source.path} was not fully read: `{source.text[start:end]}` stands here, but not in what was read",
        "Please report this together with the file; what is said of it is not to be trusted.",
    )
