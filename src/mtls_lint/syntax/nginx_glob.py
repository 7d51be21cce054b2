"""File name patterns as nginx resolves them: glibc's ``glob()`` with no flags, in the C locale.

What that means (glob(3), glob(7), fnmatch(3)) and where Python's ``glob`` differs: ``[^a]`` negates as
``[!a]`` does; a backslash makes the next character ordinary; names are bytes, and so is what ``?``
matches; a leading dot must be written; there is no ``**`` and no ``{a,b}``; matches are sorted as byte
strings, all of them, whatever directory they come from.
"""

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from msgspec import Struct

from mtls_lint.expressions import expression

Locate = Callable[[str], str | None]
Listings = dict[bytes, list[bytes]]

MAX_MATCHES = 100_000
"""Matches (and directories on the way to them) that are followed; symbolic links can multiply them."""

_MAGIC = expression(r"[*?\[]")
_SPECIAL = expression(r"[*?\[\\]")
_CLASSES = {
    b"alnum": b"0-9A-Za-z",
    b"alpha": b"A-Za-z",
    b"blank": rb" \t",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": b"0-9",
    b"graph": rb"\x21-\x7e",
    b"lower": b"a-z",
    b"print": rb"\x20-\x7e",
    b"punct": rb"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    b"space": rb"\t-\r ",
    b"upper": b"A-Z",
    b"xdigit": b"0-9A-Fa-f",
}
_CLASS_NAME = expression(rb"\[:([a-z]*):\]")
_NEVER = b"(?!)"
_WILD = expression(rb"[*?\[\\]")


class Matches(Struct, frozen=True):
    """What a pattern matches, in nginx's order, and the directories that could not be listed.

    ``missing`` is the directory that is written out in the pattern, when there is none; ``unreadable``
    are directories that may not be listed. nginx takes both as empty, without a word. ``too_many``: there
    are more than ``MAX_MATCHES``, and ``paths`` holds at most that many of them.
    """

    paths: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    too_many: bool = False


def has_magic(path: str) -> bool:
    """Whether nginx takes ``path`` as a pattern: it contains ``*``, ``?`` or ``[`` (ngx_conf_include)."""
    return _MAGIC.search(path) is not None


def escape(path: str) -> str:
    """A pattern that matches ``path`` and nothing else."""
    return _SPECIAL.sub(r"\\\g<0>", path)


def nginx_glob(pattern: str, locate: Locate = str, listings: Listings | None = None) -> Matches:
    """The paths that match ``pattern``, resolved against the working directory when relative.

    ``locate`` tells where a path of the pattern lies on this machine; None when it does not. ``listings``
    keeps what is in each directory for the next pattern.
    """
    listings = {} if listings is None else listings
    missing: list[str] = []
    unreadable: list[str] = []
    try:
        found, too_many = _glob(os.fsencode(pattern), locate, listings, missing, unreadable)
    except ValueError:
        # A NUL, or a character that no file name can have: nothing has such a name.
        return Matches(())
    paths = tuple(os.fsdecode(path) for path in sorted(found))
    return Matches(paths, tuple(missing), tuple(unreadable), too_many)


def components_of(pattern: str) -> tuple[str | re.Pattern[bytes], ...]:
    """The components of a pattern: text for those that are written out, expressions for the others."""
    return tuple(
        translate(component) if _is_pattern(component) else os.fsdecode(_unescaped(component))
        for component in os.fsencode(pattern).split(b"/")
    )


def translate(pattern: bytes) -> re.Pattern[bytes]:
    """The regular expression for one component of a pattern (no ``/``), as fnmatch(3) reads it.

    A leading dot of the name is matched by a written dot only (FNM_PERIOD). Matching takes polynomial
    time at worst: what a star matched is never tried anew once the text behind it was found.
    """
    runs: list[list[bytes]] = [[]]
    at = 0
    while at < len(pattern):
        char = pattern[at : at + 1]
        at += 1
        if char == b"*":
            runs.append([])
        elif char == b"?":
            runs[-1].append(b".")
        elif char == b"[":
            bracket, at = _bracket(pattern, at)
            runs[-1].append(bracket)
        elif char == b"\\":
            # fnmatch: a backslash at the very end matches nothing.
            runs[-1].append(re.escape(pattern[at : at + 1]) if at < len(pattern) else _NEVER)
            at += 1
        else:
            runs[-1].append(re.escape(char))
    head, *rest = [b"".join(run) for run in runs]
    expression = head if _dot_is_written(pattern) else rb"(?!\.)" + head
    if rest:
        # A lookahead with a reference to what it captured is an atomic group, which Python 3.10 lacks.
        for number, run in enumerate(filter(None, rest[:-1]), 1):
            expression += b"(?=(.*?%b))\\%d" % (run, number)
        expression += b".*" + rest[-1]
    return re.compile(expression, re.DOTALL)


