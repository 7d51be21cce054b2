"""What ``nginx -T`` prints: all files of a configuration in one text, split as nginx joined it.

For each file nginx writes ``# configuration file NAME:``, its bytes as they are, and one line feed: the main
file first, the others as they were opened, each name once (ngx_show_version_info and ngx_conf_read_file;
docs/evidence.md: dumps). Such a line may stand in a file too, as a comment or inside quotes. It begins a file
only where nginx could have been at the end of one: outside quotes, blocks and statements; and only if an
include that was read before names that file.
"""

import os
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.syntax.input_files import join
from mtls_lint.syntax.lexer import lex_start
from mtls_lint.syntax.nginx_glob import Matches, components_of, escape, has_magic
from mtls_lint.syntax.source import Comment, SourceFile, Span, Token
from mtls_lint.syntax.tree import Problem, ProblemKind

# nginx's own words, which `nginx -T 2>&1` puts before or behind the dump.
_SAID_BEFORE = r"(?:nginx: [^\n]*\n)*"
_SAID_BEHIND = expression(
    r"(?:nginx: (?:the configuration file \S+ syntax is ok|configuration file \S+ test is \w+)\n?)+\Z"
)
_BEGINNING = expression(_SAID_BEFORE + r"(?=# configuration file /[^\n]*:\r?\n)")
_BEGINNINGS = ("# configuration file /", "nginx: ")
_STRUCTURE = {";": 0, "{": 1, "}": -1}
_MARK = expression(r" configuration file (/.*):", re.DOTALL)


def is_dump(text: str) -> bool:
    """Whether a text begins as ``nginx -T`` does."""
    return text.startswith(_BEGINNINGS) and _BEGINNING.match(text) is not None


class Dump(Struct, frozen=True):
    """The files of a dump by the names nginx opened them by; ``main`` is the first one's."""

    main: SourceFile
    files: Mapping[str, SourceFile]

    def read(self, path: str, display: str) -> SourceFile | Problem:
        """The text of a file; a problem when the dump does not hold it."""
        found = self.files.get(path)
        if found is not None:
            return found
        hint = "Give the whole output of nginx -T."
        return Problem(ProblemKind.ABSENT, display, None, f"{display} is not in the dump", hint)

    def glob(self, pattern: str) -> Matches:
        """The files that match; nothing is missing from a dump that nginx wrote."""
        names = _Names()
        names.add(pattern)
        return Matches(tuple(sorted((name for name in self.files if names.may_be(name)), key=os.fsencode)))

    def identity(self, path: str) -> object:
        """The name: of two names of one file, each has its text in the dump."""
        return path


def split(source: SourceFile) -> Dump | Problem:
    """The files of a dump; a problem when it cannot be told where one begins."""
    beginning = _BEGINNING.match(source.text)
    start = beginning.end() if beginning is not None else 0
    end = len(source.text)
    behind = _SAID_BEHIND.search(source.text, start)
    if behind is not None:
        end = behind.start()
    whole = SourceFile(source.path, source.text[start:end], source.real_path, source.position(start)[0])
    names = _Names()
    marks: dict[str, Comment] = {}
    for comment, includes in _between_statements(whole):
        for word in includes:
            names.add_include(os.path.dirname(next(iter(marks), "/")), word)
        found = _MARK.fullmatch(comment.text)
        if found is None or (marks and not names.may_be(found[1])):
            continue
        if found[1] in marks:
            return _ambiguous(source, start, comment, found[1])
        marks[found[1]] = comment
    return _cut(whole, marks)


def _cut(whole: SourceFile, marks: Mapping[str, Comment]) -> Dump:
    ends = [*(comment.start for comment in marks.values()), len(whole.text)][1:]
    files: dict[str, SourceFile] = {}
    for (name, mark), end in zip(marks.items(), ends, strict=True):
        start = whole.text.index("\n", mark.end) + 1
        first_line = whole.first_line + whole.position(start)[0] - 1
        files[name] = SourceFile(name, whole.text[start:end].removesuffix("\n"), whole.real_path, first_line)
    return Dump(next(iter(files.values())), files)


def _between_statements(whole: SourceFile) -> Iterator[tuple[Comment, list[Token]]]:
    """Each comment that begins a line outside all blocks and statements, and what was included before it.

    A text that nginx would not take is looked at up to the place it would complain about: the rest then
    belongs to the file that place is in.
    """
    tokens = lex_start(whole)
    at = depth = 0
    statement: list[Token] = []
    includes: list[Token] = []
    for comment in whole.comments:
        while at < len(tokens) and tokens[at].start < comment.start:
            token = tokens[at]
            at += 1
            if token.quoted or token not in _STRUCTURE:
                statement.append(token)
                continue
            if len(statement) == 2 and statement[0] == "include":
                includes.append(statement[1])
            depth += _STRUCTURE[token]
            statement = []
        begins_line = comment.start == 0 or whole.text[comment.start - 1] == "\n"
        if begins_line and depth == 0 and not statement:
            yield comment, includes
            includes = []


class _Names:
    """The names that includes can lead to."""

    def __init__(self) -> None:
        self.written: set[str] = set()
        # Patterns by the directory that is written out in front of them: only those of a name's own
        # directories are tried, however many there are.
        self.patterns: dict[tuple[str, ...], set[tuple[str | re.Pattern[bytes], ...]]] = {}

    def add_include(self, directory: str, word: str) -> None:
        """The names of ``include WORD`` in a configuration of this directory."""
        if has_magic(word):
            self.add(word if word.startswith("/") else join(escape(directory), word))
        else:
            self.written.add(join(directory, word))

    def add(self, pattern: str) -> None:
        """The names that a pattern matches."""
        components = components_of(pattern)
        written: list[str] = []
        for component in components:
            if not isinstance(component, str):
                break
            written.append(component)
        self.patterns.setdefault(tuple(written), set()).add(components)

    def may_be(self, name: str) -> bool:
        """Whether some include leads to ``name``."""
        if name in self.written:
            return True
        parts = tuple(name.split("/"))
        return any(
            _matches(components, parts)
            for count in range(len(parts) + 1)
            for components in self.patterns.get(parts[:count], ())
        )


def _matches(components: tuple[str | re.Pattern[bytes], ...], parts: tuple[str, ...]) -> bool:
    return len(components) == len(parts) and all(
        component == part if isinstance(component, str) else component.fullmatch(os.fsencode(part))
        for component, part in zip(components, parts, strict=True)
    )


def _ambiguous(source: SourceFile, start: int, comment: Comment, name: str) -> Problem:
    return Problem(
        ProblemKind.UNREADABLE,
        source.path,
        Span(source, start + comment.start, start + comment.end),
        f"{name} begins here for the second time: one of the two lines is a comment in some file, "
        "and it cannot be told which",
        "Remove the comment that looks like a line of nginx -T from the configuration, and dump it again.",
    )
