"""The conditions of a server that look at the client's certificate, and the variables that tell of it."""

from dataclasses import dataclass

from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.tree import Directive

_FACTS = "ssl_client_"


@dataclass(frozen=True, slots=True)
class Check:
    """An ``if`` whose condition depends on the client's certificate.

    ``location`` is the block it stands in, None for the server itself. ``refuses`` tells that the block it
    guards ends in a refusal.
    """

    directive: Directive
    location: Location | None
    refuses: bool

    @property
    def condition(self) -> str:
        """The condition as written, in parentheses."""
        return " ".join(str(word) for word in self.directive.args)


def client_variables(configuration: Configuration, server: VirtualServer | None = None) -> frozenset[str]:
    """The variables (lower case, without ``$``) that depend on the client's certificate.

    That is what a ``map`` makes of ``$ssl_client_...``, and with ``server`` what a ``set`` of the server
    makes of it, or does under a condition on it. The family itself is not listed: ``depends`` knows it.
    """
    http = configuration.scopes.get("http")
    rows = [row for row in http.find("map") if len(row.args) == 2] if http is not None else []
    flows = [(variables_in(str(row.args[0])), str(row.args[1]).lstrip("$").lower()) for row in rows]
    if server is not None:
        flows += _assignments(server)
    known: set[str] = set()
    grown = True
    while grown:
        grown = False
        for sources, target in flows:
            if target not in known and any(depends(name, known) for name in sources):
                known.add(target)
                grown = True
    return frozenset(known)


def depends(name: str, known: "frozenset[str] | set[str]") -> bool:
    """Whether the variable ``name`` tells of the certificate, given the names that do by a detour."""
    return name.startswith(_FACTS) or name in known


def client_checks(configuration: Configuration, server: VirtualServer) -> tuple[Check, ...]:
    """The checks of a server and its locations, in file order."""
    known = client_variables(configuration, server)
    return tuple(
        Check(block.directive, block.parent, _refuses(block.directive))
        for block in server.all_locations()
        if block.kind == "if"
        and any(depends(name, known) for word in block.directive.args for name in variables_in(str(word)))
    )


def _assignments(server: VirtualServer) -> list[tuple[frozenset[str], str]]:
    """For each ``set``: the variables its value comes from, those of a condition around it included."""
    found = []
    blocks = [(server.scope.directives, frozenset[str]())]
    for block in server.all_locations():
        condition = " ".join(str(word) for word in block.directive.args) if block.kind == "if" else ""
        blocks.append((block.scope.directives, variables_in(condition)))
    for directives, around in blocks:
        for directive in directives:
            if directive.name == "set" and len(directive.args) == 2:
                name, value = (str(word) for word in directive.args)
                found.append((variables_in(value) | around, name.lstrip("$").lower()))
    return found


def _refuses(block: Directive) -> bool:
    return any(d.args[0].isdigit() and int(d.args[0]) >= 400 for d in block.find("return") if d.args)
