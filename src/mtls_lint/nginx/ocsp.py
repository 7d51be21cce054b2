"""Which servers ask OCSP responders about their clients' certificates (``ssl_ocsp``)."""

import re
from collections.abc import Sequence

from mtls_lint.expressions import expression
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.syntax.tree import Directive

_HTTP = expression("http://.", re.IGNORECASE | re.DOTALL)


def ocsp_servers(configuration: Configuration) -> dict[Directive, tuple[VirtualServer, ...]]:
    """The servers that check clients by OCSP, by the ``ssl_ocsp`` that says so.

    nginx does so where clients are verified; together with ``optional_no_ca`` it refuses to start.
    """
    found: dict[Directive, list[VirtualServer]] = {}
    for server in configuration.servers:
        ocsp = server.setting("ssl_ocsp")
        verifies = server.has_ssl_context and server.verify_client in {"on", "optional"}
        if ocsp.directive is not None and ocsp.lower in {"on", "leaf"} and verifies:
            found.setdefault(ocsp.directive, []).append(server)
    return {directive: tuple(servers) for directive, servers in found.items()}


def usable_responder(urls: Sequence[str]) -> str | None:
    """The responder nginx asks, of those a certificate names: the first, and only by http.

    X509_get1_ocsp and ngx_ssl_ocsp_responder; None where the certificate leads nginx to none.
    """
    return urls[0] if urls and _HTTP.match(urls[0]) else None
