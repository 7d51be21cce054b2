"""What the settings file says where the command line says nothing."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.cli.streams import CommandError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mtls_lint.cli.inputs import Reading
    from mtls_lint.lint.finding import Severity
    from mtls_lint.lint.rule import Rule
    from mtls_lint.lint.settings_file import SettingsFile


class ReadingOptions(Struct, frozen=True):
    """The options about reading, as given on the command line."""

    mapped: Sequence[str] | None = None
    root: str | None = None
    prefix: str | None = None
    context: str | None = None
    define: Sequence[str] | None = None


def settings_of(
    paths: Sequence[str], config: "Path | None", *, none: bool = False, root: str | None = None
) -> "SettingsFile":
    """The settings file that holds for these paths; an empty one where there is none.

    Raises CommandError for one that cannot be used, and when the paths have different ones.
    """
    from mtls_lint.lint.settings_file import SettingsError, SettingsFile, find_settings  # noqa: PLC0415

    if config is not None and none:
        raise UsageError("give one of --config and --no-config.", "--config")
    if none:
        return SettingsFile()
    if config is not None:
        if not config.is_file():
            raise CommandError(f"{config} is no file", "Name the settings file with --config.")
        found: list[str | None] = [str(config.absolute())]
    else:
        found = list(dict.fromkeys(find_settings(_place(path, root)) for path in paths))
    if len(found) > 1:
        names = " and ".join("none" if one is None else _shown(one) for one in found[:2])
        raise CommandError(
            f"the paths have different settings: {names}",
            "Check them in separate runs, or say which with --config FILE or --no-config.",
        )
    if not found or found[0] is None:
        return SettingsFile()
    try:
        return _checked(found[0])
    except SettingsError as error:
        raise CommandError(str(error), error.hint) from error


def chosen_paths(
    paths: Sequence[str] | None, config: "Path | None", *, none: bool, root: str | None
) -> "tuple[tuple[str, ...], SettingsFile]":
    """What is to be checked, and by which settings: without a PATH, what the settings name.

    Raises UsageError when neither names anything, and CommandError like ``settings_of``.
    """
    settings = settings_of(paths or ["."], config, none=none, root=root)
    if not paths:
        paths = [settings.resolved(path) for path in settings.texts("paths") or ()]
        if not paths:
            raise UsageError("give one, or write `paths` in the settings.", "PATH...")
    return tuple(dict.fromkeys(paths)), settings


def reading_of(options: ReadingOptions, settings: "SettingsFile") -> "Reading":
    """How texts are read: by the command line and, where it says nothing, by the file."""
    mapped, define = options.mapped, options.define
    if mapped is None:
        mapped = [f"{origin}={settings.resolved(to)}" for origin, to in settings.table("map").items()]
    if define is None:
        define = [f"{name}={value}" for name, value in settings.table("define").items()]
    root, prefix = (
        settings.resolved(text) if given is None and (text := settings.text(key)) is not None else given
        for key, given in (("root", options.root), ("prefix", options.prefix))
    )
    context = options.context if options.context is not None else settings.text("context")
    return _reading(mapped, root, prefix, context, define)


def check_selectors(settings: "SettingsFile", rules: "Sequence[Rule]") -> None:
    """Raise CommandError for a word of the file that was to mean a rule, and means none."""
    from mtls_lint.lint.selection import chosen, suggestion  # noqa: PLC0415

    words = [(key, "", word) for key in ("select", "ignore") for word in settings.texts(key) or ()]
    words += [("severity", word, word) for word in settings.table("severity")]
    for pattern, hidden in settings.table("per-path-ignores").items():
        words += [("per-path-ignores", pattern, word) for word in hidden]
    for key, inner, word in words:
        if not any(chosen(rule, word) for rule in rules):
            close = suggestion(rules, word)
            raise CommandError(
                f"{settings.place(key, inner)}: {key}: no rule or family is called {word!r}",
                f"Did you mean {close!r}?" if close else "`mtls-lint rules` lists them.",
            )


def severities(settings: "SettingsFile", rules: "Sequence[Rule]") -> "dict[str, Severity]":
    """The severities that the file gives to rules; of several words that mean one, the last counts."""
    from mtls_lint.lint.finding import Severity  # noqa: PLC0415
    from mtls_lint.lint.selection import chosen  # noqa: PLC0415

    return {
        rule.id: Severity(level)
        for word, level in settings.table("severity").items()
        for rule in rules
        if chosen(rule, word)
    }


def _place(path: str, root: str | None) -> str:
    """Where to begin looking: at the path; for what is no path here, at the current directory."""
    if root is not None and path.startswith("/"):
        inside = os.path.join(root, path.lstrip("/"))
        if os.path.lexists(inside):
            return inside
    return path if path != "-" and os.path.lexists(path) else "."


def _shown(path: str) -> str:
    near = os.path.relpath(path)
    return near if len(near) < len(path) else path


def _checked(path: str) -> "SettingsFile":
    """Read the file, and judge what can be judged of its values without the rules."""
    from mtls_lint.lint.settings_file import SettingsError, read_settings  # noqa: PLC0415
    from mtls_lint.nginx.version import parse_version  # noqa: PLC0415
    from mtls_lint.syntax.fragment import CONTEXTS  # noqa: PLC0415

    found = read_settings(path, _shown(path))
    try:
        if (version := found.text("nginx-version")) is not None:
            parse_version(version)
    except ValueError as error:
        raise SettingsError(f"{found.place('nginx-version')}: nginx-version: {error}") from error
    context = found.text("context")
    if context is not None and tuple(context.split(",")) not in CONTEXTS:
        known = "; ".join(",".join(one) for one in CONTEXTS)
        raise SettingsError(f"{found.place('context')}: context: {context!r} is none", f"There are: {known}.")
    for key in ("root", "prefix"):
        named = found.text(key)
        if named is not None and not os.path.isdir(found.resolved(named)):
            raise SettingsError(f"{found.place(key)}: {key}: {named!r} is no directory")
    for origin in found.table("map"):
        if not origin.startswith("/") or "=" in origin:
            raise SettingsError(
                f"{found.place('map', origin)}: map: {origin!r} is not absolute: it is a path of "
                "the machine where nginx runs"
            )
    return found


def _reading(
    mapped: Sequence[str] | None,
    root: str | None,
    prefix: str | None,
    context: str | None,
    defined: Sequence[str] | None,
) -> "Reading":
    """What these options say of reading. Raises UsageError."""
    from mtls_lint.cli.inputs import Reading  # noqa: PLC0415 - not needed for help
    from mtls_lint.syntax.fragment import CONTEXTS  # noqa: PLC0415
    from mtls_lint.syntax.path_map import PathMap, parse_pair  # noqa: PLC0415

    try:
        pairs = tuple(map(parse_pair, mapped or ()))
    except ValueError as error:
        raise UsageError(f"{error}.", "--map") from None
    for name, value in (("--root", root), ("--prefix", prefix)):
        if value is not None and not os.path.isdir(value):
            raise UsageError(f"{value!r} is no directory.", name)
    words = tuple(context.split(",")) if context is not None else None
    if words is not None and words not in CONTEXTS:
        known = "; ".join(",".join(one) for one in CONTEXTS)
        raise UsageError(f"{context!r} is none. There are: {known}.", "--context")
    values = dict(_defined(text) for text in defined or ())
    # The root of this machine is where everything is anyway.
    where = PathMap(pairs, None if root is None or os.path.realpath(root) == "/" else root)
    return Reading(
        where, here=root is not None and where.root is None, prefix=prefix, context=words, defined=values
    )


def _defined(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text!r} is not NAME=VALUE.", "--define")
    return name, value