def _bracket(pattern: bytes, at: int) -> tuple[bytes, int]:
    """The set whose ``[`` ends at ``at``, and where it ends.

    An unclosed ``[`` is an ordinary character; a set with an unknown class matches nothing.
    """
    start = at
    negated = pattern[at : at + 1] in {b"!", b"^"}
    at += negated
    members: list[bytes] = []
    first = valid = True
    while at < len(pattern):
        if pattern[at : at + 1] == b"]" and not first:
            inside = b"".join(members)
            if not valid:
                return _NEVER, at + 1
            if not inside:
                return (b"." if negated else _NEVER), at + 1
            return b"[" + (b"^" if negated else b"") + inside + b"]", at + 1
        first = False
        named = _CLASS_NAME.match(pattern, at)
        if named is not None:
            members.append(_CLASSES.get(named[1], b""))
            valid = valid and named[1] in _CLASSES
            at = named.end()
            continue
        # glibc: what begins like [.x.] and is none makes the whole set match nothing.
        valid = valid and not (pattern.startswith(b"[.", at) and pattern[at + 3 : at + 5] != b".]")
        low, at = _member(pattern, at)
        high = low
        if pattern[at : at + 1] == b"-" and pattern[at + 1 : at + 2] not in {b"]", b""}:
            high, at = _member(pattern, at + 1)
        if low <= high:
            members.append(re.escape(low) + b"-" + re.escape(high))
    return rb"\[", start


def _member(pattern: bytes, at: int) -> tuple[bytes, int]:
    """One character of a set and the offset behind it; ``[.x.]`` and ``[=x=]`` stand for ``x``."""
    for mark in (b".", b"="):
        if pattern.startswith(b"[" + mark, at) and pattern[at + 3 : at + 5] == mark + b"]":
            return pattern[at + 2 : at + 3], at + 5
    if pattern[at : at + 1] == b"\\" and at + 1 < len(pattern):
        at += 1
    return pattern[at : at + 1], at + 1


def _glob(
    pattern: bytes, locate: Locate, listings: Listings, missing: list[str], unreadable: list[str]
) -> tuple[list[bytes], bool]:
    """The matches in any order, component by component, and whether that was too much to go on with."""
    components = pattern.split(b"/")
    last = len(components) - 1
    written_out = True
    paths = [b""]
    for index, component in enumerate(components):
        slash = b"" if index == last else b"/"
        if not _is_pattern(component):
            paths = [path + _unescaped(component) + slash for path in paths]
            continue
        expression, prefix = translate(component), _WILD.split(component, maxsplit=1)[0]
        dots = [b".", b".."] if _dot_is_written(component) else []
        found: list[bytes] = []
        for path in paths:
            entries = _entries(path or b".", locate, listings, missing if written_out else [], unreadable)
            names = (*dots, *_beginning(prefix, entries))
            found.extend(path + name + slash for name in names if expression.fullmatch(name))
            if len(found) > MAX_MATCHES:
                return (found[:MAX_MATCHES] if index == last else []), True
        paths = found
        written_out = False
    if _is_pattern(components[last]):
        return paths, False
    # What was only written, not listed, may not be there. A dangling symbolic link is something.
    return [path for path in paths if _exists(path, locate)], False


def _beginning(prefix: bytes, names: list[bytes]) -> list[bytes]:
    """Those of the sorted names that begin so."""
    end = bisect_right(names, prefix, key=lambda name: name[: len(prefix)])
    return names[bisect_left(names, prefix) : end]


def _entries(
    directory: bytes, locate: Locate, listings: Listings, missing: list[str], unreadable: list[str]
) -> list[bytes]:
    """The sorted names in a directory; none, and a note, when it cannot be listed."""
    if directory in listings:
        return listings[directory]
    name = os.fsdecode(directory)
    try:
        place = locate(name)
        if place is not None:
            listings[directory] = sorted(os.listdir(os.fsencode(place)))  # names are bytes here
            return listings[directory]
        missing.append(name)
    except (FileNotFoundError, NotADirectoryError):
        missing.append(name)
    except OSError:
        unreadable.append(name)
    return []


def _exists(path: bytes, locate: Locate) -> bool:
    try:
        place = locate(os.fsdecode(path))
    except OSError:
        return True  # a loop of links: something, which nginx would fail to open
    return place is not None and os.path.lexists(place)


def _dot_is_written(component: bytes) -> bool:
    return component.startswith((b".", rb"\."))


def _is_pattern(component: bytes) -> bool:
    """Whether the component has a wildcard that is not escaped, or a ``[`` that may be closed."""
    at = 0
    while at < len(component):
        char = component[at : at + 1]
        if char in {b"*", b"?"} or (char == b"[" and b"]" in component[at + 1 :]):
            return True
        at += 2 if char == b"\\" else 1
    return False


def _unescaped(component: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", component, flags=re.DOTALL)
