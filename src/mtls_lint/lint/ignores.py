"""What the ignores of a tree hide, and which of them hide nothing."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mtls_lint.lint.finding import Reported, Suppression
from mtls_lint.lint.ignore import Ignore, Selector, parse_ignore
from mtls_lint.lint.ignore_places import layouts
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.selection import chosen, suggestion
from mtls_lint.lint.settings import Settings
from mtls_lint.syntax.tree import Tree

if TYPE_CHECKING:
    from mtls_lint.syntax.source import SourceFile, Span

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
    places = layouts(tree, {ignore.span.source for _, ignore in found})
    meaning = _Meaning(known)
    return tuple(
        replace(
            places[ignore.span.source].placed(ignore, own_line=comment.own_line),
            selectors=tuple(map(meaning.resolved, ignore.selectors)),
            lacks_reason=settings.ignores_need_reason and not ignore.reason and not ignore.defect,
        )
        for comment, ignore in found
    )


def hide(findings: Iterable[Reported], ignores: Sequence[Ignore]) -> tuple[Reported, ...]:
    """The findings, those marked that an ignore hides at any of their places."""
    index, marked = _Index(ignores), []
    for finding in findings:
        hiding = next((ignore for ignore, _ in index.hiding(finding)), None)
        if hiding is not None:
            reason = hiding.reason or "no reason given"
            reason += f" (until {hiding.until})" if hiding.until is not None else ""
            finding = replace(finding, suppressed=reason, suppression=Suppression.COMMENT)  # noqa: PLW2901
        marked.append(finding)
    return tuple(marked)


def uses(findings: Iterable[Reported], ignores: Sequence[Ignore]) -> frozenset[Use]:
    """The selectors that hide something. Of several that hide the same, all count."""
    index = _Index(ignores)
    return frozenset(use(selector) for one in findings for _, selector in index.hiding(one))


def use(selector: Selector) -> Use:
    """The identity of a selector: a file may be part of several trees."""
    return selector.span.source.real_path, selector.span.start


def judged(
    ignores: Iterable[Ignore],
    used: Collection[Use],
    tree: Tree,
    rules: Iterable[Rule],
    doubtful: Collection[str],
) -> Iterator[Ignore]:
    """The ignores with what is unused about them, each comment once.

    ``rules`` are those that ran: a selector that means others as well is not judged. It is not known either
    what those would have found that are ``doubtful``: rules (or families) that could not decide everything.
    """
    ran = {rule.id: rule for rule in rules}
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
            unsure = sorted(one for one in selector.rules if one in doubtful or ran[one].family in doubtful)
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
        and not all(ran[one].declaration.subject == "Ignore" for one in selector.rules)
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


class _Index:
    """The effective ignores by file and rule, so that a finding meets only those that may be meant."""

    def __init__(self, ignores: Iterable[Ignore]) -> None:
        found: dict[tuple[SourceFile, str], list[_Stretch]] = {}
        order = 0
        for ignore in ignores:
            for selector in ignore.selectors if ignore.is_effective else ():
                order += 1
                for rule in selector.rules:
                    found.setdefault((ignore.span.source, rule), []).extend(
                        (first, last, order, ignore, selector) for first, last in ignore.covered
                    )
        self.found = {key: _Stretches(stretches) for key, stretches in found.items()}

    def hiding(self, finding: Reported) -> Iterator[tuple[Ignore, Selector]]:
        """The ignores that hide a finding, at any of its places."""
        for span in (finding.span, *(related.span for related in finding.finding.related)):
            stretches = self.found.get((span.source, finding.rule))
            if stretches is not None:
                yield from stretches.over(span)


_Stretch = tuple[int, int, int, Ignore, Selector]
"""Where it begins and ends, the selector's number, and whose it is."""


class _Stretches:
    """What ignores of one rule cover of one text; blocks lie in one another, or beside."""

    def __init__(self, stretches: Iterable[_Stretch]) -> None:
        self._ordered = sorted(stretches, key=_begin)
        self._begins = [one[0] for one in self._ordered]
        # For each, the nearest one before it that goes on into it: only those around can cover a place in it.
        self._around: list[int] = []
        open_: list[int] = []
        for number, one in enumerate(self._ordered):
            while open_ and self._ordered[open_[-1]][1] <= one[0]:
                open_.pop()
            self._around.append(open_[-1] if open_ else -1)
            open_.append(number)

    def over(self, span: "Span") -> Iterator[tuple[Ignore, Selector]]:
        """Those that cover some of a place, in the order of the ignores, each selector once."""
        last = bisect_left(self._begins, max(span.end, span.start + 1)) - 1
        found: dict[int, _Stretch] = {}
        while last >= 0 and self._begins[last] > span.start:
            found[self._ordered[last][2]] = self._ordered[last]
            last -= 1
        while last >= 0:
            if self._ordered[last][1] > span.start:
                found[self._ordered[last][2]] = self._ordered[last]
            last = self._around[last]
        return ((found[number][3], found[number][4]) for number in sorted(found))


_begin = itemgetter(0)


class _Meaning:
    """Which rules a word means; each word is looked up once."""

    SUGGESTIONS = 100
    """Words for which what was meant is searched: that takes milliseconds each."""

    def __init__(self, known: Sequence[Rule]) -> None:
        self.known = known
        self.rules: dict[str, tuple[frozenset[str], str]] = {}
        self.left = self.SUGGESTIONS

    def resolved(self, selector: Selector) -> Selector:
        """The word with the rules that it means, or what was probably meant."""
        found = self.rules.get(selector.text)
        if found is None:
            rules = frozenset(rule.id for rule in self.known if chosen(rule, selector.text))
            meant = ""
            if not rules and self.left:
                self.left -= 1
                meant = suggestion(self.known, selector.text)
            found = self.rules[selector.text] = rules, meant
        return replace(selector, rules=found[0], suggestion=found[1])
