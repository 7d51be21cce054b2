"""What nginx knows about a directive: where it may stand, how many arguments it takes, what it refuses.

The table (directive_data.py) is generated from real nginx binaries. `check` gives nginx's own verdict on
one directive, in the order and the words of ngx_conf_handler() (nginx: src/core/ngx_conf_file.c), and says
nothing wherever that verdict is not certain: third-party and commercial directives, values that a template
may fill in, contexts of other modules, versions newer than the table.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from mtls_lint.syntax import directive_data as data
from mtls_lint.syntax import grammars
from mtls_lint.syntax.grammars import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Version = tuple[int, int, int]
Kind = Literal["unknown", "removed", "too-new", "context", "block", "arity", "value"]

CONTEXTS: tuple[str, ...] = (
    "main", "events", "http", "server", "location", "server if", "location if", "limit_except", "upstream",
    "stream", "stream server", "stream upstream", "mail", "mail server",
)  # fmt: skip

OPAQUE_BLOCKS: frozenset[str] = frozenset(data.OPAQUE.split())
"""Blocks whose body is rows (or a program), never directives; Lua blocks come on top, see `is_opaque`."""


class DirectiveSpec(Struct, frozen=True):
    """A directive as one module has it in one range of versions."""

    name: str
    module: str
    contexts: tuple[str, ...]
    block: bool
    arity: str
    """Permitted numbers of arguments in writing: "1", "1-2", "1,3" or "2+"."""
    kind: str
    """flag, number, size, offset, time, seconds, buffers, enum (one of values), words (any of values),
    session-cache, ocsp-cache, certificate-cache; "any" where values are not judged here."""
    values: tuple[str, ...]
    """Words of enum and words (nginx ignores their case); lowest and highest of a bounded number."""
    repeatable: bool | None
    """Whether a second occurrence in the same block is accepted; False: nginx says "is duplicate"."""
    since: Version | None
    removed: Version | None
    """First version without this form of the directive."""
    seen_in: tuple[str, ...]
    """Versions of nginx that were asked, or "source", or "docs"."""

    @property
    def min_args(self) -> int:
        return _numbers(self.arity)[0]

    @property
    def max_args(self) -> int | None:
        return _numbers(self.arity)[1]

    def takes(self, count: int) -> bool:
        if "," in self.arity:
            return str(count) in self.arity.split(",")
        lowest, highest = _numbers(self.arity)
        return count >= lowest and (highest is None or count <= highest)

    def lives_in(self, version: Version) -> bool:
        return (self.since is None or self.since <= version) and (
            self.removed is None or version < self.removed
        )


class Refusal(Struct, frozen=True):
    """nginx would not load this directive."""

    kind: Kind
    text: str
    """nginx's own message, without the file and line it ends in."""
    detail: str | None
    """What helps further: the nearest known name, a version, the permitted contexts, numbers or values."""


@cache
def _numbers(arity: str) -> tuple[int, int | None]:
    """The smallest and the largest number of arguments; None where there is no largest."""
    numbers = re.split("[-,+]", arity)
    return int(numbers[0]), int(numbers[-1]) if numbers[-1] else None


def _version(text: str) -> Version | None:
    if not text:
        return None
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


_NEWEST = _version(data.NEWEST) or (0, 0, 0)
_FOREIGN = frozenset(data.FOREIGN.split())
_FOREIGN_PREFIXES = tuple(data.FOREIGN_PREFIXES.split())
_BACKPORTED = frozenset(data.BACKPORTED.split())
_REPEATABLE = {"yes": True, "no": False}


@cache
def specs(name: str) -> tuple[DirectiveSpec, ...]:
    """All forms of a directive, over modules and versions; empty if nginx has none of that name."""
    rows = data.DIRECTIVES.get(name, ())
    return tuple(
        DirectiveSpec(
            name, f"ngx_{module}_module", _words(contexts), bool(block), arity, kind, _words(values),
            _REPEATABLE.get(repeat), _version(since), _version(removed), tuple(source.split()),
        )
        for module, contexts, block, arity, kind, values, repeat, since, removed, source in rows
    )  # fmt: skip


def is_known(name: str) -> bool:
    """Whether some version of the open-source nginx has a directive of that name."""
    return name in data.DIRECTIVES


@cache
def takes_too_few(name: str, count: int) -> bool:
    """Whether every form of a directive wants more than ``count`` arguments: then it has no effect."""
    forms = specs(name)
    return bool(forms) and all(count < form.min_args for form in forms)


def is_foreign(name: str) -> bool:
    """Whether the name belongs to a third-party module or to the commercial nginx only."""
    return not is_known(name) and (
        name in _FOREIGN or "_by_lua" in name or name.startswith(_FOREIGN_PREFIXES)
    )


