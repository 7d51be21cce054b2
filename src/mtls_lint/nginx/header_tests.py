"""Where a configuration goes by what a client's headers say of a certificate."""

import re
from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.checks import sources_of
from mtls_lint.nginx.examples import texts_matching
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.variables import strip_parentheses, variables_in
from mtls_lint.syntax.tree import Directive

# Names that proxies give to headers with what they know of a client's certificate.
_TELLING = expression(
    r"http_(?:\w*_)?(?:"
    r"(?:ssl|tls|mtls|amzn_mtls|client|peer|user)_(?:client_|clientcert_|peer_|leaf_)?"
    r"(?:[si]_)?(?:cert\w*|dn\w*|cn|verif\w+|subject\w*|issuer\w*|serial\w*|fingerprint\w*|sha1|san)"
    r"|clientcert\w*|x509\w*|xfcc"
    r")",
    re.ASCII,
)
_SETTINGS = frozenset({"default", "include", "hostnames", "volatile"})


class HeaderTest(Struct, frozen=True):
    """An ``if`` whose condition comes from headers that tell of a certificate.

    ``variables`` are those of the headers (``http_...``); ``location`` is the block it stands in, None for
    the server itself.
    """

    directive: Directive
    location: Location | None
    variables: frozenset[str]


def header_tests(configuration: Configuration, server: VirtualServer) -> tuple[HeaderTest, ...]:
    """The conditions of a server that go by such headers, through ``map`` and ``set`` too."""
    sources = sources_of(configuration, server)
    found = []
    for block in server.all_locations():
        if block.kind == "if":
            named = frozenset(
                name
                for word in block.directive.args
                for name in sources.of(str(word))
                if _TELLING.fullmatch(name)
            )
            if named:
                found.append(HeaderTest(block.directive, block.parent, named))
    return tuple(found)


def passing_values(configuration: Configuration, server: VirtualServer, variable: str) -> list[str]:
    """Values of a header's variable that conditions and maps look for, and one that nobody looks for."""
    found = dict.fromkeys(_in_conditions(server, variable))
    for row in configuration.makers.maps.values():
        if str(row.args[0]).lower().strip("${}") == variable:
            found.update(dict.fromkeys(_in_map(row)))
    return [value for value in (*found, "forged") if value]


def _in_conditions(server: VirtualServer, variable: str) -> Iterator[str]:
    for block in server.all_locations():
        words = strip_parentheses(block.directive.args) if block.kind == "if" else []
        if len(words) >= 3 and words[0].lower().strip("${}") == variable:
            yield from _matching(words[1].lstrip("!"), " ".join(words[2:]))


def _in_map(row: Directive) -> Iterator[str]:
    for line in row.children:
        key = str(line.name)
        if key.startswith("~"):
            operator = "~*" if key.startswith("~*") else "~"
            yield from _matching(operator, key[len(operator) :])
        elif key not in _SETTINGS:
            yield key.removeprefix("\\")


def _matching(operator: str, operand: str) -> list[str]:
    if operator != "=":
        return texts_matching(operand, operator)
    return [] if variables_in(operand) else [operand]
