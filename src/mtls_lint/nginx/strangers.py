"""Clients with a certificate of their own making, whose names are those that a configuration looks for.

Where nobody verifies the chain (``optional_no_ca``), a client writes into its certificate what it likes.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from mtls_lint.nginx.clients import Stranger
from mtls_lint.nginx.identity_tests import LEGACY_NAMES, NAMES, SERIAL, identity_tests
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.pki.name_forms import as_rfc2253, read_name

_MOST = 20
"""Names to try for one server: enough for what people write by hand."""

NOBODY = "CN=nobody knows me"
"""The CA of a stranger whose certificate is not self-signed."""


def strangers(configuration: Configuration, server: VirtualServer) -> Iterator[Stranger]:
    """The strangers to try at ``server``: first one with any name, then those with a name it looks for."""
    # With ssl_crl a self-signed certificate is refused, one by a CA that is not sent is not.
    issuer = NOBODY if server.setting("ssl_crl").value else None
    yield Stranger(issuer=issuer)
    wanted = _different(
        (test.variable, value) for test in identity_tests(configuration, server) for value in test.passing
    )
    for variable, value in islice(wanted, _MOST):
        if variable == SERIAL:
            yield Stranger(issuer=issuer, serial=value)
        elif variable in NAMES | LEGACY_NAMES:
            name = as_rfc2253(read_name(value) or ())
            if variable.startswith("ssl_client_s_dn"):
                yield Stranger(name, issuer)
            else:
                yield Stranger(issuer=name)


def _different(values: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The first of equal ones; a map may have thousands more than are wanted."""
    seen: set[tuple[str, str]] = set()
    for one in values:
        if one not in seen:
            seen.add(one)
            yield one
