"""Which fixes of a report are made in one run, and what the files are then."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from mtls_lint.lint.finding import Edit, Reported
from mtls_lint.syntax.source import SourceFile


class Refused(Struct, frozen=True):
    """A fix that is not made, and why."""

    reported: Reported
    reason: str


class Plan(Struct):
    """What one run changes.

    ``made`` are the findings that are mended, ``unsafe`` those whose fix was not asked for, ``overlapping``
    those whose fix touches what another one changes: they are left for the next run. ``edits`` are grouped by
    the key of the file (``plan``).
    """

    edits: dict[str, list[Edit]] = {}
    sources: dict[str, SourceFile] = {}
    made: list[Reported] = []
    unsafe: list[Reported] = []
    overlapping: list[Reported] = []
    refused: list[Refused] = []

    def changed(self, key: str) -> bytes:
        """The file as it is to be."""
        return encoded(rewritten(self.sources[key].text, self.edits[key]))


def plan(
    findings: Iterable[Reported],
    *,
    unsafe: bool,
    key_of: Callable[[SourceFile], str],
    refusal: Callable[[SourceFile], str | None],
) -> Plan:
    """Choose the fixes to make, in the order of the findings.

    ``key_of`` gives the file of a source, the same one for a file that was read twice; ``refusal`` says why a
    file must not be changed, None where it may be. What somebody has suppressed is left as it is.
    """
    chosen = Plan()
    for reported in findings:
        fix = reported.finding.fix
        if fix is None or reported.suppressed is not None:
            continue
        if not fix.safe and not unsafe:
            chosen.unsafe.append(reported)
            continue
        reasons = (refusal(source) for source in dict.fromkeys(edit.span.source for edit in fix.edits))
        if (reason := next(filter(None, reasons), None)) is not None:
            chosen.refused.append(Refused(reported, reason))
            continue
        placed = [(key_of(edit.span.source), edit) for edit in fix.edits]
        if any(_in_the_way(edit, other) for key, edit in placed for other in chosen.edits.get(key, ())):
            chosen.overlapping.append(reported)
            continue
        for key, edit in placed:
            chosen.sources.setdefault(key, edit.span.source)
            # Two servers that include one file want the same change of it.
            if not any(_same(edit, other) for other in chosen.edits.setdefault(key, [])):
                chosen.edits[key].append(edit)
        chosen.made.append(reported)
    return chosen


def rewritten(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; they do not overlap."""
    for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def encoded(text: str) -> bytes:
    """The bytes of a text that was read, those that are no UTF-8 as they were (``SourceFile``)."""
    return text.encode("utf-8", "surrogateescape")


def _in_the_way(edit: Edit, other: Edit) -> bool:
    """Whether two edits of one file touch; two that are the same do not disturb each other."""
    touch = edit.span.start <= other.span.end and other.span.start <= edit.span.end
    return touch and not _same(edit, other)


def _same(edit: Edit, other: Edit) -> bool:
    return (edit.span.start, edit.span.end, edit.text) == (other.span.start, other.span.end, other.text)
