"""What the ignores of a tree hide, and which of them hide nothing."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mtls_lint.lint.finding import NotEvaluated, Reported, Suppression
from mtls_lint.lint.ignore import Ignore, Selector, parse_ignore
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.selection import chosen, suggestion
from mtls_lint.lint.settings import Settings
from mtls_lint.syntax.source import Comment, SourceFile
from mtls_lint.syntax.tree import Directive, Tree

FAMILY = "ignores"
UNUSED = "ignore-unused"

Use = tuple[str, int]
"""A selector of an ignore that hid something: its file, and where it stands there."""


def read_ignores(tree: Tree, known: Sequence[Rule], settings: Settings, now: datetime) -> tuple[Ignore, ...]:
    """The ignores of a tree, with the rules they mean and what they cover; ``known`` are all rules."""
    found = [
        (comment, ignore)
        for source in tree.sources
        for comment in source.comments
        if "mtls-lint:" in comment.text and (ignore := parse_ignore(source, comment, now)) is not None
    ]
    if not found:
        return ()
    extents = _extents(tree, {ignore.span.source for _, ignore in found})
    return tuple(
        _placed(
            replace(
                ignore,
                selectors=tuple(_resolved(selector, known) for selector in ignore.selectors),
                lacks_reason=settings.ignores_need_reason and not ignore.reason and not ignore.defect,
            ),
            comment,
            extents[ignore.span.source],
        )
        for comment, ignore in found
    )


def hide(findings: Iterable[Reported], ignores: Sequence[Ignore]) -> tuple[Reported, ...]:
    """The findings, those marked that an ignore hides at any of their places."""
    marked = []
    for finding in findings:
        hiding = next((ignore for ignore, _ in _hiding(finding, ignores)), None)
        if hiding is not None:
            reason = hiding.reason or "no reason given"
            reason += f" (until {hiding.until})" if hiding.until is not None else ""
            finding = replace(finding, suppressed=reason, suppression=Suppression.COMMENT)  # noqa: PLW2901
        marked.append(finding)
    return tuple(marked)


def uses(findings: Iterable[Reported], ignores: Sequence[Ignore]) -> frozenset[Use]:
    """The selectors that hide something. Of several that hide the same, all count."""
    return frozenset(use(selector) for one in findings for _, selector in _hiding(one, ignores))


def use(selector: Selector) -> Use:
    """The identity of a selector: a file may be part of several trees."""
    return selector.span.source.real_path, selector.span.start


def judged(
    ignores: Iterable[Ignore],
    used: Collection[Use],
    tree: Tree,
    rules: Iterable[Rule],
    not_evaluated: Iterable[NotEvaluated],
) -> Iterator[Ignore]:
    """The ignores with what is unused about them, each comment once.

    ``rules`` are those that ran: a selector that means others as well is not judged. It is not known either
    what a rule would have found that could not decide everything.
    """
    ran = {rule.id: rule for rule in rules}
    doubtful = {entry.rule for entry in not_evaluated}
    general = _doubt(tree)
    seen: set[Use] = set()
    for ignore in ignores:
        place = (ignore.span.source.real_path, ignore.span.start)
        if place in seen:
            continue
        seen.add(place)
        unused, undecided = [], ""
        for selector in ignore.selectors if ignore.is_effective else ():
            if use(selector) in used or not _is_judged(selector, ran):
                continue
            unsure = sorted(one for one in selector.rules if {one, ran[one].family} & doubtful)
            if general or unsure:
                undecided = general or f"{unsure[0]} could not decide everything"
            else:
                unused.append(selector)
        yield replace(ignore, unused=tuple(unused), undecided=undecided)


def _is_judged(selector: Selector, ran: dict[str, Rule]) -> bool:
    """Whether everything ran that it means; what is said about ignores themselves comes too late to tell."""
    return (
        bool(selector.rules)
        and selector.rules <= ran.keys()
        and not all(ran[one].declaration.subject is Ignore for one in selector.rules)
    )


def _doubt(tree: Tree) -> str:
    """Why nothing can be said about this tree as a whole."""
    if tree.is_fragment:
        return "this is a part of a configuration, and the whole may need it"
    if any(not problem.harmless for problem in tree.problems):
        return "part of the configuration was not read"
    if any(source.template is not None for source in tree.sources):
        return "a template is filled in elsewhere"
    return ""


def _hiding(finding: Reported, ignores: Sequence[Ignore]) -> Iterator[tuple[Ignore, Selector]]:
    places = (finding.span, *(related.span for related in finding.finding.related))
    for ignore in ignores:
        for selector in ignore.selectors if ignore.is_effective else ():
            if finding.rule in selector.rules and any(map(ignore.covers, places)):
                yield ignore, selector


def _resolved(selector: Selector, known: Sequence[Rule]) -> Selector:
    rules = frozenset(rule.id for rule in known if chosen(rule, selector.text))
    return replace(selector, rules=rules, suggestion="" if rules else suggestion(known, selector.text))


Extents = dict[int, tuple[int, int]]
"""The directives of a text by where they begin: where the directive ends, and where its block does."""


def _extents(tree: Tree, sources: Collection[SourceFile]) -> dict[SourceFile, Extents]:
    extents: dict[SourceFile, Extents] = {source: {} for source in sources}
    for directive in tree.walk():
        found = extents.get(directive.source)
        # What is included several times stands at the same place each time.
        if found is not None and directive.start not in found:
            found[directive.start] = directive.end, _end(directive)
    return {source: dict(sorted(found.items())) for source, found in extents.items()}


def _end(directive: Directive) -> int:
    """The end of the last directive in a block that stands in the same text as the block itself."""
    if not directive.block:
        return directive.end
    return max(one.end for one in directive.walk() if one.source is directive.source)


def _placed(ignore: Ignore, comment: Comment, extents: Extents) -> Ignore:
    """The ignore with what it covers, or with why it covers nothing."""
    source = ignore.span.source
    if ignore.defect:
        return ignore
    if ignore.whole_file:
        if extents and min(extents) < comment.start:
            return replace(ignore, defect="`ignore-file` has to stand before the first directive of its file")
        return replace(ignore, covered=((0, len(source.text) + 1),))
    inside = [(start, end) for start, (end, _) in extents.items() if start < comment.start < end]
    if inside:  # between the words of a directive
        return replace(ignore, covered=tuple(inside))
    if comment.own_line:
        start = next((start for start in extents if start > comment.start), None)
        if start is not None and not _leaves_block(source, comment.end, start):
            return replace(ignore, covered=((start, extents[start][1]),))
        return replace(ignore, defect="no directive follows it in its block") if extents else ignore
    line = source.position(comment.start)[0]
    first = source.line_starts[line - 1]
    blocks = [
        (start, last) for start, (end, last) in extents.items() if start < comment.start and end > first
    ]
    return replace(ignore, covered=((first, comment.start), *blocks))


def _leaves_block(source: SourceFile, start: int, end: int) -> bool:
    """Whether a block ends between two places with nothing but comments between them."""
    code = source.code
    for comment in source.comments:
        if start <= comment.start < end:
            if "}" in code[start : comment.start]:
                return True
            start = comment.end
    return "}" in code[start:end]
