"""One configuration under two versions of nginx: what changes, in behaviour and in findings."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from mtls_lint.lint.finding import Reported
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report, run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.build import Build
from mtls_lint.nginx.chain_check import reader
from mtls_lint.nginx.differences import Difference, Kind, NotCompared, differences, notes
from mtls_lint.nginx.model import build
from mtls_lint.nginx.resumption import RESUMPTION_CVE
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.tree import Tree

ADVICE = "versions"
"""The family of rules that say which versions have been mended, and which nobody mends."""


class Upgrade(Struct, frozen=True):
    """What nginx ``new`` does differently from ``old``.

    ``appearing`` and ``going`` are findings of the one version only; refusals to start are differences.
    ``advice`` are the ids of rules that judge versions by themselves. ``notes`` are changes of every
    configuration. ``complete`` is False where something that is there could not be read, or a rule crashed.
    """

    old: NginxVersion
    new: NginxVersion
    differences: tuple[Difference, ...]
    appearing: tuple[Reported, ...]
    going: tuple[Reported, ...]
    notes: tuple[str, ...]
    not_compared: tuple[NotCompared, ...]
    complete: bool
    advice: frozenset[str] = frozenset()

    @property
    def differs(self) -> bool:
        """Whether the configuration does something else, or is judged otherwise.

        That a version is old, or has been mended, says nothing of the kind, and notes hold for everybody.
        """
        return bool(self.differences) or any(
            one.rule not in self.advice for one in (*self.appearing, *self.going)
        )


def upgrade(
    tree: Tree,
    old: NginxVersion,
    new: NginxVersion,
    rules: Sequence[Rule],
    now: datetime,
    store: PemStore,
    asked: Build | None = None,
) -> Upgrade:
    """Compare what the two versions make of ``tree``, and what the rules say of both.

    ``asked`` is the build of the old version, where one was asked.
    """
    models = build(tree, old), build(tree, new)
    reports = [
        run(model, rules, Settings(model.version, version_told=True, build=build_of), now, store)
        for model, build_of in zip(models, (asked, None), strict=True)
    ]
    fixed = True if asked is not None and asked.carries_fix(RESUMPTION_CVE) else None
    found: list[Difference] = list(_starts(*reports))
    doubts = []
    for one in differences(*models, now, reader(store), fixed=fixed):
        if isinstance(one, Difference):
            found.append(one)
        else:
            doubts.append(one)
    appearing = tuple(_only_in(reports[1], reports[0]))
    going = tuple(_only_in(reports[0], reports[1]))
    complete = not any(report.unreadable or report.crashes for report in reports)
    told = notes(models[1], old, new)
    advice = frozenset(rule.id for rule in rules if rule.family == ADVICE)
    return Upgrade(old, new, tuple(found), appearing, going, told, tuple(doubts), complete, advice)


def _starts(old: Report, new: Report) -> Iterator[Difference]:
    """The directives that one of the two refuses and the other takes."""
    refused_by = [_by_place(report) for report in (old, new)]
    for place, found in refused_by[1].items():
        if place not in refused_by[0]:
            yield Difference(Kind.START, _text(found), "takes it", _refuses(found), found.span)
    for place, found in refused_by[0].items():
        if place not in refused_by[1]:
            yield Difference(Kind.START, _text(found), _refuses(found), "takes it", found.span)


def _by_place(report: Report) -> dict[tuple[str, int], Reported]:
    """The refusals, the first at each place."""
    found: dict[tuple[str, int], Reported] = {}
    for one in report.findings:
        if one.finding.fatal:
            found.setdefault((one.span.path, one.span.start), one)
    return found


def _refuses(found: Reported) -> str:
    return f"refuses to start ({found.rule})"


def _text(found: Reported) -> str:
    span = found.span
    return f"`{' '.join(span.source.text[span.start : span.end].split())[:80]}`"


def _only_in(report: Report, other: Report) -> Iterator[Reported]:
    """The findings of ``report`` that ``other`` has not, or not with this severity; refusals left out.

    Messages may name the version, and do not count. What the other version refuses is said already.
    """
    known = {(one.fingerprint, one.severity) for one in other.findings if not one.finding.fatal}
    refused = {(one.rule, one.fingerprint) for one in other.findings if one.finding.fatal}
    for one in report.findings:
        if one.suppressed is not None or one.finding.fatal or (one.rule, one.fingerprint) in refused:
            continue
        if (one.fingerprint, one.severity) not in known:
            yield one
