"""The conditions of a server that look at the client's certificate, and the variables that tell of it."""

from collections import ChainMap
from collections.abc import Iterator, MutableMapping, Set

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.tree import Directive

IDENTIFYING = frozenset(
    f"ssl_client_{fact}"
    for fact in ("s_dn", "s_dn_legacy", "serial", "fingerprint", "cert", "raw_cert", "escaped_cert")
)
"""The variables that tell one client of a CA from another."""

_CAPTURE = expression(r"\(\?P?[<'](\w+)[>']")


class Check(Struct, frozen=True):
    """An ``if`` whose condition depends on the client's certificate.

    ``location`` is the block it stands in, None for the server itself. ``refuses`` tells that the block it
    guards ends in a refusal, ``mixed`` that the condition depends on something else, too. ``facts`` are the
    variables ``ssl_client_...`` (without ``$``) that it depends on.
    """

    directive: Directive
    location: Location | None
    refuses: bool
    mixed: bool
    facts: frozenset[str]

    @property
    def identifies(self) -> bool:
        """Whether it looks at who the client is, not only at whether the chain is in order."""
        return not self.facts.isdisjoint(IDENTIFYING)

    @property
    def condition(self) -> str:
        """The condition as written, in parentheses."""
        return " ".join(str(word) for word in self.directive.args)


@kept
def client_variables(configuration: Configuration) -> frozenset[str]:
    """The variables (lower case, without ``$``) that a ``map`` makes of ``$ssl_client_...``.

    That family itself is not listed: ``tells_of_client`` knows it.
    """
    flows = _flows(configuration, None)
    return frozenset(name for name in flows if any(map(_is_fact, _roots(name, flows))))


@kept
def identifying_variables(configuration: Configuration) -> frozenset[str]:
    """The variables that tell who the client is, those that a ``map`` makes of them included."""
    flows = _flows(configuration, None)
    return IDENTIFYING | {name for name in flows if not _roots(name, flows).isdisjoint(IDENTIFYING)}


def made_of(configuration: Configuration, server: VirtualServer, names: frozenset[str]) -> frozenset[str]:
    """These variables (lower case, without ``$``), and those that a ``map`` or ``set`` makes of them."""
    flows = _flows(configuration, server)
    own = _users(flows.maps[0]) if isinstance(flows, ChainMap) else {}
    of_maps = _users_in_maps(configuration, server.module)
    waiting, found = [name for name in names if name not in flows], set[str]()
    while waiting:
        name = waiting.pop()
        users = {*of_maps.get(name, ()), *own.get(name, ())} - found
        waiting += users
        found |= users
    return names | found


def tells_of_client(name: str, made: frozenset[str]) -> bool:
    """Whether a variable tells of the certificate, given those that maps make (``client_variables``)."""
    return _is_fact(name) or name in made


@kept
def client_checks(configuration: Configuration, server: VirtualServer) -> tuple[Check, ...]:
    """The checks of a server and its locations, in file order."""
    sources = sources_of(configuration, server)
    found = []
    for block in server.all_locations():
        if block.kind != "if":
            continue
        roots = sources.of(" ".join(block.directive.args))
        facts = {name for name in roots if _is_fact(name)}
        if facts:
            mixed = bool(roots - facts)
            found.append(
                Check(block.directive, block.parent, _refuses(block.directive), mixed, frozenset(facts))
            )
    return tuple(found)


