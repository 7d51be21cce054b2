"""Where a configuration compares the names in a client's certificate with something."""

from collections.abc import Iterator
from dataclasses import dataclass

from mtls_lint.nginx.examples import texts_matching
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.variables import strip_parentheses, variables_in
from mtls_lint.syntax.source import Span

_NAMES = frozenset({"ssl_client_s_dn", "ssl_client_i_dn"})


@dataclass(frozen=True, slots=True)
class NameTest:
    """A comparison of ``variable`` (without ``$``) with ``operand``; ``operator`` is ``=``, ``~`` or ``~*``.

    ``span`` is the ``if`` (``in_condition``) or the row of the ``map``.
    """

    variable: str
    operator: str
    operand: str
    span: Span
    in_condition: bool

    @property
    def examples(self) -> list[str]:
        """Names that pass, as far as they are easily seen."""
        return [self.operand] if self.operator == "=" else texts_matching(self.operand, self.operator)


def name_tests(configuration: Configuration, server: VirtualServer) -> Iterator[NameTest]:
    """The comparisons of a server's conditions, and those of all maps."""
    for block in server.all_locations():
        if block.kind != "if" or block.directive.is_templated:
            continue
        words = strip_parentheses(block.directive.args)
        if len(words) >= 3 and (variable := words[0].lower().strip("${}")) in _NAMES:
            yield NameTest(variable, words[1].lstrip("!"), " ".join(words[2:]), block.span, True)
    for row in configuration.makers.maps.values():
        for variable in sorted(variables_in(str(row.args[0])) & _NAMES):
            for line in row.children:
                if line.is_templated:
                    continue
                key = str(line.name)
                if key.startswith("~"):
                    operator = "~*" if key.startswith("~*") else "~"
                    yield NameTest(variable, operator, key[len(operator) :], line.span, False)
                elif "=" in key:
                    yield NameTest(variable, "=", key, line.span, False)
