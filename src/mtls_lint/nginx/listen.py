"""``listen`` directives and the sockets they make."""

import ipaddress
import re
from functools import lru_cache

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.syntax.source import TemplatedToken
from mtls_lint.syntax.tree import Directive


class SocketKey(Struct, frozen=True):
    """What nginx groups listens by: family, address, port and transport (docs/evidence.md: sockets).

    ``address`` is ``*`` for all IPv4 addresses, ``[::]`` for all IPv6 ones, else the normalised address,
    a host name as written, or ``unix:/path`` (then ``port`` is 0).
    """

    family: str
    address: str
    port: int
    transport: str = "tcp"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it: loopback addresses and Unix sockets."""
        if self.family == "unix" or self.address == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.address.strip("[]")).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        if self.family in {"template", "unix"}:
            return self.address
        suffix = "/udp" if self.transport == "udp" else ""
        return f"{self.address}:{self.port}{suffix}"


class Listen(Struct, frozen=True):
    """One ``listen`` of one server, or the implicit one of a server without any (``directive`` None)."""

    directive: Directive | None
    key: SocketKey
    ssl: bool = False
    default_server: bool = False
    quic: bool = False
    http2: bool = False
    proxy_protocol: bool = False
    takes_ipv4: bool = False
    """``ipv6only=off``: IPv4 clients reach this IPv6 socket too."""


IMPLICIT = Listen(None, SocketKey("ipv4", "*", 80))
"""A server without ``listen`` listens on ``*:80`` (ngx_http_core_server; ``*:8000`` when not root)."""


def parse_listen(directive: Directive, *, module: str) -> tuple[Listen, ...]:
    """The sockets a ``listen`` directive asks for: several when it names a range of ports.

    Nothing for what nginx refuses. What a template fills in is an address of its own, on the port that is
    written or, without one, the usual one.
    """
    if not directive.args:
        return ()
    flags = {str(word).lower() for word in directive.args[1:]}
    # `ssl` may be what the template says; that it is not would be an alarm about something nobody wrote.
    templated = directive.is_templated and (
        not isinstance(directive.args[0], TemplatedToken) or "ssl" in directive.args[0]
    )
    quic = "quic" in flags
    transport = "udp" if quic or (module == "stream" and "udp" in flags) else "tcp"
    return tuple(
        Listen(
            directive,
            key,
            # A QUIC socket always speaks TLS (ngx_http_add_addresses, docs/evidence.md: settings).
            ssl="ssl" in flags or quic or (templated and key.port != 80),
            default_server=bool(flags & {"default_server", "default"}),
            quic=quic,
            http2="http2" in flags,
            proxy_protocol="proxy_protocol" in flags,
            takes_ipv4="ipv6only=off" in flags,
        )
        for key in (
            _keys(str(directive.args[0]), transport)
            if not isinstance(directive.args[0], TemplatedToken)
            else (SocketKey("template", str(directive.args[0]), _templated_port(directive), transport),)
        )
    )


_PORT_WRITTEN = expression(r"(?:.*:)?([0-9]{1,5})(?![\w.:])", re.ASCII | re.DOTALL)


def _templated_port(directive: Directive) -> int:
    found = _PORT_WRITTEN.match(directive.args[0])
    if found is not None and 1 <= int(found[1]) <= 65535:
        return int(found[1])
    return 443 if any("ssl" in word for word in directive.args) else 80


@lru_cache(maxsize=1024)
def _keys(text: str, transport: str) -> tuple[SocketKey, ...]:
    if text.lower().startswith("unix:"):
        return (SocketKey("unix", text, 0, transport),)
    if text.isdecimal():
        address, ports = "*", text
    elif text.startswith("["):
        address, _, rest = text.partition("]")
        address, ports = address + "]", rest.removeprefix(":") or "80"
    elif "-" in text and text.replace("-", "").isdecimal():
        address, ports = "*", text
    else:
        address, _, ports = text.partition(":")
        ports = ports or "80"
    first, _, last = ports.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return ()
    lowest, highest = int(first), int(last or first)
    if not 1 <= lowest <= highest <= 65535:
        return ()  # nginx refuses that (ngx_parse_inet_url)
    family, address = _normalise(address)
    return tuple(SocketKey(family, address, port, transport) for port in range(lowest, highest + 1))


def _normalise(address: str) -> tuple[str, str]:
    if address in {"*", "0.0.0.0"}:  # noqa: S104 - this reads addresses, it binds none
        return "ipv4", "*"
    if address.startswith("["):
        try:
            v6 = ipaddress.IPv6Address(address[1:-1])
        except ValueError:
            return "ipv6", address.lower()
        return "ipv6", f"[{v6.compressed}]"
    try:
        return "ipv4", str(ipaddress.IPv4Address(address))
    except ValueError:
        return "name", address.lower()
