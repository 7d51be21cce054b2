"""Runs rules over a configuration and collects what they say."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from mtls_lint.lint.context import Context
from mtls_lint.lint.evidence import Evidence
from mtls_lint.lint.finding import Compared, Finding, NotEvaluated, Reported, Severity
from mtls_lint.lint.identity import Places, fingerprint
from mtls_lint.lint.ignore import Ignore
from mtls_lint.lint.ignores import UNUSED, Use, hide, judged, read_ignores, uses
from mtls_lint.lint.requirements import Requirements
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.running import Master
from mtls_lint.lint.settings import Settings
from mtls_lint.lint.templates import confidence, places_apart, template_notes
from mtls_lint.lint.timings import NOT_TAKEN, Timings
from mtls_lint.nginx.material import KeyPair, server_certificates, trust_files
from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Directive, Problem


class Crash(Struct, frozen=True):
    """A rule that failed: its id, the error in one line, and the traceback for its author."""

    rule: str
    error: str
    traceback: str


class Report(Struct, frozen=True):
    """Everything a run found, in a fixed order; the input of every output format."""

    findings: tuple[Reported, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    problems: tuple[Problem, ...] = ()
    crashes: tuple[Crash, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    servers: int = 0
    rules: int = 0
    unreadable: bool = False
    """Whether something that is there could not be read: the run is incomplete (exit code 3)."""
    settings: Settings = field(default_factory=Settings)
    left_out: int = 0
    """How many findings are not among ``findings``, because nothing of them has changed."""
    used_ignores: frozenset[Use] = frozenset()
    """The selectors of ignores that hid something."""
    baseline: Compared | None = None

    def count(self, severity: Severity) -> int:
        """How many findings of this severity are not suppressed."""
        return sum(1 for f in self.findings if f.severity is severity and f.suppressed is None)

    def fixable(self, *, safe: bool) -> int:
        """How many findings have a fix of this kind and are not suppressed."""
        fixes = (f.finding.fix for f in self.findings if f.suppressed is None)
        return sum(1 for fix in fixes if fix is not None and fix.safe is safe)

    @property
    def files(self) -> int:
        """How many files were read; one that holds several configurations counts once."""
        return len({source.path for source in self.sources})

    @property
    def suppressed(self) -> int:
        """How many findings are hidden: by ignores, settings or a baseline."""
        return sum(1 for f in self.findings if f.suppressed is not None)


_NOTHING_ASKED = Requirements()


class _Run:
    """The state of one run over one configuration."""

    def __init__(
        self, configuration: Configuration, settings: Settings, now: datetime, evidence: Evidence
    ) -> None:
        self.configuration = configuration
        self.settings = settings
        self.now = now
        self.evidence = evidence
        self.places = Places(configuration)
        self.found: dict[tuple[object, ...], tuple[Rule, Finding]] = {}
        self.not_evaluated: dict[NotEvaluated, None] = {}
        self.crashes: list[Crash] = []
        self.used: frozenset[Use] = frozenset()
        self._subjects: dict[str, Sequence[object]] = {}

    def check(self, rule: Rule) -> None:
        """Run one rule over everything it visits; a crash is recorded and ends this rule only."""
        context = Context(rule.id, self.configuration, self.evidence, self.settings, self.now, self._record)
        try:
            function = None
            for subject in self._visited(rule):
                function = function or rule.function  # loaded for the first subject, if there is one
                for finding in function(subject, context):
                    # A snippet that many servers include is said once, at its one place.
                    span = finding.span
                    key = (rule.id, span.source, span.start, span.end, finding.message)
                    self.found.setdefault(key, (rule, finding))
        except Exception as error:  # noqa: BLE001 - the other rules go on, whatever this one does
            import traceback  # noqa: PLC0415 - no rule should crash

            self.crashes.append(Crash(rule.id, f"{type(error).__name__}: {error}", traceback.format_exc()))

    def _record(self, entry: NotEvaluated) -> None:
        self.not_evaluated.setdefault(entry)

    def _visited(self, rule: Rule) -> Iterable[object]:
        kind = rule.declaration.subject
        if rule.declaration.profiled and self.settings.requirements == _NOTHING_ASKED:
            return ()
        needs = rule.declaration.needs
        if needs and self._named is not None and self._named.isdisjoint(needs):
            return ()
        if kind == "Directive":
            return self._directives_named(rule.declaration.directives)
        if kind not in self._subjects:
            self._subjects[kind] = _SUBJECTS[kind](self.configuration)
        return self._subjects[kind]

    def _directives_named(self, names: Sequence[str]) -> Iterable[Directive]:
        for name in names or self._directives:
            yield from self._directives.get(name, ())

    @cached_property
    def _directives(self) -> dict[str, tuple[Directive, ...]]:
        return self.configuration.directives

    @cached_property
    def _named(self) -> frozenset[str] | None:
        """The directives that there are, with the blocks around a fragment; None where not all is known."""
        tree = self.configuration.tree
        if any(not problem.harmless for problem in tree.problems) or any(template_notes(tree.sources)):
            return None
        return frozenset((*self._directives, *tree.context))

    def check_ignores(self, rules: Sequence[Rule], known: Sequence[Rule]) -> tuple[Ignore, ...]:
        """Run the rules about ignores, last: it counts what the others found. Returns the ignores."""
        if not self.settings.ignores:
            return ()
        tree = self.configuration.tree
        ignores = read_ignores(tree, known, self.settings, self.now)
        if ignores:
            self.used = uses(self.reported(), ignores)
            doubtful = {entry.rule for entry in self.not_evaluated} | {crash.rule for crash in self.crashes}
            self._subjects["Ignore"] = tuple(judged(ignores, self.used, tree, rules, doubtful))
        for rule in rules:
            if rule.declaration.subject == "Ignore":
                self.check(rule)
        return ignores

    def leave_out_impossible(self) -> None:
        """Take findings for what they are whose places are never there together: none."""
        for key, (rule, finding) in list(self.found.items()):
            if apart := places_apart(finding):
                del self.found[key]
                line = finding.span.line
                reason = f"line {line} and line {apart.line} stand in different branches of a template"
                self._record(NotEvaluated(rule.id, finding.span.path, line, reason))

    def reported(self) -> tuple[Reported, ...]:
        """The findings with identities, sorted by place."""
        ordered = sorted(self.found.values(), key=_order)
        seen: Counter[tuple[str, str, str]] = Counter()
        reported = []
        for rule, finding in ordered:
            directive = self.places.directive_at(finding.span)
            path = finding.path or (self.places.logical_path(directive) if directive is not None else "")
            identity = (rule.id, path, directive.text if directive is not None else "")
            reported.append(
                Reported(
                    rule.id,
                    self.settings.severities.get(rule.id) or finding.severity or rule.severity,
                    confidence(rule, finding),
                    finding,
                    fingerprint(*identity, seen[identity]),
                    rule.declaration.controls,
                )
            )
            seen[identity] += 1
        return tuple(reported)


def _upstream_certificates(configuration: Configuration) -> Sequence[KeyPair]:
    from mtls_lint.nginx.upstream_certificates import upstream_certificates  # noqa: PLC0415 - few have any

    return upstream_certificates(configuration)


_SUBJECTS: dict[str, Callable[[Configuration], Sequence[object]]] = {
    "Configuration": lambda configuration: (configuration,),
    "VirtualServer": lambda configuration: configuration.servers,
    "Location": lambda configuration: [
        location for server in configuration.servers for location in server.all_locations()
    ],
    "Socket": lambda configuration: configuration.sockets,
    "ServerCertificate": server_certificates,
    "UpstreamCertificate": _upstream_certificates,
    "KeyPair": lambda configuration: (
        *server_certificates(configuration),
        *_upstream_certificates(configuration),
    ),
    "TrustFile": trust_files,
    "Ignore": lambda _: (),
}


def _order(entry: tuple[Rule, Finding]) -> tuple[str, int, int, str, str]:
    rule, finding = entry
    return (finding.span.path, finding.span.start, -finding.span.end, rule.id, finding.message)


def run(
    configuration: Configuration,
    rules: Iterable[Rule],
    settings: Settings,
    now: datetime,
    store: PemStore | None = None,
    progress: Callable[[Rule], None] | None = None,
    running: Callable[[Configuration], Master | None] | None = None,
    known: Sequence[Rule] = (),
    timings: Timings = NOT_TAKEN,
) -> Report:
    """Run ``rules`` over ``configuration``.

    ``now`` is the moment to judge validity at (with a time zone); ``store`` may be shared by several runs
    so that a file is read once; ``progress`` is called before each rule. ``running``
    finds the nginx that runs here by the configuration; without it none is looked for. ``known`` are all
    rules there are, which ignores may name (those that run, unless given).
    """
    store = store if store is not None else PemStore()
    state = _Run(configuration, settings, now, Evidence(configuration, store, running))
    selected = tuple(rules)
    for rule in selected:
        if rule.declaration.subject == "Ignore":
            continue
        if progress is not None:
            progress(rule)
        with timings.rule(rule.id):
            state.check(rule)
    tree = configuration.tree
    state.leave_out_impossible()
    ignores = state.check_ignores(selected, known or selected)
    entries = [
        *_unread(tree.problems),
        *template_notes(tree.sources),
        *_crashed(state.crashes, tree.path),
        *state.not_evaluated,
    ]
    return Report(
        findings=hide(state.reported(), ignores),
        not_evaluated=tuple(sorted(entries, key=lambda e: (e.path, e.line, e.reason, e.rule))),
        problems=tree.problems,
        crashes=tuple(state.crashes),
        sources=tree.sources,
        servers=len(configuration.servers),
        rules=len(selected),
        unreadable=any(not problem.harmless for problem in tree.problems) or state.evidence.unreadable,
        settings=settings,
        used_ignores=state.used,
    )


def _unread(problems: Iterable[Problem]) -> Iterable[NotEvaluated]:
    for problem in problems:
        path = problem.span.path if problem.span is not None else problem.path
        line = problem.span.line if problem.span is not None else 1
        yield NotEvaluated("", path, line, f"{problem.message}. {problem.hint}")


def _crashed(crashes: Iterable[Crash], path: str) -> Iterable[NotEvaluated]:
    for crash in crashes:
        yield NotEvaluated(crash.rule, path, 1, f"the rule crashed: {crash.error}")


def merge(reports: Sequence[Report]) -> Report:
    """One report of several trees, in the order given."""
    if len(reports) == 1:
        return reports[0]
    used = frozenset[Use]().union(*(report.used_ignores for report in reports))
    return Report(
        findings=tuple(f for report in reports for f in report.findings if not _is_used(f, used)),
        not_evaluated=tuple(e for report in reports for e in report.not_evaluated),
        problems=tuple(p for report in reports for p in report.problems),
        crashes=tuple(c for report in reports for c in report.crashes),
        sources=tuple(dict.fromkeys(s for report in reports for s in report.sources)),
        servers=sum(report.servers for report in reports),
        rules=max((report.rules for report in reports), default=0),
        unreadable=any(report.unreadable for report in reports),
        settings=reports[0].settings if reports else Settings(),
        left_out=sum(report.left_out for report in reports),
        used_ignores=used,
    )


def _is_used(finding: Reported, used: frozenset[Use]) -> bool:
    """Whether this says of an ignore that it is unused, and another tree with the same file needs it."""
    return finding.rule == UNUSED and (finding.span.source.real_path, finding.span.start) in used