def is_opaque(name: str) -> bool:
    """Whether a block of that name holds rows or a program instead of directives."""
    return name in OPAQUE_BLOCKS or name.endswith("_by_lua_block")


def judges_values(name: str) -> bool:
    """Whether `check` looks at the arguments of a directive of that name, not only at their number."""
    return grammars.judges(name) or any(spec.kind != "any" for spec in specs(name))


def contexts_of(name: str) -> tuple[str, ...]:
    """Every context some form of the directive may stand in."""
    found = {context for spec in specs(name) for context in spec.contexts}
    return tuple(context for context in CONTEXTS if context in found)


def _distance(one: str, other: str) -> int:
    """Edits between two words: insert, delete, replace, swap two neighbours (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        following = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, following[-1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            following.append(cost)
        before, row = row, following
    return row[-1]


@cache
def closest(name: str) -> str | None:
    """The directive an unknown name is a misspelling of, if it is really close to one.

    Modules that nobody here has heard of have names like nginx's own. So: one edit, two in a long name, and
    none in one so short that a word of another module would be as near.
    """
    if is_known(name) or is_foreign(name) or len(name) < 5:
        return None
    import difflib  # noqa: PLC0415  # only for the rare unknown name: it is not worth every start's time

    word = name.lower().replace("-", "_")
    limit = 1 if len(word) < 10 else 2
    near = [
        (distance, -difflib.SequenceMatcher(None, word, known).ratio(), known)
        for known in data.DIRECTIVES
        if abs(len(known) - len(word)) <= limit and (distance := _distance(word, known)) <= limit
    ]
    return min((found for found in near if found[1] <= -0.85), default=(0, 0.0, None))[2]


def _spell(version: Version | None) -> str:
    return ".".join(map(str, version or ()))


def check(name: str, args: Sequence[str], has_block: bool, context: str, version: Version) -> Refusal | None:
    """Says how nginx of that version refuses a directive; None if it takes it or if that is not certain.

    Only ngx_conf_handler() and the directive's own value are judged: not whether files exist, nor what needs
    the rest of the configuration. A distribution's nginx may have later features than its version says; the
    ones known to have been carried back are not reported.
    """
    forms = specs(name)
    if not forms:
        near = closest(name)
        return None if near is None else Refusal("unknown", f'unknown directive "{name}"', near)
    if context not in CONTEXTS or version > _NEWEST:
        return None
    alive = [form for form in forms if form.lives_in(version)]
    here = [form for form in alive if context in form.contexts]
    if here:
        refusals = [_misuse(form, args, has_block) for form in here]
        return None if None in refusals else refusals[0]
    if alive:
        text = f'"{name}" directive is not allowed here'
        other_times = [form for form in forms if context in form.contexts]
    else:
        text = f'unknown directive "{name}"'
        other_times = list(forms)
    removed = [form.removed for form in other_times if form.removed is not None and form.removed <= version]
    if removed:
        return Refusal("removed", text, f"removed in {_spell(max(removed))}")
    since = [form.since for form in other_times if form.since is not None and form.since > version]
    if since:
        return None if name in _BACKPORTED else Refusal("too-new", text, f"appeared in {_spell(min(since))}")
    return Refusal(
        "context", text, ", ".join(c for c in CONTEXTS if any(c in form.contexts for form in alive))
    )


def _misuse(form: DirectiveSpec, args: Sequence[str], has_block: bool) -> Refusal | None:
    name = form.name
    if form.block and not has_block:
        return Refusal("block", f'directive "{name}" has no opening "{{"', None)
    if has_block and not form.block:
        return Refusal("block", f'directive "{name}" is not terminated by ";"', None)
    if not form.takes(len(args)):
        return Refusal("arity", f'invalid number of arguments in "{name}" directive', form.arity)
    text = _VALUES.get(form.kind, _any)(form, args)
    if text is None and form.module.startswith("ngx_http_"):
        text = grammars.refusal(name, args)
    if text is None:
        return None
    return Refusal("value", text, ", ".join(form.values) or ("on, off" if form.kind == "flag" else None))


# Values. Each function gives nginx's message or None. nginx's parsers: ngx_atoi() in
# src/core/ngx_string.c, ngx_parse_size(), ngx_parse_offset() and ngx_parse_time() in
# src/core/ngx_parse.c. Numbers too long to be sure that they fit the integers of every platform are left
# alone.

_LONG = 9


def _any(_form: DirectiveSpec, _args: Sequence[str]) -> str | None:
    return None


def _flag(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    if is_placeholder(args[0]) or args[0].lower() in ("on", "off"):
        return None
    return f'invalid value "{args[0]}" in "{form.name}" directive, it must be "on" or "off"'


def _words_of(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    known = {value.lower() for value in form.values}
    for arg in args:
        if is_placeholder(arg):
            return None
        if arg.lower() not in known:
            return f'invalid value "{arg}"'
    return None


def _digits(text: str) -> bool:
    return bool(re.fullmatch("[0-9]+", text))


def _number(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    arg = args[0]
    if is_placeholder(arg) or (_digits(arg) and len(arg) > _LONG):
        return None
    if not _digits(arg):
        return f'"{form.name}" directive invalid number'
    if not form.values:
        return None
    low, high = form.values
    if int(low) <= int(arg) <= int(high):
        return None
    return f"value must be between {low} and {high}"


def _size_is_wrong(text: str, units: str = "kKmM") -> bool:
    return not is_placeholder(text) and not re.fullmatch(f"[0-9]+[{units}]?", text)


def _size(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    return f'"{form.name}" directive invalid value' if _size_is_wrong(args[0]) else None


def _offset(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    return f'"{form.name}" directive invalid value' if _size_is_wrong(args[0], "kKmMgG") else None


def _buffers(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    count, size = args
    if is_placeholder(count + size):
        return None
    wrong = not _digits(count) or int(count) == 0 or _size_is_wrong(size) or int(re.sub(r"\D", "", size)) == 0
    return f'"{form.name}" directive invalid value' if wrong else None


_TIME_UNITS = ("y", "M", "w", "d", "h", "m", "s", "ms")


def _time_is_wrong(text: str, *, seconds: bool) -> bool:
    """Whether ngx_parse_time() refuses: units descend, each at most once, and there is a digit somewhere."""
    if is_placeholder(text) or " " in text:
        return False
    if not re.fullmatch("([0-9]*(?:ms|[yMwdhms]))*[0-9]*", text) or not re.search("[0-9]", text):
        return True
    used = [_TIME_UNITS.index(unit) for unit in re.findall("ms|[yMwdhms]", text)]
    known = range(7) if seconds else range(2, 8)  # a millisecond setting knows no years and months
    return used != sorted(set(used)) or not set(used) <= set(known)


def _time(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    return f'"{form.name}" directive invalid value' if _time_is_wrong(args[0], seconds=False) else None


def _seconds(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    return f'"{form.name}" directive invalid value' if _time_is_wrong(args[0], seconds=True) else None


# shared:NAME:SIZE needs eight pages (ngx_http_ssl_session_cache()); pages are no smaller than this anywhere.
_EIGHT_PAGES = 8 * 4096


def _shared_zone(arg: str, what: str) -> str | None:
    match = re.fullmatch("shared:[^:]+:([0-9]+)([kKmM]?)", arg)
    if match is None:
        return f'invalid {what} "{arg}"'
    scale = {"": 1, "k": 1 << 10, "m": 1 << 20}[match[2].lower()]
    return f'{what} "{arg}" is too small' if int(match[1]) * scale < _EIGHT_PAGES else None


def _session_cache(_form: DirectiveSpec, args: Sequence[str]) -> str | None:
    for arg in args:
        if is_placeholder(arg):
            return None
        if arg in ("off", "none", "builtin") or re.fullmatch("builtin:[0-9]+", arg):
            continue
        if text := _shared_zone(arg, "session cache"):
            return text
    return None


def _ocsp_cache(_form: DirectiveSpec, args: Sequence[str]) -> str | None:
    if is_placeholder(args[0]) or args[0] == "off":
        return None
    return _shared_zone(args[0], "OCSP cache")


def _certificate_cache(form: DirectiveSpec, args: Sequence[str]) -> str | None:
    """ngx_http_ssl_certificate_cache(): off, or max=N with inactive= and valid= in seconds."""
    complete = False
    for arg in args:
        if is_placeholder(arg):
            return None
        key, _, value = arg.partition("=")
        if arg == "off" or (key == "max" and _digits(value) and int(value) > 0):
            complete = True
        elif key not in ("inactive", "valid") or "=" not in arg or _time_is_wrong(value, seconds=True):
            return f'invalid parameter "{arg}"'
    return None if complete else f'"{form.name}" must have the "max" parameter'


_VALUES: dict[str, Callable[[DirectiveSpec, Sequence[str]], str | None]] = {
    "flag": _flag,
    "enum": _words_of,
    "words": _words_of,
    "number": _number,
    "size": _size,
    "offset": _offset,
    "buffers": _buffers,
    "time": _time,
    "seconds": _seconds,
    "session-cache": _session_cache,
    "ocsp-cache": _ocsp_cache,
    "certificate-cache": _certificate_cache,
}
