"""What a report says of templates: what was filled in nowhere, and what may not be there."""

from collections.abc import Iterable, Iterator, Sequence

from mtls_lint.lint.finding import Confidence, Finding, NotEvaluated
from mtls_lint.lint.rule import Rule
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.template import Arm


def template_notes(sources: Iterable[SourceFile]) -> Iterator[NotEvaluated]:
    """What was not evaluated of each template as a whole."""
    for source in sources:
        template = source.template
        if template is None:
            continue
        lines = sorted({source.position(value.start)[0] for value in template.unknown_values})
        if lines:
            reason = (
                f"a template ({template.language}) fills in values in {_lines(lines)}: what depends on them "
                "was not evaluated; render it and check the result, or give values with --define NAME=VALUE"
            )
            yield NotEvaluated("", source.path, lines[0], reason)
        if read := [arm for arm in template.arms if arm.read]:
            lines = sorted({source.position(arm.start)[0] for arm in read})
            reason = f"conditions and loops in {_lines(lines)}: every branch was read as if it were there"
            yield NotEvaluated("", source.path, lines[0], reason)
        for arm in _outermost(arm for arm in template.arms if not arm.read):
            first, last = source.position(arm.start)[0], source.position(arm.end)[0]
            reason = (
                f"lines {first} to {last}: this branch does not fit together with the others and was not read"
            )
            yield NotEvaluated("", source.path, first, reason)


def places_apart(finding: Finding) -> Span | None:
    """A related place of a finding that is never there when its own place is."""
    template = finding.span.source.template
    if template is None:
        return None
    return next(
        (
            related.span
            for related in finding.related
            if related.span.source is finding.span.source
            and template.exclusive(finding.span.start, related.span.start)
        ),
        None,
    )


def confidence(rule: Rule, finding: Finding) -> Confidence:
    """How sure a finding is; in a template, whose branches may not be there, never quite."""
    given = finding.confidence or rule.confidence
    is_template = finding.span.source.template is not None
    return Confidence.LIKELY if is_template and given is Confidence.CERTAIN else given


def _outermost(arms: Iterable[Arm]) -> Iterator[Arm]:
    end = -1
    for arm in sorted(arms, key=lambda arm: (arm.start, -arm.end)):
        if arm.start >= end:
            end = arm.end
            yield arm


def _lines(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:6]))
    more = f" and {len(lines) - 6} more" if len(lines) > 6 else ""
    return f"line {shown}" if len(lines) == 1 else f"lines {shown}{more}"
