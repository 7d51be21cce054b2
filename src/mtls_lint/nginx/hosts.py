"""Which machine an address means: this one, one of the same network, or any other."""

import ipaddress
import re

from mtls_lint.expressions import expression

_LOCAL = frozenset(
    # The last three are names of the machine that a container runs on.
    {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"}
    | {"host.docker.internal", "gateway.docker.internal", "host.containers.internal"}
)
_PRIVATE_ENDINGS = tuple(
    f".{ending}"
    for ending in (
        *("internal", "local", "localdomain", "home.arpa", "lan", "svc", "corp", "home"),
        *("intranet", "private", "consul", "docker", "podman", "test", "invalid"),
    )
)
# What loopback addresses and those that mean "any" begin with, in one of their forms or in brackets.
_OWN_BEGIN = ("127.", "0", ":", "[", "]")

# The networks of RFC 1918, which most backends are in; the module knows them, too, but is slow to say so.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_OF_SITES = expression(rf"(?:10\.{_OCTET}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.{_OCTET}\.{_OCTET}", re.ASCII)


def is_this_machine(host: str) -> bool:
    """Whether a host (without port, in lower case) is the machine nginx runs on, whatever its interface.

    A Unix socket is, too. Other addresses of this machine are not known to be its own.
    """
    if host.startswith("unix:") or host in _LOCAL or host.endswith(".localhost"):
        return True
    address = _address(host) if host.startswith(_OWN_BEGIN) else None
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_private(host: str) -> bool:
    """Whether a host is in a network of its own: by its address, or by a name that the Internet has not.

    A name without a dot is one of those: a container, a machine of the own domain.
    """
    if _OF_SITES.fullmatch(host):
        return True
    address = _address(host)
    if address is not None:
        return not address.is_global
    name = host.rstrip(".")
    return "." not in name or name.endswith(_PRIVATE_ENDINGS)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
