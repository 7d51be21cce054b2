"""Ignores: comments of a configuration that hide findings, and how they are written.

``# mtls-lint: ignore[rule-id, ...] until=2027-01-31 reason``, behind a directive or in a line of its own
before it, and ``# mtls-lint: ignore-file[...] ...`` before the first directive of a file.
"""

import re
from datetime import date, datetime
from os.path import basename

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.syntax.source import Comment, SourceFile, Span

EXPECTED = "# mtls-lint: ignore[rule-id, ...] until=2027-01-31 reason"

_ADDRESSED = expression(r"\s*mtls-lint:\s*(?P<rest>.*)", re.DOTALL)
_CONTEXT = expression(r"context\s*=")
_IGNORE = expression(
    r"(?P<word>ignore(?:-file)?)\s*\[(?P<rules>[^][]*)\](?=\s|\Z)(?:\s+until=(?P<until>\S*))?(?P<reason>.*)",
    re.DOTALL,
)
_WORD = expression(r"[^\s,]+")


class Selector(Struct, frozen=True):
    """One word in the brackets: a rule id, a family or a pattern, and the ids of the rules it means."""

    text: str
    span: Span
    rules: frozenset[str] = frozenset()
    suggestion: str = ""
    """For a word that means no rule: what was probably meant."""


class Ignore(Struct, frozen=True):
    """One comment that addresses this tool to hide findings.

    ``covered`` are the stretches of its text whose findings it hides. ``defect`` says what is wrong where it
    is no ignore; ``is_expired``, ``lacks_reason`` and ``defect`` make it hide nothing. ``unused`` are the
    selectors that hid nothing in this run, known when all other rules have run, and ``undecided`` says why
    that is not known.
    """

    span: Span
    selectors: tuple[Selector, ...] = ()
    whole_file: bool = False
    until: date | None = None
    reason: str = ""
    defect: str = ""
    covered: tuple[tuple[int, int], ...] = ()
    is_expired: bool = False
    lacks_reason: bool = False
    unused: tuple[Selector, ...] = ()
    undecided: str = ""

    @property
    def is_effective(self) -> bool:
        """Whether it hides anything at all."""
        return not (self.defect or self.is_expired or self.lacks_reason)

    @property
    def path(self) -> str:
        """The logical path of a finding about it: its words, and the name of its file."""
        return f"{basename(self.span.path)}/#{' '.join(self.span.text.lstrip('#').split())}"


def parse_ignore(source: SourceFile, comment: Comment, now: datetime) -> Ignore | None:
    """The ignore that a comment is, or tries to be; None for any other comment. Nothing is covered yet."""
    addressed = _ADDRESSED.fullmatch(comment.text)
    if addressed is None or _CONTEXT.match(addressed["rest"]):
        return None
    span = Span(source, comment.start, comment.end)
    found = _IGNORE.fullmatch(comment.text, addressed.start("rest"))
    if found is None:
        return Ignore(span, defect=f"it is not of the form `{EXPECTED}`")
    selectors = tuple(
        Selector(word[0], Span(source, start := comment.start + 1 + word.start(), start + len(word[0])))
        for word in _WORD.finditer(comment.text, found.start("rules"), found.end("rules"))
    )
    reason = found["reason"].strip().lstrip("-:–—").strip()  # noqa: RUF001 - the dashes that people write
    until, defect = None, ""
    if found["until"] is not None:
        try:
            # Python 3.11 knows more forms of ISO 8601 than 3.10 does, and nobody else would.
            until = datetime.strptime(found["until"], "%Y-%m-%d").replace(tzinfo=now.tzinfo).date()
        except ValueError:
            defect = f"`until={found['until']}` is no date such as until=2027-01-31"
    if not selectors:
        defect = "no rule stands in its brackets"
    elif re.search(r"(?<!\S)until\s*=", reason):
        defect = "`until=` has to stand right behind the brackets, before the reason"
    expired = until is not None and now.date() > until
    return Ignore(span, selectors, found["word"] == "ignore-file", until, reason, defect, is_expired=expired)