def client_facts(
    configuration: Configuration, sources: "Sources", names: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The facts ``ssl_client_...`` that variables come from, and the makers whose work is not known.

    The variables are named in lower case, without ``$``; makers are ``js_set`` and its kin.
    """
    roots = sources.of_names(names)
    made = configuration.makers.by_connection
    scripts = frozenset(made[name] for name in roots & made.keys() if made[name].endswith("_set"))
    return frozenset(filter(_is_fact, roots)), scripts


class Sources:
    """Which variables that nginx itself fills in the values of a server's variables come from.

    What ``map`` and ``set`` make is followed back to what they make it of, conditions included.
    """

    def __init__(self, flows: "_Flows") -> None:
        """``flows`` says for each variable that is made what it comes from."""
        self._flows = flows

    @kept
    def of(self, text: str) -> frozenset[str]:
        """The variables (lower case, without ``$``) from which a text with variables gets its value."""
        return self.of_names(variables_in(text))

    @kept
    def of_names(self, names: frozenset[str]) -> frozenset[str]:
        """Those from which variables with these names get their values."""
        return frozenset[str]().union(*(_roots(name, self._flows) for name in names))


@kept
def sources_of(configuration: Configuration, server: VirtualServer) -> Sources:
    """The sources as ``server`` sees them: its own ``set``, and the maps of all."""
    if "set" not in configuration.directives or not any(True for _ in _assignments(server)):
        return _sources_of_maps(configuration, server.module)
    return Sources(_flows(configuration, server))


@kept
def _sources_of_maps(configuration: Configuration, module: str) -> Sources:
    return Sources(flows_of_maps(configuration, module))


_Flows = MutableMapping[str, Set[str]]
"""For each variable that a map or set makes, the variables it comes from."""


def _is_fact(name: str) -> bool:
    return name.startswith("ssl_client_")


@kept
def _flows(configuration: Configuration, server: VirtualServer | None) -> _Flows:
    of_maps = flows_of_maps(configuration, "http" if server is None else server.module)
    copies = server is not None and "set" in configuration.directives
    assignments = tuple(_assignments(server)) if server is not None and copies else ()
    if not assignments:
        return of_maps
    own: _Flows = {}
    for name, assigned in assignments:
        own[name] = own.get(name, of_maps.get(name, frozenset())) | assigned
    return ChainMap(own, of_maps)


@kept
def flows_of_maps(configuration: Configuration, module: str) -> _Flows:
    """For each variable that a map of the module makes, the variables that it is made of."""
    flows: _Flows = {}
    for name, row in _maps(configuration, module).items():
        values = (str(word) for line in row.children for word in line.args)
        captured = {name for line in row.children for name in _CAPTURE.findall(str(line.name))}
        mentioned = variables_in(" ".join((str(row.args[0]), *values)))
        flows[name] = {source for source in mentioned - captured if not source.isdecimal()}
    return flows


@kept
def _users_in_maps(configuration: Configuration, module: str) -> dict[str, list[str]]:
    return _users(flows_of_maps(configuration, module))


def _users(flows: _Flows) -> dict[str, list[str]]:
    """For each variable those that are made of it."""
    users: dict[str, list[str]] = {}
    for name, sources in flows.items():
        for source in sources:
            users.setdefault(source, []).append(name)
    return users


def _maps(configuration: Configuration, module: str) -> dict[str, Directive]:
    """The maps of a module by the variables they make."""
    if module == "http":
        return configuration.makers.maps
    found = configuration.scopes[module].find("map") if module in configuration.scopes else ()
    return {str(row.args[1]).lstrip("$").lower(): row for row in found if len(row.args) == 2}


def _roots(name: str, flows: _Flows) -> set[str]:
    """The variables that nginx itself fills in, from which ``name`` comes."""
    seen, waiting, roots = {name}, [name], set[str]()
    while waiting:
        sources = flows.get(current := waiting.pop())
        if sources is None:
            roots.add(current)
            continue
        waiting += sources - seen
        seen |= sources
    return roots


def _assignments(server: VirtualServer) -> Iterator[tuple[str, frozenset[str]]]:
    """For each ``set``: the variables its value comes from, those of a condition around it included."""
    for block in (None, *server.all_locations()):
        scope = server.scope if block is None else block.scope
        for directive in scope.find("set"):
            if len(directive.args) == 2:
                is_if = block is not None and block.kind == "if"
                around = variables_in(" ".join(block.directive.args)) if block and is_if else frozenset()
                name, value = (str(word) for word in directive.args)
                yield name.lstrip("$").lower(), variables_in(value) | around


def _refuses(block: Directive) -> bool:
    return any(d.args[0].isdecimal() and int(d.args[0]) >= 400 for d in block.find("return") if d.args)
