"""From the options of ``check`` to a run: what they and the settings ask for together."""

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.cli.choices import By, CheckOptions, FailOn, Format
from mtls_lint.cli.outputs import Output, further_outputs
from mtls_lint.cli.settings import ReadingOptions, chosen_paths, reading_of
from mtls_lint.cli.streams import Color, UsageError
from mtls_lint.lint.timings import NOT_TAKEN, Timings

if TYPE_CHECKING:
    from pathlib import Path

    from mtls_lint.cli.inputs import Reading
    from mtls_lint.lint.settings_file import SettingsFile


class Request(Struct, frozen=True):
    """What was asked of ``check``: by its command line, else by ``file``, else what is usual."""

    paths: tuple[str, ...]
    file: "SettingsFile"
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    rule_directories: "tuple[Path, ...]"
    installed_packs: bool
    profile: str | None
    ignores: bool
    require: tuple[str, ...]
    nginx_version: str | None
    nginx_binary: "Path | None"
    now: datetime
    reading: "Reading"
    expiry_days: int | None
    fail_on: FailOn
    baseline: "Path | None"
    format: Format
    by: By
    output: "Path | None"
    further: tuple[Output, ...]
    color: Color
    verbosity: int
    changed_from: str | None = None
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    timings: Timings = NOT_TAKEN

    @property
    def outputs(self) -> tuple[Output, ...]:
        """All reports to write, the one of ``--format`` last: a stdout that breaks costs no file."""
        return (*self.further, Output(self.format, self.output))


def carry_out(options: CheckOptions) -> int:
    """Run ``check``; returns the exit code.

    Raises UsageError, before anything is written, and CommandError.
    """
    from mtls_lint.cli.run import run_check  # noqa: PLC0415 - the engine, not needed for usage errors

    return run_check(request_of(options))


def request_of(options: CheckOptions) -> Request:
    """What is asked for. Raises UsageError, and CommandError for settings that cannot be used."""
    from mtls_lint.cli.packs import words  # noqa: PLC0415 - the engine, not needed for usage errors

    grouped = {Format.TEXT, Format.JSON, Format.HTML}
    if options.by is By.CONTROL and options.output_format not in grouped:
        raise UsageError("text, json and html can be grouped by control.", "--by")
    named, settings = chosen_paths(options.paths, options.config, none=options.no_config, root=options.root)
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise UsageError("it goes with --fix or --diff.", "--unsafe-fixes")
    select, ignore, require = (
        (settings.texts(key) or ()) if given is None else given
        for key, given in (
            ("select", options.select),
            ("ignore", options.ignore),
            ("require", options.require),
        )
    )
    reading = ReadingOptions(options.mapped, options.root, options.prefix, options.context, options.define)
    days = options.expiry_days
    return Request(
        paths=named,
        file=settings,
        select=tuple(select),
        ignore=tuple(ignore),
        rule_directories=tuple(options.rules or ()),
        installed_packs=options.packs,
        profile=settings.text("profile") if options.profile is None else options.profile,
        ignores=options.ignores,
        require=tuple(words(require)),
        nginx_version=options.nginx_version,
        nginx_binary=options.nginx_binary,
        now=moment(options.now),
        reading=reading_of(reading, settings),
        expiry_days=settings.values.get("expiry-days") if days is None else days,
        fail_on=options.fail_on or FailOn(settings.text("fail-on") or "warning"),
        baseline=options.baseline or settings.file("baseline"),
        format=options.output_format,
        by=options.by,
        output=options.output,
        further=further_outputs(options.further_formats or (), options.further_files or ()),
        color=options.color,
        verbosity=options.verbose - options.quiet,
        changed_from=options.changed_from,
        fix=options.fix and not options.diff,
        unsafe_fixes=options.unsafe_fixes,
        timings=Timings(wanted=options.timings),
        diff=options.diff,
    )


def moment(text: str | None) -> datetime:
    """The moment of ``--now``, with its time zone; the present without it. Raises UsageError."""
    if text is None:
        return datetime.now(timezone.utc)
    try:
        # Python 3.10 does not know the Z.
        given = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        raise UsageError(
            f"{text!r} is no date. Expected for example 2026-06-01 or 2026-06-01T12:00:00+02:00.", "--now"
        ) from None
    return given if given.tzinfo is not None else given.replace(tzinfo=timezone.utc)
