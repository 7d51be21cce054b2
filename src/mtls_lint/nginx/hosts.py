"""Which machine an address means: this one, one of the same network, or any other."""

import ipaddress

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


def is_this_machine(host: str) -> bool:
    """Whether a host (without port, in lower case) is the machine nginx runs on, whatever its interface.

    A Unix socket is, too. Other addresses of this machine are not known to be its own.
    """
    if host.startswith("unix:") or host in _LOCAL or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_private(host: str) -> bool:
    """Whether a host is in a network of its own: by its address, or by a name that the Internet has not.

    A name without a dot is one of those: a container, a machine of the own domain.
    """
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
