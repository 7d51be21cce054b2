"""Which paths tell a backend who the client is, and which of them lead to the same backend."""

from collections.abc import Iterable

from msgspec import Struct

from mtls_lint.nginx.asking import asks
from mtls_lint.nginx.forwarding import Forwarded, ForwardingPath, forwarding_paths
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer


class Carrier(Struct, frozen=True):
    """A header or parameter that carries identity, and the path on which it does."""

    path: ForwardingPath
    key: str
    forwarded: Forwarded


@kept
def carrying_paths(configuration: Configuration) -> "Carrying":
    """The paths of a configuration by which backends are told; found once."""
    return Carrying(
        [path for path in forwarding_paths(configuration) if path.told.identity and may_ask(path.server)]
    )


def may_ask(server: VirtualServer) -> bool:
    """Whether it asks for certificates, or what was not given may say so."""
    if asks(server):
        return True
    verify = server.setting("ssl_verify_client")
    return verify.assumed or verify.unknown is not None


class Carrying:
    """The ``paths`` of a configuration whose backends are told who the client is, by backend."""

    def __init__(self, paths: list[ForwardingPath]) -> None:
        self.paths = paths
        self._by_backend: dict[tuple[str, str], list[ForwardingPath]] = {}
        for path in paths:
            for address in path.addresses or (unknown_backend(path),):
                self._by_backend.setdefault((path.protocol, address), []).append(path)
        for protocol in {path.protocol for path in paths}:
            self._by_backend[protocol, ""] = [path for path in paths if path.protocol == protocol]
        self._headers: dict[tuple[str, str], dict[str, list[Carrier]]] = {}

    def elsewhere(self, path: ForwardingPath) -> dict[str, Carrier]:
        """The carriers on other paths to the backend of ``path``, by key; any, where that is not known."""
        found: dict[str, Carrier] = {}
        for address in sorted(path.addresses) or (unknown_backend(path), ""):
            backend = path.protocol, address
            carrying = self._by_backend.get(backend)
            if carrying is None or (carrying[0] is path and len(carrying) == 1):
                continue  # as nearly all backends have one path
            for key, carriers in self._to(backend).items():
                other = next((one for one in carriers if one.path is not path), None)
                if other is not None:
                    found.setdefault(key, other)
        return found

    def _to(self, backend: tuple[str, str]) -> dict[str, list[Carrier]]:
        """The carriers to a backend: of each header two, of which one is on another path."""
        known = self._headers.get(backend)
        if known is None:
            known = self._headers[backend] = {}
            for path in self._by_backend[backend]:
                for key in path.told.identity:
                    carriers = known.setdefault(key, [])
                    if len(carriers) < 2:
                        carriers.append(Carrier(path, key, path.identity[key]))
        return known


def unknown_backend(path: ForwardingPath) -> str:
    """A name for what a variable decides: the same words in one server lead to the same backend."""
    return f"{id(path.server)} {path.directive.args[:1]}"


def share_backend(one: ForwardingPath, other: ForwardingPath) -> bool:
    """Whether two paths are known to lead to one backend."""
    if one.protocol != other.protocol:
        return False
    if not one.addresses and not other.addresses:
        return unknown_backend(one) == unknown_backend(other)
    return not one.addresses.isdisjoint(other.addresses)


def by_backend(paths: Iterable[ForwardingPath]) -> dict[str, list[tuple[int, ForwardingPath]]]:
    """These paths, numbered, by the addresses of their backends."""
    found: dict[str, list[tuple[int, ForwardingPath]]] = {}
    for entry in enumerate(paths):
        for name in entry[1].addresses or (unknown_backend(entry[1]),):
            found.setdefault(name, []).append(entry)
    return found
