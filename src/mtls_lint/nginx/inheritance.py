"""Effective settings: which directive gives a value, and how it got there."""

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Protocol

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from mtls_lint.nginx.defaults import default_of
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.directives import specs, takes_too_few
from mtls_lint.syntax.source import Span, TemplatedToken
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind, Unknown, index_by_name


class Origin(Enum):
    """How a value came to a block."""

    SET = "set here"
    OVERRIDDEN = "set here, over an outer value"
    INHERITED = "inherited"
    DEFAULT = "nginx's default"


class Setting(Struct, frozen=True):
    """The effective value of one directive in one block.

    ``directives`` are those that give the value (several for list directives, none for a default);
    ``overrides`` those of the nearest outer block that they displace: one occurrence in an inner block
    drops all of the outer ones (docs/evidence.md: settings, ngx_conf_merge_ptr_value). ``default`` holds
    nginx's own words when nothing is set, None where nginx has no default. ``unknown`` says that the
    value may stand in text that could not be read. ``assumed`` marks a default of a fragment: the
    surrounding configuration, which was not given, may set it.

    ``value`` is the first argument, or the first word of the default, None when there is neither; ``lower``
    is it in lower case (nginx compares flags and enumerations so), empty when there is none. They are worked
    out here: they are asked for a thousand times, and a place of their own takes more room.
    """

    name: str
    directives: tuple[Directive, ...]
    origin: Origin
    overrides: tuple[Directive, ...] = ()
    default: tuple[str, ...] | None = None
    unknown: Unknown | None = None
    assumed: bool = False
    value: str | None = None
    lower: str = ""

    def __post_init__(self) -> None:
        words = self.default
        for directive in self.directives:
            words = directive.args
            if words:
                break
        if words:
            force_setattr(self, "value", words[0])
            force_setattr(self, "lower", words[0].lower())

    @property
    def is_set(self) -> bool:
        """Whether some directive gives the value."""
        return bool(self.directives)

    @property
    def directive(self) -> Directive | None:
        """The directive that gives the value; the first where there are several."""
        return self.directives[0] if self.directives else None

    @property
    def words(self) -> tuple[str, ...]:
        """All arguments of all directives that give the value, or the default's words."""
        if len(self.directives) == 1:
            return self.directives[0].args
        if self.directives:
            return tuple(word for directive in self.directives for word in directive.args)
        return self.default or ()

    @property
    def is_on(self) -> bool:
        """Whether a flag is on."""
        return self.lower == "on"

    @property
    def span(self) -> Span | None:
        """Where the value is set."""
        return self.directives[0].span if self.directives else None


