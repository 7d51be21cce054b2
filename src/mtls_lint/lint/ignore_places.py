"""Which stretch of a text an ignore covers, by where it stands among the directives."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection

from msgspec.structs import replace

from mtls_lint.lint.ignore import Ignore
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Directive, Tree


class Layout:
    """The directives of one text in their order, each once however often the text is included.

    Their words (from the name to the ``;`` or ``{``) never overlap, so that all questions are answered by
    bisection: a text may hold as many comments as directives.
    """

    def __init__(self, source: SourceFile, directives: dict[int, tuple[int, int]]) -> None:
        ordered = sorted(directives.items())
        self.source = source
        self.starts = [start for start, _ in ordered]
        self.ends = [end for _, (end, _) in ordered]
        self.block_ends = [last for _, (_, last) in ordered]
        self._closes: dict[int, int] = {}

    def placed(self, ignore: Ignore, *, own_line: bool) -> Ignore:
        """The ignore with what it covers, or with why it covers nothing."""
        at = ignore.span.start
        following = bisect_right(self.starts, at)
        if ignore.defect:
            return ignore
        if ignore.whole_file:
            if following:
                return replace(ignore, defect="`ignore-file` has to stand before the first directive")
            return replace(ignore, covered=((0, len(self.source.text) + 1),))
        if following and self.ends[following - 1] > at:  # between the words of a directive
            return replace(ignore, covered=((self.starts[following - 1], self.ends[following - 1]),))
        if not own_line:
            return replace(ignore, covered=self._in_line(at, following))
        if following < len(self.starts) and self._closed(following) < at:
            return replace(ignore, covered=((self.starts[following], self.block_ends[following]),))
        return replace(ignore, defect="no directive follows it in its block") if self.starts else ignore

    def _in_line(self, at: int, following: int) -> tuple[tuple[int, int], ...]:
        """The line up to ``at``, and the blocks whose words reach into it."""
        first = self.source.line_starts[self.source.position(at)[0] - 1]
        covered = [(first, at)]
        index = following - 1
        while index >= 0 and self.ends[index] > first:
            covered.append((self.starts[index], self.block_ends[index]))
            index -= 1
        return tuple(covered)

    def _closed(self, index: int) -> int:
        """Where the last block ends between this directive and the one before it; -1 where none does."""
        found = self._closes.get(index)
        if found is None:
            begin = self.ends[index - 1] if index else 0
            end = self.starts[index]
            close = -1
            comments = self.source.comments
            for number in range(bisect_left(comments, begin, key=lambda one: one.start), len(comments)):
                comment = comments[number]
                if comment.start >= end:
                    break
                close = max(close, self.source.code.rfind("}", begin, comment.start))
                begin = comment.end
            found = self._closes[index] = max(close, self.source.code.rfind("}", begin, end))
        return found


def layouts(tree: Tree, sources: Collection[SourceFile]) -> dict[SourceFile, Layout]:
    """The layouts of these texts of a tree."""
    found: dict[SourceFile, dict[int, tuple[int, int]]] = {source: {} for source in sources}
    for directive in tree.walk():
        known = found.get(directive.source)
        if known is not None and directive.start not in known:
            known[directive.start] = directive.end, _end(directive)
    return {source: Layout(source, directives) for source, directives in found.items()}


def _end(directive: Directive) -> int:
    """The end of the last directive in a block that stands in the same text as the block itself."""
    if not directive.block:
        return directive.end
    return max(one.end for one in directive.walk() if one.source is directive.source)
