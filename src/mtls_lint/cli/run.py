"""One run of ``check``: read, build, lint, report, and the exit code."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.cli.audit import Audit
from mtls_lint.cli.choices import By, FailOn, Format
from mtls_lint.cli.chosen_nginx import chosen_nginx
from mtls_lint.cli.inputs import STDIN, files_of, find, place_of, read_all
from mtls_lint.cli.outputs import Output, check_outputs, machine_report
from mtls_lint.cli.packs import all_rules, chosen_profile, selected
from mtls_lint.cli.progress import Progress
from mtls_lint.cli.request import Request
from mtls_lint.cli.settings import check_selectors, severities
from mtls_lint.cli.streams import (
    Color,
    CommandError,
    columns,
    dots,
    is_terminal,
    refuse_to_overwrite,
    say,
    wants_color,
    write_file,
    write_out,
)
from mtls_lint.lint.finding import NotEvaluated, Severity
from mtls_lint.lint.path_ignores import hide_by_path
from mtls_lint.lint.requirements import Requirements
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report, merge, run
from mtls_lint.lint.running import running
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.pki.store import PemStore
from mtls_lint.report.lines import Line, coloured, plain
from mtls_lint.report.words import counted, summary
from mtls_lint.syntax.discovery import Input
from mtls_lint.syntax.tree import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from mtls_lint.lint.baseline import Baseline


def run_check(request: Request) -> int:
    """Carry out the request; returns the exit code. Raises CommandError for what makes it impossible."""
    check_outputs(request.outputs)
    own = [str(path) for path in (request.file.path, request.baseline) if path]
    for output in request.outputs:
        if output.file is not None:
            refuse_to_overwrite(output.file, own)
    if (request.fix or request.diff) and STDIN in request.paths:
        raise CommandError("what comes from stdin cannot be changed", "Name the file.")
    linted = _checked(request)
    if request.diff or request.fix:
        from mtls_lint.cli.fix import apply, planned, show  # noqa: PLC0415 - few runs change files

        chosen = planned(linted.report, _places(request), unsafe=request.unsafe_fixes)
        if request.diff:
            return max(show(chosen), exit_code(linted.report, FailOn.NEVER))
        if chosen.made:
            apply(chosen)
            linted = _checked(request)
    report = linted.report
    with request.timings.stage("report"):
        write(request, linted)
    taken = request.timings.taken()
    if taken is not None:
        for text in taken.lines(every=request.verbosity > 0):
            say(text)
    if request.verbosity > 0:
        for crash in report.crashes:
            say(f"rule {crash.rule} crashed:")
            for text in crash.traceback.splitlines():
                say(f"  {text}")
    return exit_code(report, request.fail_on)


def _checked(request: Request) -> "Linted":
    """What is to be reported: beside a baseline, and of what has changed, where that is asked for."""
    if request.changed_from is None:
        return _linted(request)
    # These run git.
    from mtls_lint.cli.changes import changed_since, naming_changed  # noqa: PLC0415
    from mtls_lint.lint.changes import limited  # noqa: PLC0415

    changed = changed_since(request.changed_from, _places(request))
    linted = _linted(request)
    naming = [span for one in linted.configurations for span in naming_changed(*one, changed)]
    shown = limited(linted.report, lambda source: os.path.realpath(source.real_path) in changed, naming)
    return replace(linted, report=shown)


def _linted(request: Request) -> "Linted":
    return compared(request, request.baseline) if request.baseline is not None else lint(request)


def _places(request: Request) -> list[str]:
    """Where the paths of the command line lie on this machine."""
    return [path if path == STDIN else place_of(path, request.reading.where) for path in request.paths]


def compared(request: Request, baseline: "Path") -> "Linted":
    """What a run finds beside a baseline. Raises CommandError like ``lint``, and for what is no baseline."""
    from mtls_lint.lint.baseline import compare  # noqa: PLC0415 - many runs have none

    known = read_known(baseline)
    linted = lint(request)
    return replace(linted, report=compare(linted.report, known, linted.ran, linted.rules))


class Linted(Struct, frozen=True):
    """What a run found; the rules that ran, and all there are; what auditors want to know beside it."""

    report: Report
    ran: tuple[Rule, ...]
    rules: tuple[Rule, ...]
    audit: Audit
    configurations: tuple[tuple[Configuration, PemStore], ...]


def lint(request: Request) -> Linted:
    """Find what there is to find. Raises CommandError for what makes it impossible."""
    nginx = chosen_nginx(request.nginx_version, request.nginx_binary, request.file.text("nginx-version"))
    profile = chosen_profile(request.profile)
    with request.timings.stage("find files"):
        inputs, problems = find(request.paths, request.reading)
    with request.timings.stage("list rules"):
        rules = all_rules(request.rule_directories, installed=request.installed_packs)
        check_selectors(request.file, rules)
        ran = selected(rules, request.select, request.ignore, profile)
    audit = Audit(profile, rules, ran, request.now)
    settings = Settings(
        nginx.version,
        request.require,
        request.expiry_days,
        nginx.told,
        nginx.build,
        severities=severities(request.file, rules),
        ignores=request.ignores,
        requirements=profile.requirements if profile is not None else Requirements(),
        ignores_need_reason=request.file.values.get("ignores-need-reason", True),
    )
    configurations: list[tuple[Configuration, PemStore]] = []
    with Progress() as progress:
        report = audit.judged(_lint(request, inputs, problems, audit, settings, progress, configurations))
    hidden = request.file.table("per-path-ignores")
    shown = hide_by_path(report, hidden, request.file.directory, request.file.path, rules)
    return Linted(shown, ran, rules, audit, tuple(configurations))


def read_known(path: "Path") -> "Baseline":
    """The baseline in a file. Raises CommandError for what is none."""
    from mtls_lint.lint.baseline import BaselineError, read_baseline  # noqa: PLC0415 - many runs have none

    try:
        return read_baseline(str(path))
    except BaselineError as error:
        raise CommandError(
            str(error), "`mtls-lint baseline write PATH... --baseline FILE` makes one."
        ) from error


def exit_code(report: Report, fail_on: FailOn) -> int:
    """3 for an incomplete run, 1 for findings that count, 0 otherwise."""
    if report.unreadable or report.crashes:
        return 3
    if fail_on is FailOn.NEVER:
        return 0
    least = Severity(fail_on.value).rank
    counting = (found for found in report.findings if found.suppressed is None)
    return int(any(found.severity.rank >= least for found in counting))


def _lint(
    request: Request,
    inputs: Sequence[Input],
    problems: Sequence[Problem],
    audit: Audit,
    settings: Settings,
    progress: Progress,
    configurations: list[tuple[Configuration, PemStore]],
) -> Report:
    rules = audit.ran
    reports = [Report(rules=len(rules), settings=settings)]
    if problems:
        reports.append(_unread(problems, len(rules)))
    progress.say(f"reading {counted(len(inputs), 'input')}")
    with request.timings.stage("read"):
        trees = read_all(inputs, request.reading)
    # A file is read once, however many configurations name it.
    stores = {tree.from_dump: request.reading.store(tree) for tree in trees}
    for tree in trees:
        with request.timings.stage("model"):
            configuration = build(tree, settings.nginx_version)
        store = stores[tree.from_dump]
        for output in request.outputs:
            if output.file is not None:
                refuse_to_overwrite(output.file, files_of(configuration, request.reading))
        if request.verbosity > 0:
            _describe(configuration)

        configurations.append((configuration, store))

        def checking(rule: Rule, name: str = tree.path) -> None:
            progress.say(f"{name}: {rule.id}")

        with request.timings.stage("rules"):
            found = run(
                configuration,
                rules,
                settings,
                request.now,
                store,
                checking,
                running,
                audit.known,
                request.timings,
            )
        reports.append(found)
        if any(output.format is Format.HTML for output in request.outputs):
            progress.say(f"{tree.path}: who gets in where")
            audit.examine(configuration, store)
    return merge(reports)


def _unread(problems: Sequence[Problem], rules: int) -> Report:
    """The report of paths that are there and cannot be read."""
    entries = tuple(
        NotEvaluated("", problem.path, 1, f"{problem.message}. {problem.hint}") for problem in problems
    )
    return Report(not_evaluated=entries, problems=tuple(problems), rules=rules, unreadable=True)


def _describe(configuration: Configuration) -> None:
    """Say on stderr what was read."""
    tree = configuration.tree
    place = "a whole configuration" if not tree.is_fragment else f"a fragment for {'/'.join(tree.context)}"
    say(f"{tree.path}: {place}, judged as nginx {configuration.version}")
    say(
        f"  {counted(len(tree.sources), 'file')}, {counted(len(configuration.servers), 'server')}, "
        f"{counted(len(configuration.sockets), 'socket')}; relative names count from {tree.main_directory}"
    )
    for source in tree.sources:
        say(f"  read {source.path}")


_TOLD_APART = frozenset({Format.CONCISE, Format.GITLAB})
"""Formats that have no place for the summary: it is said on stderr."""


def write(request: Request, linted: Linted) -> None:
    """Write the reports where they are wanted."""
    for output in request.outputs:
        if output.file is not None:
            write_file(output.file, _rendered(request, output, linted))
        elif request.verbosity > -2:
            utf8 = output.format not in {Format.TEXT, Format.CONCISE}
            write_out(_rendered(request, output, linted), utf8=utf8)
    if request.format in _TOLD_APART and request.verbosity >= 0:
        for text in summary(linted.report):
            say(text)


def _rendered(request: Request, output: Output, linted: Linted) -> str:
    report = linted.report
    by_control = request.by is By.CONTROL
    if output.format is Format.HTML:
        return linted.audit.page(report, by_control=by_control)
    # Each format is loaded where it is written.
    if output.format is Format.JSON:
        from mtls_lint.report.json import render_json  # noqa: PLC0415

        return render_json(report, linted.audit.controls_data(report) if by_control else None)
    text = machine_report(output, report, linted.ran, request.fail_on, request.verbosity)
    if text is not None:
        return text
    to_file = output.file is not None
    lines: Iterable[Line]
    if output.format is Format.CONCISE:
        from mtls_lint.report.concise import concise_lines  # noqa: PLC0415

        lines = concise_lines(report, verbosity=request.verbosity)
    elif by_control:
        lines = linted.audit.control_lines(report, 80 if to_file else columns(), request.verbosity)
    else:
        from mtls_lint.report.text import TextReport  # noqa: PLC0415

        writer = TextReport(
            columns=80 if to_file else columns(),
            verbosity=request.verbosity,
            dots="…" if to_file else dots(),
        )
        lines = writer.lines(report)
    if to_file and request.color is not Color.ALWAYS:
        return plain(lines)
    if not wants_color(request.color, sys.stdout):
        return plain(lines)
    return coloured(lines, links=not to_file and is_terminal(sys.stdout))
