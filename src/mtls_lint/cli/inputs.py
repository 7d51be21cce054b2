"""What the paths of a command line lead to, and how it is read."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from mtls_lint.cli.choices import COMMANDS
from mtls_lint.cli.streams import CommandError, is_terminal, say
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.discovery import Input, discover
from mtls_lint.syntax.files import MAX_FILE_SIZE
from mtls_lint.syntax.input_files import Disk
from mtls_lint.syntax.loader import load_each
from mtls_lint.syntax.path_map import PathMap
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.together import together
from mtls_lint.syntax.tree import Problem, ProblemKind, Tree

STDIN = "-"


class Reading(Struct, frozen=True):
    """How texts are read: what ``--map``, ``--root``, ``--prefix``, ``--context`` and ``--define`` say.

    ``here`` says that a dump is of this very machine (``--root /``).
    """

    where: PathMap = field(default_factory=PathMap)
    here: bool = False
    prefix: str | None = None
    context: tuple[str, ...] | None = None
    defined: Mapping[str, str] = {}

    def store(self, tree: Tree) -> PemStore:
        """Where the certificates are looked for that a tree names."""
        return PemStore(self._places(tree).here)

    def _places(self, tree: Tree) -> PathMap:
        return self.where.of_another_machine() if tree.from_dump and not self.here else self.where


def find(paths: Sequence[str], reading: Reading) -> tuple[list[Input], list[Problem]]:
    """The configurations that the paths mean, each once, and the paths that are there but closed to us.

    Raises CommandError for a path that does not exist, or holds no configuration: nobody meant that.
    """
    inputs: list[Input] = []
    problems: list[Problem] = []
    for path in paths:
        found = _found(path, reading)
        if not isinstance(found, Problem):
            inputs += (one for one in found if one not in inputs)
        elif found.kind is ProblemKind.ABSENT:
            raise CommandError(found.message, found.hint)
        else:
            problems.append(found)
    return inputs, problems


def read_all(inputs: Iterable[Input], reading: Reading) -> list[Tree]:
    """The trees of these inputs; fragments that belong together are one (``together.together``)."""
    return together((tree, one.named) for one in inputs for tree in read(one, reading))


def read(one: Input, reading: Reading) -> tuple[Tree, ...]:
    """The trees of an input; stdin is read to its end."""
    files = Disk(reading.where)
    source = _stdin() if one.path == STDIN else files.read(one.path, one.path)
    context = ("main",) if one.kind == "main" else reading.context
    if isinstance(source, Problem):
        return (Tree(source.path, ".", context or ("main",), (), (), (source,)),)
    return load_each(
        source,
        context=context,
        main_directory=reading.prefix,
        files=files,
        defined=reading.defined,
        path=one.path,
    )


def _stdin() -> SourceFile:
    if sys.stdin is None:  # started with `<&-`
        raise CommandError("there is no stdin to read from", "Name a file.")
    if is_terminal(sys.stdin):
        say("mtls-lint: reading a configuration from the terminal; end it with Ctrl-D")
    data = sys.stdin.buffer.read(MAX_FILE_SIZE + 1)
    if len(data) > MAX_FILE_SIZE:
        raise CommandError(
            f"stdin has more than {MAX_FILE_SIZE // (1024 * 1024)} MiB", "Name a file.", code=3
        )
    return SourceFile.from_bytes(STDIN, data)


def read_one(path: str, version: NginxVersion, reading: Reading) -> Configuration:
    """The one configuration that ``path`` means.

    Raises CommandError when there are several, or when it cannot be read.
    """
    inputs, problems = find([path], reading)
    if problems:
        raise CommandError(problems[0].message, problems[0].hint, code=3)
    trees = read_all(inputs, reading)
    if len(trees) > 1:
        names = ", ".join(dict.fromkeys(tree.path for tree in trees[:3]))
        raise CommandError(f"{path} holds several configurations ({names} ...)", "Name one of them.")
    tree = trees[0]
    if tree.problems and not tree.directives:
        problem = tree.problems[0]
        raise CommandError(f"{problem.place}: {problem.message}", problem.hint, code=3)
    return build(tree, version)


def read_followed(path: str, version: NginxVersion, reading: Reading) -> Configuration:
    """The one configuration that ``path`` means, for commands that follow connections to their answer.

    Raises CommandError when there are several, when it cannot be read, or when it has no server.
    """
    configuration = read_one(path, version, reading)
    if not configuration.servers:
        raise CommandError("the configuration has no server", "This command follows connections to servers.")
    return configuration


def files_of(configuration: Configuration, reading: Reading) -> Iterator[str]:
    """Everything that the configuration consists of on this machine: texts, and the files that it names."""
    from mtls_lint.nginx.file_uses import file_uses  # noqa: PLC0415 - only where something is written

    yield from (source.real_path for source in configuration.tree.sources)
    paths = (use.reference.path for use in file_uses(configuration))
    store = reading.store(configuration.tree)
    places = (store.place_of(path) for path in paths if path is not None)
    yield from (place for place in places if place is not None)


def _found(path: str, reading: Reading) -> Sequence[Input] | Problem:
    if path == STDIN:
        return (Input(STDIN, "auto", named=True),)
    try:
        place = place_of(path, reading.where)
        os.stat(place)
        found = discover(place)
    except (FileNotFoundError, NotADirectoryError):
        return Problem(ProblemKind.ABSENT, path, None, f"{path} does not exist", _meant(path))
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        return _closed(path, f"{path} could not be read ({words})")
    if isinstance(found, Problem):
        # What may not be listed looks empty.
        closed = not os.access(place, os.R_OK | os.X_OK)
        return _closed(path, f"the directory {path} could not be listed") if closed else found
    name = reading.where.there(place) or place
    return [replace(one, path=name + one.path.removeprefix(place)) for one in found]


def place_of(path: str, where: PathMap) -> str:
    """Where a path lies that people give: in ``--root`` when it is a name there, here otherwise."""
    inside = where.here(path) if where.root is not None and path.startswith("/") else None
    if where.there(path) is None and inside is not None and os.path.lexists(inside):
        return inside
    return path


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
