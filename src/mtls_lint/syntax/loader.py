"""A configuration from its files: the main file with all it includes, spliced in where they are included.

Includes are walked here and not by crossplane, in the place they stand in: the same file included twice
gives two sets of blocks; what is no block is there once for all places that are alike. Relative names are
resolved against the directory of the *main* file as it was given - not of the including file, not the
prefix, symbolic links not followed (ngx_conf_full_name with conf_prefix; observed on 1.22.1 and 1.31.3).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Protocol

from msgspec.structs import replace

from mtls_lint.syntax import loader_errors as errors
from mtls_lint.syntax.adapter import ParsedText, parse_text
from mtls_lint.syntax.completeness import lost
from mtls_lint.syntax.dump import is_dump, split
from mtls_lint.syntax.embedded import annotations, embedded
from mtls_lint.syntax.files import looks_binary
from mtls_lint.syntax.foreign import foreign
from mtls_lint.syntax.fragment import MAIN_BLOCKS, context_comment, infer_context
from mtls_lint.syntax.input_files import Disk, Files, join
from mtls_lint.syntax.lexer import MAX_NESTING, ROW_BLOCKS
from mtls_lint.syntax.nginx_glob import escape, has_magic
from mtls_lint.syntax.source import SourceFile, TemplatedToken
from mtls_lint.syntax.template import PLACEHOLDERS, template_of
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind, Tree

MAX_INCLUDE_DEPTH = 64
"""Files that include files that include files; each level also costs nginx an open file."""
MAX_INCLUSIONS = 100_000
MAX_SPLICED = 1_000_000
"""Directives that come from includes, counted once per inclusion: ten files that include each other's
successor ten times would otherwise be 10^10 directives."""

MAIN_FILE = "nginx.conf"
MAX_FRAGMENT_ANCESTORS = 4
_NOTHING: Mapping[str, str] = MappingProxyType({})


def load(
    path: str,
    *,
    context: tuple[str, ...] | None = None,
    main_directory: str | None = None,
    display: str | None = None,
    files: Files | None = None,
    defined: Mapping[str, str] = _NOTHING,
) -> Tree:
    """Read the configuration ``path`` with everything it includes.

    ``context`` says where its directives belong (see ``Tree``); without it, that is inferred.
    ``main_directory`` is what relative names resolve against; without it, the directory of ``path`` or,
    for a fragment, the nearest directory above that holds an nginx.conf. ``display`` is the name shown.
    What ``nginx -T`` printed is taken as the files it holds, whatever else is said here. ``defined`` are
    values of a template's names.

    Never raises for what is found on disk: that is in ``Tree.problems``.
    """
    files = files or Disk()
    source = files.read(path, path if display is None else display)
    if isinstance(source, Problem):
        where = os.path.dirname(path) if main_directory is None else main_directory
        return Tree(source.path, where or ".", context or ("main",), (), (), (source,))
    return _load(source, path, context, main_directory, files, defined)


def load_each(
    source: SourceFile,
    *,
    context: tuple[str, ...] | None = None,
    main_directory: str | None = None,
    files: Files | None = None,
    defined: Mapping[str, str] = _NOTHING,
    path: str | None = None,
) -> tuple[Tree, ...]:
    """The trees of a text: several where it is Markdown, YAML or a script that holds configurations.

    ``path`` is its name where nginx runs, by which relative names are resolved; see ``load`` for the others.
    """
    found = embedded(source)
    if isinstance(found, Problem):
        return (Tree(source.path, ".", context or ("main",), (), (source,), (found,)),)
    where = files or Disk()
    parts = [(source, context)] if found is None else [(one.source, context or one.context) for one in found]
    name = source.real_path if path is None else path
    trees = tuple(_load(part, name, at, main_directory, where, defined) for part, at in parts)
    asked = annotations(source) if found is not None else None
    if asked is None:
        return trees
    return (replace(trees[0], problems=(*trees[0].problems, asked)), *trees[1:])


def load_text(
    text: str | SourceFile,
    path_label: str = "-",
    *,
    context: tuple[str, ...] | None = None,
    main_directory: str | None = None,
    files: Files | None = None,
    defined: Mapping[str, str] = _NOTHING,
) -> Tree:
    """The tree of a text that did not come from a file of this machine (stdin, embedded, a dump, a test).

    ``path_label`` is its name in reports (a ``SourceFile`` has its own); without ``main_directory``,
    relative includes are resolved against the directory part of it.
    """
    source = text if isinstance(text, SourceFile) else SourceFile(path_label, text)
    return _load(source, source.real_path, context, main_directory, files or Disk(), defined)


def _load(
    source: SourceFile,
    path: str,
    context: tuple[str, ...] | None,
    main_directory: str | None,
    files: Files,
    defined: Mapping[str, str],
) -> Tree:
    if is_dump(source.text):
        return _load_dump(source)
    directory = os.path.dirname(path)  # as nginx: text, no normalisation
    parse = partial(_parse_template, defined)
    parsed = parse(source, rows=context is not None and context[-1] in ROW_BLOCKS)
    if isinstance(parsed, Problem):
        where = directory if main_directory is None else main_directory
        return Tree(source.path, where or ".", context or ("main",), (), (source,), (parsed,))
    if context is None:
        context = context_comment(source.comments) or _inferred(parsed, path)
    if main_directory is None:
        main_directory = directory if context == ("main",) else _fragment_directory(directory)
    walk = _Walk(files, main_directory, path, parsed, parse)
    directives = walk.directives(parsed)
    return Tree(
        source.path, main_directory or ".", context, directives, tuple(walk.sources), tuple(walk.problems)
    )


def _load_dump(source: SourceFile) -> Tree:
    dump = split(source)
    if isinstance(dump, Problem):
        return Tree(source.path, ".", ("main",), (), (source,), (dump,), from_dump=True)
    name = dump.main.path
    parsed = _parse(dump.main, rows=False)
    directory = os.path.dirname(name)
    if isinstance(parsed, Problem):
        return Tree(name, directory, ("main",), (), (dump.main,), (parsed,), from_dump=True)
    walk = _Walk(dump, directory, name, parsed, _parse)
    directives = walk.directives(parsed)
    sources, problems = tuple(walk.sources), tuple(walk.problems)
    return Tree(name, directory, ("main",), directives, sources, problems, from_dump=True)


class _Parse(Protocol):
    """How a text of a configuration is parsed."""

    def __call__(self, source: SourceFile, *, rows: bool) -> ParsedText | Problem: ...


class _Walk:
    """One walk over the includes of one configuration."""

    def __init__(
        self, files: Files, main_directory: str, main_path: str, main: ParsedText, parse: _Parse
    ) -> None:
        self.files = files
        self.parse = parse
        self.main_directory = main_directory
        self.sources = [main.source]
        # A set that keeps its order: the same include in a file that is included twice says it once.
        self.problems: dict[Problem, None] = {}
        # What each name (and whether it is read as rows) led to; each is read once. Most files are included
        # once, so that what a text was parsed to is kept from the second time on.
        self.parsed: dict[tuple[str, bool], ParsedText | SourceFile | Problem] = {}
        # The simple directives of included texts by the names of the blocks around, with the block that had
        # them last: thousands of servers that include a snippet have one set of its directives.
        self.shared: dict[
            tuple[SourceFile, tuple[str, ...]], tuple[Directive | ParsedText | None, dict[int, Directive]]
        ] = {}
        # The files that are open, outermost first, as nginx would hold them, with the includes between.
        self.open: list[tuple[object, str]] = [(files.identity(main_path), main.source.path)]
        self.identities: dict[str, object] = {}
        self.chain: tuple[Directive, ...] = ()
        self.inclusions = 0
        self.spliced = 0
        self.exhausted: Problem | None = None

    def directives(self, main: ParsedText) -> tuple[Directive, ...]:
        """The main file's directives with all that they include."""
        built = main.build(expand=self.expand)
        self.problems.update(dict.fromkeys(self._problems_of(built)))
        return built

    def _problems_of(self, built: tuple[Directive, ...]) -> Iterator[Problem]:
        """What only the whole tree shows."""
        if any(source.template is not None for source in self.sources):
            for directive in (inner for one in built for inner in one.walk()):
                if isinstance(directive.name, TemplatedToken):
                    directive.problem = errors.templated(directive)
        return lost(self.sources, [inner for one in built for inner in one.walk()])

    def expand(self, include: Directive, depth: int) -> Sequence[Directive]:
        """The directives of the files that ``include`` names; what could not be read is noted on it."""
        if len(include.args) != 1:
            return ()
        parent = include.parent
        rows = parent is not None and parent.name in ROW_BLOCKS
        if rows and parent is not None and parent.name == "split_clients":
            # The one block of rows that knows no include (ngx_http_split_clients).
            return ()
        name = include.args[0]
        if isinstance(name, TemplatedToken):
            include.problem = errors.templated(include)
            return ()
        path = join(self.main_directory, name)
        if not has_magic(name):
            return self._include(include, path, depth, rows)
        # nginx would see a pattern in the directory's name as well; but where a configuration lies while
        # it is checked is not where it will run, so that is escaped.
        matches = self.files.glob(path if name.startswith("/") else join(escape(self.main_directory), name))
        for problem in errors.for_matches(include, path, matches):
            self._note(include, problem)
        found: list[Directive] = []
        for match in matches.paths:
            found.extend(self._include(include, match, depth, rows))
        return found

    def _include(self, include: Directive, path: str, depth: int, rows: bool) -> Sequence[Directive]:
        if self.exhausted is not None:
            self._note(include, self.exhausted)
            return ()
        parsed = self._parsed(path, rows)
        if isinstance(parsed, Problem):
            self._note(include, errors.at_include(include, parsed))
            return ()
        identity = self.identities.get(path)
        if identity is None:
            identity = self.identities[path] = self.files.identity(path)
        problem = self._refusal(include, parsed, identity, depth)
        if problem is not None:
            self._note(include, problem)
            return ()
        self.inclusions += 1
        self.spliced += parsed.size
        outer = self.chain
        self.chain = (*outer, include)
        self.open.append((identity, parsed.source.path))
        directives = parsed.build(
            include.parent, self.chain, depth, self.expand, self._shared(parsed, include.parent)
        )
        self.open.pop()
        self.chain = outer
        return directives

    def _refusal(
        self, include: Directive, parsed: ParsedText, identity: object, depth: int
    ) -> Problem | None:
        """Why a file that was read is not to be included here."""
        for index, (opened, _) in enumerate(self.open):
            if opened == identity:
                names = [name for _, name in self.open[index:]]
                return errors.loop(include, [*names, parsed.source.path])
        if len(self.open) > MAX_INCLUDE_DEPTH:
            return errors.includes_too_deep(include, MAX_INCLUDE_DEPTH)
        if depth + parsed.depth > MAX_NESTING:
            return errors.nests_too_deep(include, parsed.source.path, MAX_NESTING)
        if self.inclusions >= MAX_INCLUSIONS or self.spliced + parsed.size > MAX_SPLICED:
            self.exhausted = errors.too_many(include, self.inclusions, MAX_INCLUSIONS, MAX_SPLICED)
            return self.exhausted
        return None

    def _shared(self, parsed: ParsedText, parent: Directive | None) -> dict[int, Directive] | None:
        """The simple directives of a text that was included before in a block like ``parent``, by offset.

        None where it has none to share, and where it is included into the same block again: what stands
        there twice are two directives.
        """
        if not parsed.has_simple:
            return None
        around = () if parent is None else (parent.name, *[one.name for one in parent.ancestors])
        block, shared = self.shared.get((parsed.source, around), (parsed, {}))
        if block is parent:
            return None
        self.shared[parsed.source, around] = parent, shared
        return shared

    def _parsed(self, path: str, rows: bool) -> ParsedText | Problem:
        key = (path, rows)
        known = self.parsed.get(key)
        if isinstance(known, SourceFile):
            known = self.parsed[key] = self.parse(known, rows=rows)
        if known is None:
            source = self.files.read(path, path)
            if isinstance(source, SourceFile):
                self.sources.append(source)
                known = self.parse(source, rows=rows)
                self.parsed[key] = source if isinstance(known, ParsedText) else known
            else:
                known = self.parsed[key] = source
        return known

    def _note(self, include: Directive, problem: Problem) -> None:
        if include.problem is None:
            include.problem = problem
        self.problems[problem] = None


