"""The reports that one run writes, and the formats that programs read."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.cli.choices import FailOn, Format
from mtls_lint.cli.streams import CommandError, UsageError, check_output
from mtls_lint.lint.finding import Severity
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Report

if TYPE_CHECKING:
    from pathlib import Path


class Output(Struct, frozen=True):
    """One report to write: its format, and the file (None: stdout)."""

    format: Format
    file: "Path | None" = None


def further_outputs(formats: Sequence[Format], files: "Sequence[Path]") -> tuple[Output, ...]:
    """What ``--output-format`` and ``--output-file`` ask for, in pairs. Raises UsageError."""
    if len(formats) != len(files):
        raise UsageError(
            f"{len(formats)} formats for {len(files)} files: each --output-file has its --output-format.",
            "--output-format",
        )
    return tuple(map(Output, formats, files))


def check_outputs(outputs: Iterable[Output]) -> None:
    """Find out before the run what cannot be written. Raises CommandError."""
    named: set[str] = set()
    for output in outputs:
        check_output(output.file)
        if output.file is not None:
            place = os.path.realpath(output.file)
            if place in named:
                raise CommandError(f"two reports are to be written to {output.file}", "Name another file.")
            named.add(place)


def machine_report(
    output: Output, report: Report, rules: Sequence[Rule], fail_on: FailOn, verbosity: int
) -> str | None:
    """The report in a format for programs; None for those that people read on a terminal."""
    if output.format in {Format.TEXT, Format.CONCISE}:
        return None
    # Each format is loaded when it is asked for: all of them would cost every start some 30 ms.
    from mtls_lint.report.paths import Paths  # noqa: PLC0415

    paths = Paths(os.getcwd(), report.sources)
    if output.format is Format.SARIF:
        from mtls_lint.report.sarif import render_sarif  # noqa: PLC0415

        return render_sarif(report, rules, paths)
    if output.format is Format.GITHUB:
        from mtls_lint.report.github import render_github  # noqa: PLC0415

        return render_github(report, paths)
    if output.format is Format.GITLAB:
        from mtls_lint.report.gitlab import render_gitlab  # noqa: PLC0415

        return render_gitlab(report, paths)
    if output.format is Format.JUNIT:
        from mtls_lint.report.junit import render_junit  # noqa: PLC0415

        least = None if fail_on is FailOn.NEVER else Severity(fail_on.value)
        return render_junit(report, rules, paths, least)
    if output.format is Format.MARKDOWN:
        from mtls_lint.report.markdown import render_markdown  # noqa: PLC0415

        return render_markdown(report, rules, paths, everything=verbosity > 0)
    return None
