"""The rules that a command works with."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mtls_lint.cli.streams import CommandError
from mtls_lint.lint.pack import Pack, built_in_pack, directory_pack, installed_packs, load_packs
from mtls_lint.lint.rule import Rule, RuleError
from mtls_lint.lint.selection import SelectionError, select_rules

if TYPE_CHECKING:
    from pathlib import Path

    from mtls_lint.lint.profile import Profile


def all_rules(directories: "Iterable[Path]", *, installed: bool) -> tuple[Rule, ...]:
    """The built-in rules, those of installed packs, and those of ``--rules``.

    Raises CommandError (exit code 2) for a pack that cannot be used: a gap must not pass for a clean run.
    """
    try:
        return load_packs(_packs(directories, installed=installed))
    except RuleError as error:
        raise CommandError(
            str(error), "Nothing was checked: a rule that is left out would look like a clean run."
        ) from error


def _packs(directories: "Iterable[Path]", *, installed: bool) -> Iterator[Pack]:
    yield built_in_pack()
    if installed:
        yield from installed_packs()
    for directory in directories:
        yield directory_pack(directory)


def chosen_profile(name: str | None) -> "Profile | None":
    """The profile of ``--profile``; None without it. Raises CommandError for one that there is not."""
    if name is None:
        return None
    from mtls_lint.lint.profile import ProfileError, load_profile  # noqa: PLC0415 - most runs have none

    try:
        return load_profile(name)
    except ProfileError as error:
        raise CommandError(str(error)) from error


def selected(
    rules: Sequence[Rule], select: Iterable[str], ignore: Iterable[str], profile: "Profile | None" = None
) -> tuple[Rule, ...]:
    """The rules that the profile, ``--select`` and ``--ignore`` leave; the latter may hold commas.

    Raises CommandError.
    """
    try:
        if profile is not None:
            rules = select_rules(rules, profile.select, profile.ignore)
        return select_rules(rules, words(select), words(ignore))
    except SelectionError as error:
        raise CommandError(str(error)) from error


def words(values: Iterable[str]) -> list[str]:
    """The words of values that are separated by commas, or given one by one."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]
