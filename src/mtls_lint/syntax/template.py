"""Templates of nginx configurations: read as what they are, without being rendered.

Every tag is masked in place, so that each character keeps its offset: values become words that nothing is
known of, conditions and loops become blanks, and what stands in their arms is read, each arm. Where text that
belongs together is split over arms (half a statement, one brace), the whole is masked, or one arm is read and
the others are said to be left out.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import pairwise
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.expressions import expression
from mtls_lint.syntax.template_tags import (
    Kind,
    Tag,
    erb_tags,
    go_tags,
    jinja_tags,
    may_have_placeholders,
    placeholder_tags,
)

MASK = "\x1a"
"""What stands for each character of a masked value: SUBSTITUTE, one byte, no blank, nothing to nginx."""


class Arm(Struct, frozen=True):
    """One way a condition (or a loop) may go: the text from ``start`` to ``end``.

    ``region`` numbers the conditions of a text; of arms with the same number only one is there. ``read`` is
    False for an arm that was left out.
    """

    region: int
    start: int
    end: int
    read: bool = True


class Template(Struct, frozen=True):
    """What a template's tags make of a text.

    ``language`` is its name for people; ``code`` is what is read as nginx's, as long as the text; ``values``
    are the tags that give text, ``arms`` the parts under conditions and in loops, outer ones first;
    ``escapes`` are values that are no secret: what the language writes for its own marks.
    """

    language: str
    code: str
    values: tuple[Tag, ...]
    arms: tuple[Arm, ...]
    escapes: tuple[tuple[str, str], ...] = ()

    def exclusive(self, one: int, other: int) -> bool:
        """Whether what stands at two offsets is never there at the same time."""
        here = {arm.region: arm for arm in self.arms_at(one)}
        return any(arm.region in here and here[arm.region] != arm for arm in self.arms_at(other))

    @property
    def unknown_values(self) -> tuple[Tag, ...]:
        """The values that are not known."""
        known = {name for name, _ in self.escapes}
        return tuple(value for value in self.values if value.name not in known)

    def value_at(self, offset: int) -> Tag | None:
        """The value that begins at an offset."""
        index = bisect_left(self.values, offset, key=_start)
        return self.values[index] if index < len(self.values) and self.values[index].start == offset else None

    def text_of(self, text: str, start: int, end: int, defined: Mapping[str, str]) -> tuple[str, bool]:
        """The stretch of ``text`` with the values put in that are ``defined``, and whether that was all."""
        values = {**defined, **dict(self.escapes)}
        parts: list[str] = []
        known = True
        index = bisect_left(self.values, start, key=_start)
        while index < len(self.values) and (value := self.values[index]).start < end:
            index += 1
            given = values.get(value.name)
            known = known and given is not None
            parts += (text[start : value.start], text[value.start : value.end] if given is None else given)
            start = value.end
        return "".join((*parts, text[start:end])), known

    def arms_at(self, offset: int) -> Iterator[Arm]:
        """The arms around an offset."""
        return (arm for arm in self.arms if arm.start <= offset < arm.end)


PLACEHOLDERS = "placeholders"
MAX_SIZE = 1024 * 1024
"""Characters of the largest text that is looked at as a template; people write no larger ones."""

MAX_NESTING = 100
"""Conditions in conditions that are told apart; what is deeper is read as if it stood there always."""

_start = attrgetter("start")

_SUFFIXES = {
    ".j2": "Jinja2",
    ".jinja": "Jinja2",
    ".jinja2": "Jinja2",
    ".erb": "ERB",
    ".epp": "EPP",
    ".gotmpl": "Go",
    ".ctmpl": "Go",
    ".tmpl": "Go",
    ".tpl": "Go",
}
_MARKS = ("{{", "{%", "{#", "<%")
_ERB = expression(r"<%[^>]")
_JINJA = expression(r"\{%|(?<!\{)\{#")
_GO = expression(r"\{\{-?\s*(?:[.$]|/\*|[#^!]|(?:if|range|with|define|template|block|end|include|else)\b)")
_BRACES = expression(r"\{\{")


def template_of(path: str, text: str) -> Template | None:
    """The template that ``text`` is; None when there is nothing of one in it, or when it is too large.

    The name's suffix decides between languages that look alike; the text decides otherwise.
    """
    found = tags_of(path, text)
    if found is None:
        tags = placeholder_tags(text) if len(text) <= MAX_SIZE and may_have_placeholders(text) else []
        return masked(PLACEHOLDERS, text, tags) if tags else None
    return masked(found[0], text, found[1])


def tags_of(path: str, text: str) -> tuple[str, list[Tag]] | None:
    """The template language that ``text`` is in and its tags; None when it is in none (or too large)."""
    # Most texts are no templates, and this is found out without a regular expression.
    if len(text) > MAX_SIZE or not any(mark in text for mark in _MARKS):
        return None
    language = _SUFFIXES.get(os.path.splitext(path)[1].lower())
    if _ERB.search(text):
        return (language if language in {"ERB", "EPP"} else "ERB"), erb_tags(text)
    if _JINJA.search(text) or (language == "Jinja2" and _BRACES.search(text)):
        try:
            return "Jinja2", jinja_tags(text)
        except ValueError:
            return None if _JINJA.search(text) else ("Jinja2", go_tags(text))
    if _GO.search(text) or (language == "Go" and _BRACES.search(text)):
        return "Go", go_tags(text)
    return ("Jinja2 or Go", go_tags(text)) if _BRACES.search(text) else None


def masked(
    language: str, text: str, tags: Sequence[Tag], escapes: tuple[tuple[str, str], ...] = ()
) -> Template | None:
    """The template that these tags make of a text; None when they make nothing of it."""
    masker = _Masker(text, tags)
    masker.run()
    if not masker.values and not masker.arms and masker.code == list(text):
        return None
    return Template(language, "".join(masker.code), tuple(masker.values), tuple(masker.arms), escapes)


class _Mode(Enum):
    """Where a reader of nginx's words is."""

    BOUNDARY = "between statements"
    STATEMENT = "between the words of a statement"
    WORD = "in a word"
    SINGLE = "'"
    DOUBLE = '"'