def _parse_template(defined: Mapping[str, str], source: SourceFile, *, rows: bool) -> ParsedText | Problem:
    """Parse a text that may be a template."""
    if source.template is None:
        source.template = template_of(source.path, source.code)
    parsed = _parse(source, rows=rows, defined=defined)
    if source.template is None or not isinstance(parsed, Problem) or parsed.kind is not ProblemKind.SYNTAX:
        return parsed
    if source.template.language != PLACEHOLDERS:
        return errors.unfit_template(parsed, source.template.language)
    source.template = None
    return _parse(source, rows=rows)


def _parse(source: SourceFile, *, rows: bool, defined: Mapping[str, str] = _NOTHING) -> ParsedText | Problem:
    parsed = parse_text(source, rows=rows, defined=defined)
    if looks_binary(source.text) and not rows:
        if isinstance(parsed, Problem):
            return errors.binary(source, parsed.message)
        if parsed.statements and "\0" in parsed.statements[0].name:
            return errors.binary(source, "nginx: unknown directive")
    if isinstance(parsed, Problem) and parsed.kind is ProblemKind.SYNTAX and source.template is None:
        return foreign(source, parsed) or parsed
    return parsed


def _inferred(parsed: ParsedText, path: str) -> tuple[str, ...]:
    """The context of a file that does not say it."""
    names = {statement.name for statement in parsed.statements}
    blocks = {statement.name for statement in parsed.statements if statement.block is not None}
    # A large main file is recognised without building its directives twice.
    if blocks & MAIN_BLOCKS:
        return ("main",)
    if names <= {"include"} and os.path.basename(path) == MAIN_FILE:
        return ("main",)
    return infer_context(parsed.build())


def _fragment_directory(directory: str) -> str:
    """The directory of the main file a fragment in ``directory`` most likely belongs to."""
    candidate = directory
    for _ in range(MAX_FRAGMENT_ANCESTORS + 1):
        if os.path.isfile(os.path.join(candidate, MAIN_FILE)):
            return candidate
        # As given, not resolved: messages should show the names people typed.
        candidate = _parent(candidate)
    return directory


def _parent(directory: str) -> str:
    stripped = directory.rstrip("/")
    if os.path.basename(stripped) in {"", ".", ".."}:
        return directory if directory.startswith("/") and not stripped else os.path.join(stripped, "..")
    return os.path.dirname(stripped)
