"""Where a configuration compares what tells one client's certificate from another with something."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.examples import names_matching, texts_matching
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.read_maps import read_maps
from mtls_lint.nginx.regex import Matched, search
from mtls_lint.nginx.variables import strip_parentheses, variables_in
from mtls_lint.pki.name_forms import as_legacy, as_rfc2253, read_name
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive

NAMES = frozenset({"ssl_client_s_dn", "ssl_client_i_dn"})
LEGACY_NAMES = frozenset(f"{name}_legacy" for name in NAMES)
SERIAL, FINGERPRINT = "ssl_client_serial", "ssl_client_fingerprint"
COMPARED = NAMES | LEGACY_NAMES | {SERIAL, FINGERPRINT}
"""The variables (without ``$``) whose form is known."""

_THEMSELVES = {name: name for name in COMPARED}
_CAPTURED = expression(r"\$(?:\{?\w+\}?)")
_GROUP = expression(r"\((?:\?P?<\w+>|\?'\w+'|(?!\?))[^()]*\)")
_MOST_LITERALS = 5

# In a map of several variables, what this one holds for a client that is let in.
_VERIFIED = {"ssl_client_verify": "SUCCESS"}


class IdentityTest(Struct, frozen=True, dict=True):
    """A comparison of ``variable`` (without ``$``) with ``operand``; ``operator`` is ``=``, ``~`` or ``~*``.

    ``span`` is the ``if`` (``in_condition``) or the row of the ``map``; ``block`` is that ``if`` or ``map``.
    Where a ``map`` compares the variable together with other text, ``before`` and ``after`` are that text.
    Where a row of it takes a part out of the name, ``taken`` is what that part is compared with elsewhere.
    """

    variable: str
    operator: str
    operand: str
    span: Span
    block: Directive
    in_condition: bool
    before: str = ""
    after: str = ""
    taken: tuple[str, ...] = ()

    @property
    def is_name(self) -> bool:
        """Whether a name is compared, not a serial number or a fingerprint."""
        return self.variable in NAMES | LEGACY_NAMES

    @property
    def of_issuer(self) -> bool:
        """Whether it is about the issuer, and not about the client."""
        return self.variable.startswith("ssl_client_i_")

    @cached_property
    def examples(self) -> list[str]:
        """Values of the variable that pass, as far as they are easily seen, in whatever form."""
        if self.operator == "=":
            texts = [self.operand]
        else:
            seen = names_matching if self.is_name else texts_matching
            wanted = [_with_capture(self.operand, part) for part in self.taken] or [self.operand]
            texts = [text for pattern in wanted for text in seen(pattern, self.operator)]
        return [self._inner(text) for text in texts if self._surrounds(text)]

    @cached_property
    def passing(self) -> list[str]:
        """Values of the variable that pass, in the form in which nginx shows them."""
        shown = map(self.shown, self.examples)
        return [value for value in shown if value is not None and self.matches(value)]

    def _surrounds(self, text: str) -> bool:
        folded, before, after = text.lower(), self.before.lower(), self.after.lower()
        return folded.startswith(before) and folded.endswith(after)

    def _inner(self, text: str) -> str:
        return text[len(self.before) : len(text) - len(self.after)]

    def matches(self, value: str) -> bool:
        """Whether this value of the variable passes."""
        text = f"{self.before}{value}{self.after}"
        if self.operator == "=":
            return text == self.operand if self.in_condition else text.lower() == self.operand.lower()
        return isinstance(search(self.operand, text, caseless=self.operator == "~*"), Matched)

    def shown(self, value: str) -> str | None:
        """What nginx puts into the variable for the certificate that is meant by ``value``.

        None where no certificate is known that could be meant.
        """
        if self.variable in NAMES | LEGACY_NAMES:
            name = read_name(value) or read_name(f"CN={value}")
            if not name or not value:
                return None
            return as_legacy(name) if self.variable in LEGACY_NAMES else as_rfc2253(name)
        digits = value.replace(":", "").replace(" ", "").lower().removeprefix("0x")
        if not digits or not set(digits) <= set("0123456789abcdef"):
            return None
        if self.variable == FINGERPRINT:
            return digits if len(digits) == 40 else None
        from mtls_lint.pki.certificate import serial_text  # noqa: PLC0415 - cryptography, only where wanted

        return serial_text(int(digits, 16))


class Comparison:
    """The ``tests`` of one ``if`` or ``map``, all of one variable; that of a map is one for all servers."""

    def __init__(self, tests: tuple[IdentityTest, ...]) -> None:
        self.tests = tests

    @property
    def first(self) -> IdentityTest:
        """The first test, which says what is compared, and where."""
        return self.tests[0]


def identity_tests(configuration: Configuration, server: VirtualServer) -> Iterator[IdentityTest]:
    """The tests of all comparisons of a server."""
    return (test for one in comparisons(configuration, server) for test in one.tests)


@kept
def comparisons(configuration: Configuration, server: VirtualServer) -> tuple[Comparison, ...]:
    """Those of a server's conditions, and of the maps that give variables their values which it may read."""
    return tuple(_find_comparisons(configuration, server))


