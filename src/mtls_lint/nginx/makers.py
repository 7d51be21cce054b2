"""Which variables a configuration makes itself, and by which directive."""

from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.syntax.tree import Directive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtls_lint.nginx.inheritance import Scope
    from mtls_lint.nginx.model import VirtualServer

_BY_CONNECTION = ("geo", "split_clients", "perl_set", "js_set")


class Makers(Struct, dict=True):
    """The variables by their maker, names in lower case without ``$``."""

    maps: dict[str, Directive] = {}
    by_connection: dict[str, str] = {}
    """Made of what is not known here, with the directive's name."""
    assigned: set[str] = set()
    """By ``set``, in any server: empty until it has run (ngx_http_rewrite_var)."""


def makers(http: "Scope | None", servers: "Iterable[VirtualServer]") -> Makers:
    """The makers at the ``http`` level and in its servers."""
    made = Makers()
    if http is not None:
        for directive in http.find("map"):
            if len(directive.args) == 2:
                made.maps[_name(directive.args[1])] = directive
        for kind in _BY_CONNECTION:
            for directive in http.find(kind):
                if directive.args:
                    named = directive.args[0 if kind.endswith("_set") else -1]
                    made.by_connection[_name(named)] = kind
    for server in servers:
        for scope in (server.scope, *(location.scope for location in server.all_locations())):
            made.assigned |= {_name(directive.args[0]) for directive in scope.find("set") if directive.args}
    return made


def _name(word: str) -> str:
    return str(word).lstrip("$").lower()
