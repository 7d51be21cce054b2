"""Which maps a server may read: those of the variables that it mentions, and of what these are made of."""

from collections.abc import Iterable

from mtls_lint.nginx.checks import flows_of_maps
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.tree import Directive

_OF_THEIR_OWN = frozenset({"map", "server"})


def read_maps(configuration: Configuration, server: VirtualServer) -> list[str]:
    """The variables of these maps (lower case, without ``$``), in the order of the file.

    A configuration may have a map for each of thousands of servers. What stands around the servers is read by
    all of them; where part of a server was not read, it may read any.
    """
    places = _places(configuration)
    if not places or server.scope.unread:
        return list(places)
    around = _read_around(configuration)
    found = _made_of(configuration, _mentioned(server.scope.directives) - around)
    return sorted(found.union(around) & places.keys(), key=places.__getitem__)


@kept
def _places(configuration: Configuration) -> dict[str, int]:
    """The place of each map in the file."""
    return {name: place for place, name in enumerate(configuration.makers.maps)}


@kept
def _read_around(configuration: Configuration) -> frozenset[str]:
    """What is read at the level of http and there in other blocks than servers and maps."""
    http = configuration.scopes.get("http")
    around = (one for one in http.directives if one.name not in _OF_THEIR_OWN) if http is not None else ()
    return frozenset(_made_of(configuration, _mentioned(around)))


def _made_of(configuration: Configuration, names: set[str]) -> set[str]:
    """These variables, and all that maps make them of."""
    flows = flows_of_maps(configuration, "http")
    found, waiting = set(names), list(names)
    while waiting:
        sources = flows.get(waiting.pop(), set())
        waiting += sources - found
        found |= sources
    return found


def _mentioned(directives: Iterable[Directive]) -> set[str]:
    """The variables in the words of these directives and of all that stands inside."""
    found: set[str] = set()
    for outer in directives:
        for directive in outer.walk():
            for word in directive.args:
                if "$" in word:
                    found |= variables_in(word)
    return found
