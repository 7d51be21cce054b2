"""What the paths of a command line lead to, and how it is read."""

import os
import sys
from collections.abc import Iterator, Sequence

from mtls_lint.cli.streams import CommandError, is_terminal, say
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.discovery import Input, discover
from mtls_lint.syntax.files import MAX_FILE_SIZE
from mtls_lint.syntax.input_files import Disk
from mtls_lint.syntax.loader import load, load_text
from mtls_lint.syntax.path_map import PathMap
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem, ProblemKind, Tree

STDIN = "-"


def find(paths: Sequence[str]) -> tuple[list[Input], list[Problem]]:
    """The configurations that the paths mean, each once, and the paths that are there but closed to us.

    Raises CommandError for a path that does not exist, or holds no configuration: nobody meant that.
    """
    inputs: list[Input] = []
    problems: list[Problem] = []
    for path in paths:
        found = _found(path)
        if not isinstance(found, Problem):
            inputs += (one for one in found if one not in inputs)
        elif found.kind is ProblemKind.ABSENT:
            raise CommandError(found.message, found.hint)
        else:
            problems.append(found)
    return inputs, problems


def read(one: Input, where: PathMap) -> Tree:
    """The tree of an input; stdin is read to its end. ``where`` is that of ``--map``."""
    if one.path != STDIN:
        return load(one.path, context=("main",) if one.kind == "main" else None, files=Disk(where))
    if sys.stdin is None:  # started with `<&-`
        raise CommandError("there is no stdin to read from", "Name a file.")
    if is_terminal(sys.stdin):
        say("mtls-lint: reading a configuration from the terminal; end it with Ctrl-D")
    data = sys.stdin.buffer.read(MAX_FILE_SIZE + 1)
    if len(data) > MAX_FILE_SIZE:
        raise CommandError(
            f"stdin has more than {MAX_FILE_SIZE // (1024 * 1024)} MiB", "Name a file.", code=3
        )
    return load_text(SourceFile.from_bytes(STDIN, data), files=Disk(where))


def read_one(path: str, version: NginxVersion, where: PathMap) -> Configuration:
    """The one configuration that ``path`` means.

    Raises CommandError when there are several, or when it cannot be read.
    """
    inputs, problems = find([path])
    if problems:
        raise CommandError(problems[0].message, problems[0].hint, code=3)
    if len(inputs) > 1:
        names = ", ".join(one.path for one in inputs[:3])
        raise CommandError(f"{path} holds several configurations ({names} ...)", "Name one of them.")
    tree = read(inputs[0], where)
    if tree.problems and not tree.directives:
        problem = tree.problems[0]
        raise CommandError(f"{problem.place}: {problem.message}", problem.hint, code=3)
    return build(tree, version)


def read_followed(path: str, version: NginxVersion, where: PathMap) -> Configuration:
    """The one configuration that ``path`` means, for commands that follow connections to their answer.

    Raises CommandError when there are several, when it cannot be read, or when it has no server.
    """
    configuration = read_one(path, version, where)
    if not configuration.servers:
        raise CommandError("the configuration has no server", "This command follows connections to servers.")
    return configuration


def files_of(configuration: Configuration, where: PathMap) -> Iterator[str]:
    """Everything that the configuration consists of on this machine: texts, and the files that it names."""
    from mtls_lint.nginx.file_uses import file_uses  # noqa: PLC0415 - only where something is written
    from mtls_lint.pki.store import PemStore  # noqa: PLC0415

    yield from (source.real_path for source in configuration.tree.sources)
    paths = (use.reference.path for use in file_uses(configuration))
    places = (PemStore(where.here).place_of(path) for path in paths if path is not None)
    yield from (place for place in places if place is not None)


def _found(path: str) -> Sequence[Input] | Problem:
    if path == STDIN:
        return (Input(STDIN, "auto"),)
    try:
        os.stat(path)
        found = discover(path)
    except (FileNotFoundError, NotADirectoryError):
        return Problem(ProblemKind.ABSENT, path, None, f"{path} does not exist", _meant(path))
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        return _closed(path, f"{path} could not be read ({words})")
    if isinstance(found, Problem) and not os.access(path, os.R_OK | os.X_OK):
        # What may not be listed looks empty.
        return _closed(path, f"the directory {path} could not be listed")
    return found


def _closed(path: str, message: str) -> Problem:
    return Problem(ProblemKind.UNREADABLE, path, None, message, "Run as a user who may read it.")


def _meant(path: str) -> str:
    """What somebody meant who named a path that is not there."""
    from difflib import get_close_matches  # noqa: PLC0415 - most paths exist

    directory, name = os.path.split(path)
    if not directory and (close := get_close_matches(name, COMMANDS, n=1, cutoff=0.7)):
        return f"Did you mean the command {close[0]!r}?"
    try:
        there = sorted(os.listdir(directory or "."))
    except OSError:
        return "Name a directory, a configuration, or - for stdin."
    if close := get_close_matches(name, there, n=1, cutoff=0.7):
        return f"Did you mean {os.path.join(directory, close[0])}?"
    return "Name a directory, a configuration, or - for stdin."


COMMANDS = ("check", "explain", "inventory", "matrix", "new-rule", "rules", "trace", "upgrade")
