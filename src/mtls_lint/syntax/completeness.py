"""A second look at the text: no TLS directive may be lost between it and the tree."""

import re
from collections.abc import Iterable, Iterator

from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind

# In the first place of a line, or behind what ends a statement or opens a block.
_TLS = re.compile(r"(?:^|[;{}])[ \t]*((?:proxy_|grpc_|uwsgi_)?ssl_[a-z_]+)[ \t]", re.MULTILINE)


def lost(sources: Iterable[SourceFile], directives: Iterable[Directive]) -> Iterator[Problem]:
    """The TLS directives of these texts that are neither a directive nor part of another one's words.

    There are none, unless this program reads a text wrongly: then what it says of the file is not to be
    trusted. A text that was not read at all (of which no directive is there) has its own problem.
    """
    starts: dict[SourceFile, set[int]] = {}
    words: dict[SourceFile, list[tuple[int, int]]] = {}
    for directive in directives:
        starts.setdefault(directive.source, set()).add(directive.start)
        for word in directive.args:
            if "ssl_" in word:
                words.setdefault(directive.source, []).append((word.start, word.end))
    for source in sources:
        known = starts.get(source)
        if known is None or "ssl_" not in source.code:
            continue
        comments = [(comment.start, comment.end) for comment in source.comments]
        for found in _TLS.finditer(source.code):
            at = found.start(1)
            inside = (*words.get(source, ()), *comments)
            if at not in known and not any(start <= at < end for start, end in inside):
                yield _lost(source, at, found.end(1))


def _lost(source: SourceFile, start: int, end: int) -> Problem:
    return Problem(
        ProblemKind.UNREADABLE,
        source.path,
        Span(source, start, end),
        f"{source.path} was not fully read: `{source.text[start:end]}` stands here, but not in what was read",
        "Please report this together with the file; what is said of it is not to be trusted.",
    )
