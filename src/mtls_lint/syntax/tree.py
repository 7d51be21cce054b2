"""The tree: directives with their places, and what could not be read."""

from collections.abc import Iterable, Iterator
from enum import Enum

from msgspec import Struct

from mtls_lint.syntax.source import SourceFile, Span, TemplatedToken


class Unknown(Struct, frozen=True):
    """A value that cannot be known here, and why. What depends on it is not evaluated."""

    reason: str


class ProblemKind(Enum):
    """Why a text, or part of it, is not in the tree."""

    SYNTAX = "syntax"
    """nginx refuses the text: the tree holds nothing of this file."""
    REFUSED = "refused"
    """The text was read, but nginx refuses it (an include loop, an include of a directory)."""
    UNREADABLE = "unreadable"
    """The text is there but could not be read (permission, a FIFO, too large)."""
    ABSENT = "absent"
    """An included file that is not there."""
    TEMPLATED = "templated"
    """Text that is there only when a template has been rendered; no problem of the run's."""


class Problem(Struct, frozen=True):
    """Something that could not be read: what, why, and what to do about it.

    ``span`` is the place to show (the word, or the include directive); None when no text was read at
    all. ``path`` is the file that is the matter. ``harmless`` marks files of nginx's own distribution
    (``mime.types`` ...) whose content has no say in TLS.
    """

    kind: ProblemKind
    path: str
    span: Span | None
    message: str
    hint: str
    harmless: bool = False

    @property
    def place(self) -> str:
        """``file:line:column``, or the path when no text was read."""
        return str(self.span) if self.span is not None else self.path


class Directive(Struct, eq=False):
    """One directive as it takes effect at one place of the configuration.

    ``includes`` are the include directives it came through, outermost first, ``parent`` the block it stands
    in, None at the top of the tree. A file that is included by several blocks gives each of them blocks of
    its own; a simple directive is one for all blocks of the same kind, and ``includes`` and ``parent`` are
    those of the first. ``block`` is None for a simple directive; for a block it holds the directives inside,
    included files spliced in where their ``include`` stands (the include directive itself stays, before
    them).
    """

    name: str
    args: tuple[str, ...]
    source: SourceFile
    start: int
    end: int
    parent: "Directive | None" = None
    includes: "tuple[Directive, ...]" = ()
    block: "tuple[Directive, ...] | None" = None
    problem: Problem | None = None
    """For an ``include`` whose files could not be read: why."""
    _index: "dict[str, tuple[Directive, ...]] | None" = None

    @property
    def span(self) -> Span:
        """From the name to the ``;`` of a simple directive or the ``{`` of a block, inclusive."""
        return Span(self.source, self.start, self.end)

    def arg_span(self, index: int) -> Span:
        """The place of argument ``index``; IndexError when there is none."""
        return self.word_spans[1:][index]

    @property
    def word_spans(self) -> tuple[Span, ...]:
        """The places of the name and all arguments, quotes included; looked for in the text each time."""
        from mtls_lint.syntax.lexer import located  # noqa: PLC0415 - which makes problems

        words = located(self.source.code, self.start, self.end)[: len(self.args) + 1]
        return tuple(Span(self.source, word.start, word.end) for word in words)

    @property
    def children(self) -> "tuple[Directive, ...]":
        """The directives inside, none for a simple directive."""
        return self.block or ()

    def find(self, name: str) -> "tuple[Directive, ...]":
        """The directives of this name directly inside, in order."""
        if self._index is None:
            self._index = index_by_name(self.children)
        return self._index.get(name, ())

    def walk(self) -> "Iterator[Directive]":
        """This directive and everything inside it, in order."""
        stack = [self]
        while stack:
            directive = stack.pop()
            yield directive
            if directive.block:
                stack.extend(reversed(directive.block))

    @property
    def ancestors(self) -> "Iterator[Directive]":
        """The blocks around this directive, innermost first."""
        parent = self.parent
        while parent is not None:
            yield parent
            parent = parent.parent

    @property
    def is_templated(self) -> bool:
        """Whether a template fills in some word of it: that may become several words, or none."""
        if self.source.template is None:
            return False
        return any(isinstance(word, TemplatedToken) for word in (self.name, *self.args))

    @property
    def is_conditional(self) -> bool:
        """Whether it stands in a branch or loop of a template, and so may not be there."""
        template = self.source.template
        return template is not None and any(template.arms_at(self.start))

    @property
    def text(self) -> str:
        """Name and arguments, one blank between them, decoded: for identities and messages."""
        return " ".join((self.name, *self.args))

    def __repr__(self) -> str:
        return f"<{self.text} at {self.span}>"


def index_by_name(directives: Iterable[Directive]) -> dict[str, tuple[Directive, ...]]:
    """Directives by name, each list in order."""
    index: dict[str, list[Directive]] = {}
    for directive in directives:
        index.setdefault(directive.name, []).append(directive)
    return {name: tuple(found) for name, found in index.items()}


class Tree(Struct, frozen=True):
    """A configuration as text: the main file's directives with all includes spliced in.

    ``context`` says where the top-level directives belong: ``("main",)`` for a whole configuration,
    ``("http",)`` for a fragment of server blocks, ``("http", "server")`` for directives meant for a
    server, and so on (``("stream",)``, ``("stream", "server")``, ``("http", "server", "location")``,
    ``("http", "upstream")`` ...). ``main_directory`` is the directory relative paths resolve against
    (that of the main file: docs/evidence.md: settings). ``from_dump``: its texts come from the output of
    ``nginx -T``, so that the files it names are those of the machine where that ran.
    """

    path: str
    main_directory: str
    context: tuple[str, ...]
    directives: tuple[Directive, ...]
    sources: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]
    from_dump: bool = False

    @property
    def is_fragment(self) -> bool:
        """Whether what surrounds these directives was not given."""
        return self.context != ("main",)

    def walk(self) -> Iterator[Directive]:
        """Every directive of the tree, in order."""
        for directive in self.directives:
            yield from directive.walk()
