"""Try rules on texts, and a pack on its own examples.

In the tests of a pack::

    from mtls_lint.testing import check_pack, lint_text

    def test_examples():
        assert [result for result in check_pack(Path("my-rules")) if not result.ok] == []

    def test_a_near_miss():
        report = lint_text("server { ... }", rules=["my-rules/my-rule"], packs=[Path("my-rules")])
        assert report.findings == ()

Configurations name certificates as ``/pki/server.pem``: every name of ``mtls_lint.testing.catalogue``
stands for material that is made when it is first wanted. The clock stands at ``CLOCK``.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.lint.pack import BUILT_IN, built_in_pack, directory_pack, load_packs
from mtls_lint.lint.profile import load_profile
from mtls_lint.lint.requirements import Requirements
from mtls_lint.lint.runner import Report, run
from mtls_lint.lint.running import Master
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion, parse_version
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing import catalogue
from mtls_lint.testing.nginx import NginxBinary, find_nginx
from mtls_lint.testing.pki import CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mtls_lint.lint.documentation import Example
    from mtls_lint.lint.rule import Rule
    from mtls_lint.nginx.build import Build
    from mtls_lint.nginx.model import Configuration

TEMPLATE_MARKER = "REPLACE-ME"
"""Stands in the file that ``mtls-lint new-rule`` writes; no rule that is finished holds it."""

Kind = Literal["bad", "good", "page"]

# At the start of a path only: in a text whose material is in place already, nothing is replaced again.
_MATERIAL = re.compile(r"(?<![\w.-])" + re.escape(catalogue.PREFIX) + r"(?P<name>[\w.-]+)?")
_OPTIONS = {"context", "expiry_days", "file", "loaded", "nginx", "now", "profile", "require", "version"}


class ExampleCase(Struct, frozen=True):
    """One fenced block of a rule's page: ``kind`` bad or good, ``index`` counted from 1 within its kind.

    The options on the fence: ``version=1.22.1`` (the nginx of the run), ``require=a.example,b.example``,
    ``expiry_days=30``, ``now=2026-07-01`` (UTC), ``loaded=2026-05-01`` (an nginx runs by this configuration
    and has read its files then, before they were made), ``context=http,server`` (where a snippet belongs),
    ``file=conf.d/api.conf`` (its name in reports), ``profile=cis-3.0.0`` (whose parameters count)
    and ``nginx=no`` (real nginx is not asked, because the example needs a module of others).
    """

    rule: Rule
    kind: Kind
    index: int
    example: Example

    def __str__(self) -> str:
        return f"{self.rule.id}-{self.kind}-{self.index}"


class ExampleResult(Struct, frozen=True):
    """How one example of a rule went. ``kind`` ``page`` is the rule's file as a whole (``index`` 0).

    ``problem`` says what is wrong, for people; empty when ``ok``.
    """

    rule: str
    kind: Kind
    index: int
    ok: bool
    problem: str = ""


def lint_text(
    text: str,
    *,
    rules: Sequence[str] | None = None,
    version: str | NginxVersion | None = None,
    now: datetime = CLOCK,
    require: Sequence[str] = (),
    expiry_days: int | None = None,
    context: tuple[str, ...] | None = None,
    directory: Path | None = None,
    files: Mapping[str, str | bytes] | None = None,
    packs: Iterable[Path] | None = None,
    label: str = "nginx.conf",
    build_of_nginx: Build | None = None,
    profile: str | None = None,
) -> Report:
    """Lint a configuration given as text.

    ``rules`` are the ids to run (all without it); ``packs`` are directories of rules, the built-in pack
    unless given. ``context`` says where a fragment belongs (``("http", "server")``); without it, that is
    inferred. Relative paths count from ``directory``, into which ``files`` are written (a temporary one,
    gone afterwards, unless given); ``/pki/`` names work in ``files`` too. ``label`` is the name in reports.
    ``version`` and ``build_of_nginx`` say which nginx it is; without, the newest stable one is assumed.
    ``profile`` names one whose parameters the rules read; severities stay those of the rules.

    Raises ValueError for a rule id that is not there.
    """
    known = _load(tuple(packs) if packs is not None else None)
    selected = _select(known, rules)
    number = parse_version(version) if isinstance(version, str) else version or NEWEST_STABLE
    settings = Settings(
        number,
        tuple(require),
        expiry_days,
        version is not None,
        build_of_nginx,
        requirements=_requirements(profile),
    )
    with ExitStack() as stack:
        if directory is None:
            directory = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mtls-lint-conf-")))
                if files
                else _empty_directory()
            )
        for name, content in (files or {}).items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(with_material(content).encode() if isinstance(content, str) else content)
        tree = load_text(with_material(text), label, context=context, main_directory=str(directory))
        return run(build(tree, number), selected, settings, now, _store(), known=known)


def with_material(text: str) -> str:
    """``text`` with ``/pki/`` replaced by the directory that holds what it names there.

    What the catalogue does not have stays absent: examples of missing files need that.
    """
    wanted = {match["name"] for match in _MATERIAL.finditer(text)}
    if not wanted:
        return text
    directory = _home() / "pki"
    known = _known_names()
    for name in sorted(wanted & known):
        path = directory / name
        if not path.exists():
            catalogue.materialise(directory, [name])
    return _MATERIAL.sub(lambda match: f"{directory}/{match['name'] or ''}", text)


def check_pack(directory: Path | None = None) -> tuple[ExampleResult, ...]:
    """Try every example of the pack in ``directory`` (None: the built-in pack).

    Every Bad block gives at least one finding of its rule and every Good block none; no rule crashes; no
    text of the template is left. With nginx on this machine, it is asked as well (see ``check_example``).

    Raises RuleError when a rule cannot be loaded.
    """
    pages = tuple(_check_page(rule) for rule in _load(None if directory is None else (directory,)))
    return pages + tuple(check_example(case) for case in examples_of(directory))


def examples_of(directory: Path | None = None) -> tuple[ExampleCase, ...]:
    """All examples of a pack, to be tried one by one with ``check_example``."""
    return tuple(
        ExampleCase(rule, kind, index, example)
        for rule in _load(None if directory is None else (directory,))
        for kind, examples in _by_kind(rule)
        for index, example in enumerate(examples, 1)
    )


def check_example(case: ExampleCase, binaries: Sequence[NginxBinary] | None = None) -> ExampleResult:
    """Try one example, with ``binaries`` of nginx (those of this machine unless given).

    nginx has to accept Good blocks and Bad blocks, except those whose findings say that nginx refuses
    them: these it has to refuse. Asked are the binaries of the version on the fence or, without one, all of
    them for what is to be accepted and the newest for what is to be refused. Fragments are wrapped into
    the blocks they belong in.
    """
    problem = _problem(case, find_nginx() if binaries is None else binaries)
    return ExampleResult(case.rule.id, case.kind, case.index, not problem, problem)


def _by_kind(rule: Rule) -> Iterator[tuple[Kind, tuple[Example, ...]]]:
    yield "bad", rule.documentation.bad
    yield "good", rule.documentation.good


def _check_page(rule: Rule) -> ExampleResult:
    left = TEMPLATE_MARKER in Path(rule.file).read_text("utf-8")
    return ExampleResult(rule.id, "page", 0, not left, "text of the template is left in it" if left else "")


def _problem(case: ExampleCase, binaries: Sequence[NginxBinary]) -> str:
    options = case.example.options
    if unknown := sorted(set(options) - _OPTIONS):
        return f"unknown option on the fence: {', '.join(unknown)}; known are {', '.join(sorted(_OPTIONS))}"
    version = parse_version(options["version"]) if "version" in options else NEWEST_STABLE
    context = tuple(options["context"].split(",")) if "context" in options else None
    text = with_material(case.example.text)
    tree = load_text(
        text, options.get("file", "nginx.conf"), context=context, main_directory=str(_empty_directory())
    )
    # That a text cannot be read is what some Bad blocks show; theirs is judged by the findings.
    if tree.problems and case.kind == "good":
        problem = tree.problems[0]
        return f"{problem.place}: {problem.message}"
    settings = Settings(
        version,
        tuple(filter(None, options.get("require", "").split(","))),
        int(options["expiry_days"]) if "expiry_days" in options else None,
        "version" in options,
        requirements=_requirements(options.get("profile")),
    )
    now = datetime.fromisoformat(options["now"]).replace(tzinfo=CLOCK.tzinfo) if "now" in options else CLOCK
    report = _report_of(case.rule, build(tree, version), settings, now, options.get("loaded"))
    if report.crashes:
        return report.crashes[0].traceback
    if problem_with_findings := _wrong_findings(case, report):
        return problem_with_findings
    if options.get("nginx") == "no":
        return ""
    refused = any(found.finding.fatal for found in report.findings)
    if "version" in options:
        asked = [binary for binary in binaries if binary.version == version]
    else:
        asked = list(binaries[:1] if refused else binaries)
    return _wrong_verdict(wrapped(text, tree.context), refused, asked)


def _requirements(profile: str | None) -> Requirements:
    return Requirements() if profile is None else load_profile(profile).requirements


def _report_of(
    rule: Rule, configuration: Configuration, settings: Settings, now: datetime, loaded: str | None
) -> Report:
    """What one rule says; for one about ignores the others of its pack run as well."""
    pack = _load(None) if rule.pack == BUILT_IN else (rule,)
    rules = pack if rule.declaration.subject == "Ignore" else (rule,)
    report = run(configuration, rules, settings, now, _store(), running=_loaded(loaded), known=pack)
    return replace(report, findings=tuple(found for found in report.findings if found.rule == rule.id))


def _loaded(day: str | None) -> Callable[[Configuration], Master | None] | None:
    """Finds an nginx that has read its files on that day; None where the fence says nothing of one."""
    if day is None:
        return None
    master = Master(1, datetime.fromisoformat(day).replace(tzinfo=CLOCK.tzinfo))
    return lambda _: master


def _wrong_findings(case: ExampleCase, report: Report) -> str:
    if case.kind == "good" and report.findings:
        found = "; ".join(f"line {f.span.line}: {f.finding.message}" for f in report.findings)
        return f"a Good block has findings: {found}"
    if case.kind == "bad" and not report.findings:
        reasons = "".join(f"\n  line {entry.line}: {entry.reason}" for entry in report.not_evaluated)
        return "a Bad block has no finding" + (f"; not evaluated:{reasons}" if reasons else "")
    return ""


def _wrong_verdict(text: str, refused: bool, binaries: Iterable[NginxBinary]) -> str:
    for binary in binaries:
        if not binary.can_run(text):
            continue
        result = binary.check(text)
        if refused and result.accepted:
            return f"a finding is fatal, but {binary} accepts the configuration: {result.output}"
        if not refused and not result.accepted:
            return f"{binary} refuses the configuration: {result.output}"
    return ""


def wrapped(text: str, context: tuple[str, ...]) -> str:
    """A whole configuration around a fragment that belongs into ``context``; the lines keep their numbers.

    A whole configuration without ``events`` gets that.
    """
    before, after = "", ""
    words = () if context == ("main",) else context
    for word in words:
        before += f"{_OPENINGS.get(word, word)} {{ "
        after += " }"
    if context[:1] in {("stream",), ("mail",)} and context[1:2] == ("server",):
        # Unlike those of http, these servers must say where they listen and what they do.
        before += "" if re.search(r"^\s*listen\s", text, re.MULTILINE) else "listen 127.0.0.1:12345; "
        if context[0] == "stream" and not re.search(r"^\s*(proxy_pass|return|pass)\s", text, re.MULTILINE):
            after = ' return "";' + after
    events = "" if re.search(r"^\s*events\s*\{", text, re.MULTILINE) else "events {} "
    return f"{events}{before}{text}\n{after}\n"


_OPENINGS = {
    "location": "location /",
    "if": "if ($host)",
    "upstream": "upstream example",
    "limit_except": "limit_except GET",
    "map": "map $host $example",
    "geo": "geo $example",
}


def _select(rules: tuple[Rule, ...], wanted: Sequence[str] | None) -> tuple[Rule, ...]:
    if wanted is None:
        return rules
    by_id = {rule.id: rule for rule in rules}
    if missing := [name for name in wanted if name not in by_id]:
        raise ValueError(f"no rule is called {', '.join(missing)}")
    return tuple(by_id[name] for name in wanted)


@cache
def _load(packs: tuple[Path, ...] | None) -> tuple[Rule, ...]:
    return load_packs([built_in_pack()] if packs is None else [directory_pack(path) for path in packs])


@cache
def _home() -> Path:
    """The directory of this process; removed when it ends."""
    home = Path(tempfile.mkdtemp(prefix="mtls-lint-material-")).resolve()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "pki").mkdir()
    home.chmod(0o755)  # mkdtemp keeps everybody out, and then no file below is open to others
    (home / "empty").mkdir()
    return home


def _empty_directory() -> Path:
    return _home() / "empty"


@cache
def _known_names() -> frozenset[str]:
    return frozenset(catalogue.names())


def _store() -> PemStore:
    return PemStore()
