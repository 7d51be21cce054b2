"""Clients with a certificate of their own making, whose names are those that a configuration looks for.

Where nobody verifies the chain (``optional_no_ca``), a client writes into its certificate what it likes.
"""

from collections.abc import Iterator
from itertools import islice

from mtls_lint.nginx.clients import Stranger
from mtls_lint.nginx.examples import texts_matching
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.variables import strip_parentheses, variables_in

_NAMES = frozenset({"ssl_client_s_dn", "ssl_client_i_dn"})
_MOST = 20
"""Names to try for one server: enough for what people write by hand."""

NOBODY = "CN=nobody knows me"
"""The CA of a stranger whose certificate is not self-signed."""


def strangers(configuration: Configuration, server: VirtualServer) -> Iterator[Stranger]:
    """The strangers to try at ``server``: first one with any name, then those with a name it looks for."""
    # With ssl_crl a self-signed certificate is refused, one by a CA that is not sent is not.
    issuer = NOBODY if server.setting("ssl_crl").value else None
    yield Stranger(issuer=issuer)
    for variable, name in islice(dict.fromkeys(_names(configuration, server)), _MOST):
        if variable == "ssl_client_s_dn":
            yield Stranger(name, issuer)
        else:
            yield Stranger(issuer=name)


def _names(configuration: Configuration, server: VirtualServer) -> Iterator[tuple[str, str]]:
    """Distinguished names that conditions and maps compare with, with the variable they are compared to."""
    for block in server.all_locations():
        if block.kind != "if":
            continue
        words = strip_parentheses(block.directive.args)
        if len(words) >= 3 and (variable := words[0].lower().strip("${}")) in _NAMES:
            operand = " ".join(words[2:])
            found = [operand] if words[1] in {"=", "!="} else texts_matching(operand, words[1])
            yield from ((variable, name) for name in found)
    for row in configuration.makers.maps.values():
        for variable in sorted(variables_in(str(row.args[0])) & _NAMES):
            for line in row.children:
                key = str(line.name)
                if key.startswith("~"):
                    operator = "~*" if key.startswith("~*") else "~"
                    yield from ((variable, name) for name in texts_matching(key.lstrip("~*"), operator))
                elif "=" in key:
                    yield variable, key