class _State(Struct, frozen=True):
    mode: _Mode = _Mode.BOUNDARY
    depth: int = 0
    comment: bool = False

    @property
    def at_boundary(self) -> bool:
        """Whether a statement may begin here (in the next line, behind a comment)."""
        return self.mode is _Mode.BOUNDARY


_BLANKS = expression(r"[ \t\r\n]+")
# As in lexer._TOKEN: a brace in a word belongs to it behind a dollar sign only.
_WORD = expression(r"(?:\\.|\$\{|[^ \t\r\n;{\\])+", re.DOTALL)
_QUOTED = {
    _Mode.SINGLE: expression(r"(?:\\.|[^'\\])*", re.DOTALL),
    _Mode.DOUBLE: expression(r"(?:\\.|[^\"\\])*", re.DOTALL),
}


def _read(text: str, at: int, end: int, state: _State) -> _State:
    """The state behind the plain text from ``at`` to ``end``."""
    mode, depth, comment = state.mode, state.depth, state.comment
    while at < end:
        if comment:
            line_end = text.find("\n", at, end)
            if line_end < 0:
                break
            comment, at = False, line_end
        elif mode in _QUOTED:
            found = _QUOTED[mode].match(text, at, end)
            at = found.end() if found is not None else at
            if at < end:
                mode, at = _Mode.STATEMENT, at + 1
        elif blanks := _BLANKS.match(text, at, end):
            mode, at = (_Mode.STATEMENT if mode is _Mode.WORD else mode), blanks.end()
        elif text[at] in ";{":
            depth += text[at] == "{"
            mode, at = _Mode.BOUNDARY, at + 1
        elif mode is not _Mode.WORD and text[at] in "#\"'}":
            comment = text[at] == "#"
            if text[at] == "}":
                mode, depth = _Mode.BOUNDARY, depth - 1
            elif not comment:
                mode = _Mode(text[at])
            at += 1
        else:
            word = _WORD.match(text, at, end)
            mode, at = _Mode.WORD, (word.end() if word is not None else at + 1)
    return _State(mode, depth, comment)


