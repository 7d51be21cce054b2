"""What a text with variables may stand for, where the configuration gives them their values."""

from itertools import islice, product

from mtls_lint.nginx.maps import map_values
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.variables import VARIABLE
from mtls_lint.syntax.tree import Directive

_MOST = 32
"""Values that are gone through for one text."""


def possible_texts(
    configuration: Configuration, place: "VirtualServer | Location", text: str, level: int = 0
) -> tuple[str, ...]:
    """``text`` with the variables replaced whose every value is known, once for each combination."""
    if "$" not in text or level > 3:
        return (text,)
    parts: list[tuple[str, ...]] = []
    position = 0
    for match in VARIABLE.finditer(text):
        parts.append((text[position : match.start()],))
        values = _values(configuration, place, (match[1] or match[2]).lower())
        expanded = (one for value in values for one in possible_texts(configuration, place, value, level + 1))
        parts.append(tuple(islice(expanded, _MOST + 1)) or (match[0],))
        position = match.end()
    parts.append((text[position:],))
    found = tuple(dict.fromkeys(islice(("".join(words) for words in product(*parts)), _MOST + 1)))
    return found if len(found) <= _MOST else (text,)


def _values(configuration: Configuration, place: "VirtualServer | Location", name: str) -> tuple[str, ...]:
    """All values that the configuration gives a variable; nothing where others may give it one, too.

    That an empty one is left out is no loss: nginx passes nothing on without an address.
    """
    if place.scope.module != "http":
        return map_values(configuration.stream_makers, name)
    makers = configuration.makers
    if name in makers.maps:
        return map_values(makers, name)
    if name in makers.by_connection or name not in makers.assigned:
        return ()
    return _assigned(place, name)


def _assigned(place: "VirtualServer | Location", name: str) -> tuple[str, ...]:
    """What ``set`` gives a variable on the way to a place: in its block, else in one around it.

    Within a block the last one counts, and those of its ``if`` blocks may. Where none of these blocks gives
    it a value, another location may have, before a rewrite: all of the server's values count then.
    """
    server = place.server if isinstance(place, Location) else place
    values: dict[str, None] = {}
    block: VirtualServer | Location | None = place
    while block is not None:
        if block.scope.unread or block.scope.find("auth_request_set"):
            return ()
        for inner in (block, *(one for one in _children(block) if one.kind == "if")):
            own = [d for d in inner.scope.find("set") if len(d.args) == 2 and _is(d, name)]
            values.update((str(directive.args[1]), None) for directive in own[-1:])
        if any(_is(directive, name) for directive in block.scope.find("set") if directive.args):
            break
        block = None if block is server else (_parent(block) or server)
    if not values:
        scopes = [location.scope for location in server.all_locations()]
        found = (d for scope in scopes for d in scope.find("set") if len(d.args) == 2 and _is(d, name))
        values.update((str(directive.args[1]), None) for directive in found)
    return tuple(value for value in values if value)


def _children(block: "VirtualServer | Location") -> tuple[Location, ...]:
    return block.children if isinstance(block, Location) else block.locations


def _parent(block: "VirtualServer | Location") -> Location | None:
    return block.parent if isinstance(block, Location) else None


def _is(directive: Directive, name: str) -> bool:
    return str(directive.args[0]).lstrip("$").lower() == name
