"""The values of variables in one request: what is known, by name; what is not, with the reason."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from mtls_lint.expressions import expression
from mtls_lint.nginx.maps import map_of
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration
from mtls_lint.nginx.regex import Matched, search
from mtls_lint.syntax.source import TemplatedToken
from mtls_lint.syntax.tree import Unknown

VARIABLE = expression(r"\$(?:\{(\w+)\}|(\w+))", re.ASCII)
"""A variable, with or without braces."""

_DEPTH = 100
"""Variables in variables: what is deeper stays empty (ngx_http_get_indexed_variable; docs/evidence.md)."""

# Variables nginx takes from request headers that our requests do not send: they are empty.
_FROM_HEADERS = ("http_", "cookie_", "sent_http_", "upstream_")


class Variables:
    """Looks variables up: given values, captures, ``set``, ``map``; in nginx a name has no case."""

    def __init__(
        self, configuration: Configuration, given: Mapping[str, str | Unknown], *, module: str = "http"
    ) -> None:
        """``given`` holds the values that the connection and the request fix, names without ``$``."""
        self._values: dict[str, str | Unknown] = dict(given)
        self._makers = configuration.stream_makers if module == "stream" else configuration.makers
        self._evaluating: set[str] = set()

    def assign(self, name: str, value: str | Unknown) -> None:
        """Give ``name`` (without ``$``) a value, as ``set`` and captures do."""
        self._values[name.lower()] = value

    def go_to(self, **parts: str) -> None:
        """Give the variables that hold parts of the request's target their values, all together."""
        self._values.update(parts)

    def capture(self, match: Matched) -> None:
        """Take over the captures of a regular expression: ``$1`` and the named ones."""
        for number in range(1, 10):
            group = match.groups[number] if number < len(match.groups) else None
            self._values[str(number)] = group or ""
        for name, value in match.named.items():
            self._values[name.lower()] = value

    def value(self, name: str) -> str | Unknown:
        """The value of a variable, named without ``$``."""
        if len(self._evaluating) >= _DEPTH:
            return ""
        key = name.lower()
        if key in self._values:
            return self._values[key]
        if key in self._makers.maps:
            return self._from_map(key, str(self._makers.maps[key].args[0]))
        if key.startswith("arg_"):
            return self._argument(key[4:])
        if key.startswith(_FROM_HEADERS):
            return ""
        if (maker := self._makers.by_connection.get(key)) is not None:
            return Unknown(f"${name} comes from {maker}, which depends on who connects")
        if key in self._makers.assigned or key.isdecimal():
            return ""
        return Unknown(f"the value of ${name} is not known")

    def expand(self, text: str) -> str | Unknown:
        """``text`` with its variables replaced; Unknown when one of them is."""
        parts: list[str] = []
        position = 0
        for match in VARIABLE.finditer(text):
            value = self.value(match[1] or match[2])
            if isinstance(value, Unknown):
                return value
            parts += (text[position : match.start()], value)
            position = match.end()
        return "".join((*parts, text[position:]))

    def _argument(self, name: str) -> str:
        arguments = self._values.get("args", "")
        if isinstance(arguments, Unknown):
            return ""
        for pair in arguments.split("&"):
            key, _, value = pair.partition("=")
            if key.lower() == name:
                return value
        return ""

    def _from_map(self, name: str, looked_up: str) -> str | Unknown:
        if name in self._evaluating:
            return Unknown(f"the map of ${name} refers to itself")
        self._evaluating.add(name)
        try:
            source = self.expand(looked_up)
            if isinstance(source, Unknown):
                return source
            known = map_of(self._makers, name)
            found = known.look_up(source)
            if isinstance(found, Unknown):
                return found
            text, match = found
            if match is not None:
                self.capture(match)
            value = self.expand(text)
            if not isinstance(value, Unknown) and not known.is_volatile:
                self._values[name] = value
            return value
        finally:
            self._evaluating.discard(name)

    def holds(self, words: Sequence[str]) -> bool | Unknown:
        """Whether the condition of an ``if`` holds (ngx_http_rewrite_if_condition); parentheses included."""
        for word in words:
            if isinstance(word, TemplatedToken):
                return Unknown(f"{word} is filled in by a template")
        condition = strip_parentheses(words)
        if not condition:
            return Unknown("an if without a condition")
        if not condition[0].startswith("$"):
            return Unknown(f"the condition {' '.join(condition)} asks for a file")
        value = self.value(condition[0][1:].strip("{}"))
        if isinstance(value, Unknown):
            return value
        if len(condition) == 1:
            return value not in {"", "0"}
        operator, operand = condition[1], " ".join(condition[2:])
        if operator in {"=", "!="}:
            wanted = self.expand(operand)
            return wanted if isinstance(wanted, Unknown) else (value == wanted) is (operator == "=")
        if operator in {"~", "~*", "!~", "!~*"}:
            return self._matches(value, operator, operand)
        return Unknown(f"the condition {' '.join(condition)} is not understood")

    def _matches(self, value: str, operator: str, pattern: str) -> bool | Unknown:
        match = search(pattern, value, caseless=operator.endswith("*"))
        if isinstance(match, Unknown):
            return match
        if match is None:
            return operator.startswith("!")
        self.capture(match)
        return not operator.startswith("!")


@kept
def is_made(configuration: Configuration, name: str) -> bool:
    """Whether a configuration of http makes a variable of this name itself, or may: expressions capture."""
    made = configuration.makers
    if name in made.maps or name in made.by_connection or name in made.assigned:
        return True
    return any(f"<{name}>" in source.text for source in configuration.tree.sources)


@lru_cache(maxsize=4096)
def variables_in(text: str) -> frozenset[str]:
    """The names of the variables in ``text``, in lower case, without ``$``."""
    return frozenset((match[1] or match[2]).lower() for match in VARIABLE.finditer(text))


def strip_parentheses(words: Sequence[str]) -> list[str]:
    """The words of a condition without the parentheses around them, which may stand apart."""
    if not words:
        return []
    stripped = [str(word) for word in words]
    stripped[0] = stripped[0].removeprefix("(")
    stripped[-1] = stripped[-1].removesuffix(")")
    last = len(stripped) - 1
    return [word for index, word in enumerate(stripped) if word or 0 < index < last]
