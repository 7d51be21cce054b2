"""What is said about an include that cannot be followed. All spans are the include's argument."""

import os
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from mtls_lint.syntax.nginx_glob import Matches
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind

HARMLESS_FILES = frozenset(
    {
        "fastcgi.conf",
        "fastcgi_params",
        "koi-utf",
        "koi-win",
        "mime.types",
        "proxy_params",
        "scgi_params",
        "uwsgi_params",
        "win-utf",
    }
)
"""Files that come with nginx or its packages and have no say in TLS."""

HARMLESS_DIRECTORIES = frozenset({"modules-enabled", "/usr/share/nginx/modules"})
"""Directories of Debian's and Fedora's packages that hold ``load_module`` lines only."""


def at_include(include: Directive, problem: Problem) -> Problem:
    """The problem of a file that ``include`` names, as it shows there.

    A file that was read has a place of its own for what is wrong; one that was not gets the argument.
    """
    if problem.span is not None:
        return problem
    if problem.kind is not ProblemKind.ABSENT:
        return replace(problem, span=include.arg_span(0))
    if _is_name_of(problem.path, HARMLESS_FILES):
        return replace(problem, span=include.arg_span(0), harmless=True)
    return replace(
        problem,
        span=include.arg_span(0),
        message=f"the included file {problem.message}",
        hint="What it sets is not known here. Check out the file, or check the whole configuration "
        "where it lies (relative names resolve against the main file's directory).",
    )


def templated(directive: Directive) -> Problem:
    """What a template puts in the place of ``directive``, or into its name."""
    word = directive.args[0] if directive.name == "include" and directive.args else directive.name
    return Problem(
        ProblemKind.TEMPLATED,
        directive.source.path,
        directive.span,
        f"what {word} stands for is known only when the template is rendered",
        "Render it, and check the result; --define NAME=VALUE fills in single values.",
    )


def unfit_template(refused: Problem, language: str) -> Problem:
    """A template whose parts do not make a configuration when all are read as they stand."""
    return Problem(
        ProblemKind.UNREADABLE,
        refused.path,
        refused.span,
        f"this {language} template cannot be read without rendering it: with every condition's first branch "
        f"taken, nginx would say: {refused.message.removeprefix('nginx: ')}",
        "Render it, and check the result.",
    )


def for_matches(include: Directive, pattern: str, matches: Matches) -> Iterator[Problem]:
    """What is wrong with the directories a pattern leads to; nginx says nothing about any of it."""
    place = include.arg_span(0)
    for directory in matches.missing:
        name = directory.rstrip("/")
        yield Problem(
            ProblemKind.ABSENT,
            pattern,
            place,
            f"the directory {name or '/'} does not exist, so {pattern} includes nothing here "
            "(nginx would say nothing about it)",
            "Check out the directory, or check the configuration where it lies; "
            "remove the include if nothing is meant to be there.",
            harmless=name in HARMLESS_DIRECTORIES or os.path.basename(name) in HARMLESS_DIRECTORIES,
        )
    for directory in matches.unreadable:
        yield Problem(
            ProblemKind.UNREADABLE,
            pattern,
            place,
            f"the directory {directory} could not be listed, so what {pattern} includes is not known "
            "(nginx silently includes nothing when it may not list it either)",
            "Run as a user who may list the directory, or give permission.",
        )
    if matches.too_many:
        yield Problem(
            ProblemKind.UNREADABLE,
            pattern,
            place,
            f"{pattern} matches more files than can be read here ({len(matches.paths)})",
            "Make the pattern narrower, or remove symbolic links that lead back to a directory above.",
        )


def loop(include: Directive, names: Sequence[str]) -> Problem:
    """The include that closes a loop; ``names`` are the files of the loop, the first one again at the end."""
    chain = " -> ".join(names)
    return Problem(
        ProblemKind.REFUSED,
        names[-1],
        include.arg_span(0),
        f"the include closes a loop: {chain} (nginx crashes on it)",
        "Remove one of these includes.",
    )


def includes_too_deep(include: Directive, limit: int) -> Problem:
    """Files that include files, deeper than is read here."""
    return Problem(
        ProblemKind.UNREADABLE,
        include.args[0],
        include.arg_span(0),
        f"more than {limit} files include one another in a chain; this one was not read",
        "Include the file from a file further up.",
    )


def nests_too_deep(include: Directive, path: str, limit: int) -> Problem:
    """An included file whose blocks nest too deep for where it is included."""
    return Problem(
        ProblemKind.UNREADABLE,
        path,
        include.arg_span(0),
        f"with the blocks of {path}, blocks nest deeper than {limit} levels, "
        "which is more than can be read here",
        "Real configurations nest less than ten deep: look for an include in the wrong place.",
    )


def too_many(include: Directive, inclusions: int, max_inclusions: int, max_directives: int) -> Problem:
    """The includes multiply beyond what is read; no further one is followed."""
    return Problem(
        ProblemKind.UNREADABLE,
        include.args[0],
        include.arg_span(0),
        f"the includes multiply: after {inclusions} inclusions no further one was followed "
        f"(the limits are {max_inclusions} inclusions and {max_directives} directives)",
        "Look for files that include each other many times over.",
    )


def binary(source: SourceFile, said: str) -> Problem:
    """A text that nginx cannot read and that looks like no text at all."""
    return Problem(
        ProblemKind.SYNTAX,
        source.path,
        Span(source, 0, 0),
        f"{source.path} looks like binary data or UTF-16, not like a configuration ({said})",
        "Name a configuration file; if it is one, save it as UTF-8 without BOM.",
    )


def _is_name_of(path: str, names: frozenset[str]) -> bool:
    return os.path.basename(path) in names  # a text, not a file of this machine