class Scope:
    """One level of the configuration (http, server, location ...) and the levels around it."""

    __slots__ = (
        "_absent", "_handed_down", "_included", "_index", "_names", "_settings", "_unread",
        "directives", "kind", "module", "open", "outer", "version",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        directives: tuple[Directive, ...],
        outer: "Scope | None",
        *,
        module: str,
        version: NginxVersion,
        is_open: bool = False,
        names: Collection[str] | None = None,
    ) -> None:
        """``is_open`` says that this level, or one around it, was not given in full (a fragment).

        ``names``, given for the outermost level, are those of all directives there are; None where some of
        them are not known.
        """
        self.kind = kind
        self.open: bool = is_open or (outer is not None and outer.open)
        # nginx does not start with a directive that lacks arguments: who reads values need not think of it.
        taken = tuple([one for one in directives if not takes_too_few(one.name, len(one.args))])
        self.directives = taken if len(taken) < len(directives) else directives
        self.outer = outer
        self._names: Collection[str] | None = names if outer is None else outer._names
        # What is written nowhere has its default everywhere: most of what is asked, of thousands of levels.
        self._absent: dict[str, Setting] = {} if outer is None else outer._absent
        # What an included text sets is one setting for all levels that include it.
        self._included: dict[Directive, Setting] = {} if outer is None else outer._included
        self.module = module
        self.version = version
        # A name that stands once, as most do, has no tuple of its own.
        self._index: dict[str, Directive | tuple[Directive, ...]] | None = None
        self._settings: dict[str, Setting] = {}
        self._handed_down: dict[str, Setting] | None = None
        self._unread: tuple[Problem, ...] | None = None

    def find(self, name: str) -> tuple[Directive, ...]:
        """The directives of this name at this very level."""
        index = self._index
        found = (self._by_name() if index is None else index).get(name, ())
        return (found,) if isinstance(found, Directive) else found

    def _by_name(self) -> "dict[str, Directive | tuple[Directive, ...]]":
        self._index = {
            name: found if len(found) > 1 else found[0]
            for name, found in index_by_name(self.directives).items()
        }
        return self._index

    @property
    def unread(self) -> tuple[Problem, ...]:
        """What could not be read of this level: its includes, harmless ones left out."""
        if self._unread is None:
            self._unread = unread_includes(self.directives)
        return self._unread

    def setting(self, name: str) -> Setting:
        """The effective value of ``name`` at this level; computed once."""
        setting = self._settings.get(name)
        if setting is None:
            setting = self._absent.get(name)
            if setting is None:
                setting = self._compute(name)
                nowhere = self._names is not None and name not in self._names
                (self._absent if nowhere else self._settings)[name] = setting
        return setting

    def _compute(self, name: str) -> Setting:
        index = self._index
        # What most names come to at most levels.
        if (
            self.outer is not None
            and name not in (self._by_name() if index is None else index)
            and not self.unread
        ):
            return self.outer.inherited(name)
        if own := self.find(name):
            overridden = self.outer.setting(name).directives if self.outer is not None else ()
            if overridden:
                return Setting(name, own, Origin.OVERRIDDEN, overridden, unknown=_templated(own))
            return self._included_setting(own) or Setting(name, own, Origin.SET, unknown=_templated(own))
        unknown = unknown_because(self.unread)
        if self.outer is None:
            default = default_of(name, self.module, self.version)
            return Setting(name, (), Origin.DEFAULT, default=default, unknown=unknown, assumed=self.open)
        outer = self.outer.inherited(name)
        if unknown is None or (outer.unknown is not None and not outer.is_set):
            return outer
        return replace(outer, unknown=unknown)

    def _included_setting(self, own: tuple[Directive, ...]) -> Setting | None:
        """The setting by a directive that stands at other levels too; None where it is this level's own."""
        first, *more = own
        if more or first.parent is None or first.parent.block is self.directives:
            return None
        known = self._included.get(first)
        if known is None:
            known = self._included[first] = Setting(first.name, own, Origin.SET, unknown=_templated(own))
        return known

    def inherited(self, name: str) -> Setting:
        """What the levels inside take over of ``name``: the same for all of them."""
        handed_down = self._handed_down
        known = None if handed_down is None else handed_down.get(name)
        if known is None:
            known = self.setting(name)
            if known.origin is Origin.SET or known.origin is Origin.OVERRIDDEN:
                known = Setting(name, known.directives, Origin.INHERITED, unknown=known.unknown)
                if handed_down is None:
                    handed_down = self._handed_down = {}
                handed_down[name] = known
        return known


class Holder(Protocol):
    """A place that has a certificate: a server, or one that hands requests on by TLS.

    ``setting`` takes the names of the server's directives (``ssl_certificate``, ``ssl_ciphers`` ...).
    """

    @property
    def scope(self) -> Scope:
        """The settings in force there."""
        ...

    @property
    def label(self) -> str:
        """How people call it."""
        ...

    def setting(self, name: str) -> Setting:
        """The effective value of a setting."""
        ...


def _templated(directives: tuple[Directive, ...]) -> Unknown | None:
    """What a template leaves open about the directives of one block that give a value."""
    for directive in directives:
        if directive.source.template is None:
            continue
        word = next((word for word in directive.args if isinstance(word, TemplatedToken)), None)
        if word is not None:
            return Unknown(f"{directive.span}: `{directive.name} {word}` is filled in by a template")
        if len(directives) > 1 and directive.is_conditional and not _adds_up(directive):
            return Unknown(
                f"{directive.span}: which of {len(directives)} `{directive.name}` holds depends on a template"
            )
    return None


def _adds_up(directive: Directive) -> bool:
    """Whether a block may have several directives of this name, all of which count."""
    return any(spec.repeatable is not False for spec in specs(directive.name))


def unread_includes(directives: Iterable[Directive]) -> tuple[Problem, ...]:
    """The problems of those of these directives that stand for text which is not known."""
    return tuple(
        directive.problem
        for directive in directives
        if directive.problem is not None
        and not directive.problem.harmless
        and directive.problem.kind is not ProblemKind.REFUSED
    )


def unknown_because(unread: tuple[Problem, ...]) -> Unknown | None:
    """What unread includes leave unknown, in words; None when there are none."""
    if not unread:
        return None
    first = unread[0]
    return Unknown(f"{first.place}: {first.message}")