class _Masker:
    """One masking of one text."""

    def __init__(self, text: str, tags: Sequence[Tag]) -> None:
        self.text = text
        self.tags = tags
        self.code = list(text)
        self.values: list[Tag] = []
        self.arms: list[Arm] = []
        self.partners = _partners(tags)
        self.alone = _alone(text, tags)

    def run(self) -> None:
        """Mask everything."""
        self._stretch(0, len(self.text), range(len(self.tags)), _State())

    def _stretch(self, start: int, end: int, tags: range, state: _State) -> _State:
        """Mask the tags of this stretch; the state at its end."""
        at = start
        index = tags.start
        while index < tags.stop:
            tag = self.tags[index]
            state = _read(self.text, at, tag.start, state)
            members = self.partners.get(index)
            if members is None:
                state = self._single(index, state)
                at = tag.end
                index += 1
            else:
                state = self._region(members, state)
                at = self.tags[members[-1]].end
                index = members[-1] + 1
        return _read(self.text, at, end, state)

    def _single(self, index: int, state: _State) -> _State:
        """A tag that is no condition (or one without its end, which is taken as a mark)."""
        tag = self.tags[index]
        if tag.kind is not Kind.VALUE or _is_comment(self.text[tag.start : tag.end]):
            self._blank(tag.start, tag.end)
            return state
        if state.comment or (tag.bare and state.mode in _QUOTED):
            return state
        self.values.append(tag)
        if state.at_boundary and self.alone[index]:
            # What comes out of it are statements, or none: one that is not known stands for them.
            self._blank(tag.start, tag.end)
            self.code[tag.start] = MASK
            self.code[tag.end - 1] = ";"
            return state
        self._mask(tag.start, tag.end)
        return _in_word(state)

    def _region(self, members: Sequence[int], state: _State) -> _State:
        """A condition or loop, from its first tag to its last."""
        start, end = self.tags[members[0]].start, self.tags[members[-1]].end
        if not state.at_boundary and not state.comment:
            return self._opaque(start, end, state)
        values, arms = len(self.values), len(self.arms)
        number = members[0]
        states: list[_State] = []
        own: list[Arm] = []
        for first, last in pairwise(members):
            arm = Arm(number, self.tags[first].end, self.tags[last].start)
            own.append(arm)
            self.arms.append(arm)
            states.append(self._stretch(arm.start, arm.end, range(first + 1, last), state))
        for member in members:
            self._blank(self.tags[member].start, self.tags[member].end)
        if any(not one.at_boundary and not one.comment for one in states):
            del self.values[values:], self.arms[arms:]
            return self._opaque(start, end, state)
        if len({one.depth for one in states}) == 1 and states[0].depth == state.depth:
            return states[-1]
        # A brace in one arm has its partner in another condition: only one arm can be read.
        left_out = own[1].start if len(own) > 1 else end
        self._blank(left_out, end)
        self.arms[arms:] = [replace(arm, read=arm.start < left_out) for arm in self.arms[arms:]]
        self.values[values:] = [value for value in self.values[values:] if value.start < left_out]
        return states[0]

    def _opaque(self, start: int, end: int, state: _State) -> _State:
        """A condition within a statement: what comes out of it is one unknown word."""
        self.values.append(Tag(Kind.VALUE, start, end))
        self._mask(start, end)
        return _in_word(state)

    def _blank(self, start: int, end: int) -> None:
        self.code[start:end] = ["\n" if char == "\n" else " " for char in self.text[start:end]]

    def _mask(self, start: int, end: int) -> None:
        self.code[start:end] = MASK * (end - start)


def _in_word(state: _State) -> _State:
    return state if state.mode in _QUOTED else replace(state, mode=_Mode.WORD)


def _is_comment(tag: str) -> bool:
    # What Ansible writes at the head of its files, always a comment.
    return "ansible_managed" in tag


def _alone(text: str, tags: Sequence[Tag]) -> list[bool]:
    """Of each tag whether nothing of nginx's stands behind it in its line, only other tags or a comment."""
    alone = [True] * len(tags)
    for index in range(len(tags) - 1, -1, -1):
        last = index + 1 == len(tags)
        until = len(text) if last else tags[index + 1].start
        line_end = text.find("\n", tags[index].end, until)
        between = text[tags[index].end : line_end if line_end >= 0 else until].strip()
        if between:
            alone[index] = between.startswith("#")
        elif line_end < 0 and not last:
            alone[index] = alone[index + 1]
    return alone


def _partners(tags: Sequence[Tag]) -> dict[int, tuple[int, ...]]:
    """The tags of each condition by the index of its first; tags without a partner are not in it."""
    found: dict[int, tuple[int, ...]] = {}
    stack: list[list[int]] = []
    for index, tag in enumerate(tags):
        if tag.kind is Kind.OPEN:
            stack.append([index])
        elif tag.kind is Kind.ELSE and stack:
            stack[-1].append(index)
        elif tag.kind is Kind.CLOSE and stack:
            members = (*stack.pop(), index)
            if len(stack) < MAX_NESTING:
                found[members[0]] = members
    return found