def _find_comparisons(configuration: Configuration, server: VirtualServer) -> Iterator[Comparison]:
    aliases = _aliases(server) if "set" in configuration.directives else _THEMSELVES
    for block in server.all_locations():
        if block.kind != "if" or block.directive.is_templated:
            continue
        words = strip_parentheses(block.directive.args)
        variable = aliases.get(words[0].lower().strip("${}")) if len(words) >= 3 else None
        if variable is not None:
            operator, operand = words[1].lstrip("!"), " ".join(words[2:])
            if not (operator == "=" and variables_in(operand)):
                test = IdentityTest(variable, operator, operand, block.span, block.directive, True)
                yield Comparison((test,))
    maps = _maps_of_names(configuration) if aliases is _THEMSELVES else None
    literals: dict[str, list[str]] | None = None
    for name in read_maps(configuration, server) if maps is None or maps else ():
        compared = _compared_by(configuration, name, aliases) if maps is None else maps.get(name)
        if compared is not None:
            literals = _literals(server) if literals is None else literals
            own = tuple(text for text in literals.get(name, ()) if text)
            found = _comparison(configuration, name, compared, own[:_MOST_LITERALS])
            if found.tests:
                yield found


@kept
def _maps_of_names(configuration: Configuration) -> dict[str, tuple[str, str, str]]:
    """The maps that compare one of these variables by its own name: the same for all servers."""
    found = ((name, _compared_by(configuration, name, _THEMSELVES)) for name in configuration.makers.maps)
    return {name: compared for name, compared in found if compared is not None}


def _compared_by(
    configuration: Configuration, name: str, aliases: Mapping[str, str]
) -> tuple[str, str, str] | None:
    return _compared(str(configuration.makers.maps[name].args[0]), aliases)


@kept
def _comparison(
    configuration: Configuration, name: str, compared: tuple[str, str, str], literals: tuple[str, ...]
) -> Comparison:
    """That of the map of a variable, whose value is compared with these ``literals`` elsewhere."""
    row = configuration.makers.maps[name]
    variable, before, after = compared
    literals = (*literals, *_keys(configuration).get(name, ()))[:_MOST_LITERALS]
    tests = []
    for line in row.children:
        key = str(line.name)
        if not line.args or line.is_templated or key in {"default", "include"}:
            continue
        if key.startswith("~"):
            operator = "~*" if key.startswith("~*") else "~"
            operand = key[len(operator) :]
        else:
            operator, operand = "=", key.removeprefix("\\")
        taken = literals if _takes_part(line) else ()
        tests.append(IdentityTest(variable, operator, operand, line.span, row, False, before, after, taken))
    return Comparison(tuple(tests))


def _takes_part(line: Directive) -> bool:
    """Whether the value of a map's row is what its regular expression has captured."""
    return _CAPTURED.fullmatch(str(line.args[0])) is not None and str(line.name).startswith("~")


def _with_capture(pattern: str, text: str) -> str:
    """The expression with its first capture replaced by this text."""
    return _GROUP.sub(lambda _: re.escape(text), pattern, count=1)


def _literals(server: VirtualServer) -> dict[str, list[str]]:
    """The texts that variables are compared with in the conditions of a server, by ``=``."""
    found: dict[str, list[str]] = {}
    for block in server.all_locations():
        words = strip_parentheses(block.directive.args) if block.kind == "if" else []
        if len(words) >= 3 and words[1] in {"=", "!="}:
            found.setdefault(words[0].lower().strip("${}"), []).append(" ".join(words[2:]))
    return found


@kept
def _keys(configuration: Configuration) -> dict[str, list[str]]:
    """The first keys of maps, by the variable that is looked up."""
    found: dict[str, list[str]] = {}
    for row in configuration.makers.maps.values():
        keys = (str(line.name) for line in row.children if line.args)
        exact = (key for key in keys if not key.startswith("~") and key not in {"default", "include"})
        wanted = found.setdefault(str(row.args[0]).lower().strip("${}"), [])
        wanted += filter(None, islice(exact, _MOST_LITERALS))
    return found


def _aliases(server: VirtualServer) -> Mapping[str, str]:
    """The variables that hold one of those compared: themselves, and what ``set`` copies them into."""
    copies: dict[str, set[str]] = {}
    for scope in (server.scope, *(block.scope for block in server.all_locations())):
        for directive in scope.find("set"):
            if len(directive.args) == 2:
                name, value = (str(word).lower() for word in directive.args)
                copies.setdefault(name.strip("${}"), set()).add(value)
    if not copies:
        return _THEMSELVES
    aliases = dict(_THEMSELVES)
    for _ in copies:
        for name, values in copies.items():
            sources = {aliases.get(value.strip("${}")) for value in values if value.startswith("$")}
            if len(sources) == 1 == len(values) and None not in sources:
                aliases[name] = next(source for source in sources if source is not None)
    return aliases


def _compared(source: str, aliases: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The variable that a map with this source compares, and the text around it; None when it is another."""
    names = variables_in(source)
    found = [name for name in names if name in aliases]
    if len(found) != 1 or not names <= {found[0], *_VERIFIED}:
        return None
    text = source
    for name, value in _VERIFIED.items():
        text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
    for written in (f"${{{found[0]}}}", f"${found[0]}"):
        before, there, after = text.partition(written)
        if there and written not in after:
            return aliases[found[0]], before, after
    return None
