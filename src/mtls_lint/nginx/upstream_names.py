"""Which name nginx looks for in a backend's certificate, and where it takes it from.

That is ``proxy_ssl_name``, else the host of ``proxy_pass``: the name of the ``upstream`` block where it leads
to one (ngx_http_upstream_init_request, ngx_http_upstream_ssl_name; docs/evidence.md: upstreams).
"""

import ipaddress
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from mtls_lint.nginx.names import NameKind
from mtls_lint.nginx.possible import possible_texts
from mtls_lint.nginx.upstream_tls import Target, UpstreamPass, is_unix
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.source import Span

_BY_CLIENT = ("http_", "arg_", "cookie_")
_OF_CLIENT = frozenset(
    {"host", "ssl_server_name", "ssl_preread_server_name", "request_uri", "uri", "args", "query_string"}
)


class NameSource(Enum):
    """Where an expected name comes from."""

    DIRECTIVE = "proxy_ssl_name"
    HOST = "the host of the passing directive"
    BLOCK = "the upstream block"


class ExpectedName(Struct, frozen=True):
    """A name that the certificate of ``target`` has to have, without its port.

    ``text`` still has variables where their value is not known. ``span`` is where it comes from.
    """

    text: str
    source: NameSource
    target: Target
    span: Span

    @property
    def is_known(self) -> bool:
        """Whether no variable is left in it."""
        return "$" not in self.text

    @property
    def is_address(self) -> bool:
        """Whether it is an IP address."""
        try:
            ipaddress.ip_address(self.text.strip("[]"))
        except ValueError:
            return False
        return True

    @property
    def is_sendable(self) -> bool:
        """Whether it can go along as SNI: RFC 6066 forbids addresses, and so does nginx."""
        return self.is_known and bool(self.text) and not self.is_address and not is_unix(self.text)

    @property
    def variables_of_client(self) -> tuple[str, ...]:
        """The variables in it whose value a client chooses."""
        return tuple(
            sorted(
                name for name in variables_in(self.text) if name in _OF_CLIENT or name.startswith(_BY_CLIENT)
            )
        )


def expected_names(passing: UpstreamPass) -> tuple[ExpectedName, ...]:
    """The names that nginx looks for, by what the place may lead to; those of plain targets are left out."""
    return tuple(dict.fromkeys(_expected(passing)))


def _expected(passing: UpstreamPass) -> Iterator[ExpectedName]:
    directive = passing.setting("ssl_name").directive
    place = passing.location or passing.server
    for target in passing.targets:
        if target.tls is False:
            continue
        if directive is not None and directive.args:
            for text in possible_texts(passing.configuration, place, str(directive.args[0])):
                name = _without_port(_filled(passing, target, text))
                yield ExpectedName(name, NameSource.DIRECTIVE, target, directive.arg_span(0))
        elif target.block is not None:
            yield ExpectedName(target.block.name, NameSource.BLOCK, target, passing.span)
        else:
            host = target.host if target.host is not None else target.authority
            yield ExpectedName(_without_port(host), NameSource.HOST, target, passing.span)


def _filled(passing: UpstreamPass, target: Target, text: str) -> str:
    """``text`` with the variables replaced that a place fixes."""
    fixed = {"proxy_host": target.block.name if target.block is not None else target.authority}
    names = passing.server.names
    if names and names[0].kind in {NameKind.EXACT, NameKind.LEADING_WILDCARD}:
        fixed["server_name"] = str(names[0])
    for name, value in fixed.items():
        for written in (f"${{{name}}}", f"${name}"):
            if name in variables_in(text):
                text = text.replace(written, value)
    return text


def _without_port(name: str) -> str:
    """As ngx_http_upstream_ssl_name cuts a port off; the path of a socket has none."""
    if is_unix(name):
        return name
    end = name.find("]") if name.startswith("[") else 0
    colon = name.find(":", max(end, 0))
    return name if colon < 0 else name[:colon]
