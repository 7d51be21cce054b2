"""Which paths tell a backend who the client is, and which of them lead to the same backend."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

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


_Numbered = tuple[int, ForwardingPath]
Backend = tuple[str, frozenset[str] | str]
"""Protocol and addresses; a name where a variable decides."""


class Backends:
    """The ``paths``, numbered, by backend: an upstream of thousands is one, to which thousands may lead."""

    def __init__(self, paths: Iterable[ForwardingPath]) -> None:
        self.paths: dict[Backend, list[_Numbered]] = {}
        for entry in enumerate(paths):
            self.paths.setdefault(backend_of(entry[1]), []).append(entry)
        self._called: dict[tuple[str, str], list[Backend]] = {}
        self._meeting: set[Backend] = set()
        for backend in self.paths:
            protocol, addresses = backend
            for name in (addresses,) if isinstance(addresses, str) else addresses:
                others = self._called.setdefault((protocol, name), [])
                others.append(backend)
                if len(others) > 1:
                    self._meeting.update((others[0], backend))

    def is_alone(self, path: ForwardingPath) -> bool:
        """Whether one of these is known to be the only one to its backend."""
        backend = backend_of(path)
        those = self.paths.get(backend, ())
        alone = len(those) == 1 and those[0][1] is path and bool(path.addresses)
        return alone and backend not in self._meeting

    def called(self, protocol: str, name: str) -> list[Backend]:
        """The backends of which this is an address; all of the protocol without a name."""
        if not name:
            return [backend for backend in self.paths if backend[0] == protocol]
        return self._called.get((protocol, name), [])

    def sharing(self, path: ForwardingPath) -> list[ForwardingPath]:
        """Those of the paths that lead to the backend of another one, in order."""
        names = path.addresses or (unknown_backend(path),)
        backends = {backend for name in names for backend in self.called(path.protocol, name)}
        return [one for _, one in sorted(entry for backend in backends for entry in self.paths[backend])]


class Carrying:
    """The ``paths`` of a configuration whose backends are told who the client is, by backend."""

    def __init__(self, paths: list[ForwardingPath]) -> None:
        self.paths = paths
        self._backends = Backends(paths)
        self._headers: dict[tuple[str, str], list[Carrier]] = {}
        self._reaching: dict[Backend, list[Carrier]] = {}
        self._telling: dict[Backend, list[_Numbered]] = {}

    def elsewhere(self, path: ForwardingPath) -> dict[str, Carrier]:
        """The carriers on other paths to the backend of ``path``, by key; any, where that is not known."""
        if self._backends.is_alone(path):
            return {}  # as nearly all are
        found: dict[str, Carrier] = {}
        for one in self._to_same(path):
            if one.path is not path:
                found.setdefault(one.key, one)
        return found

    def _to_same(self, path: ForwardingPath) -> list[Carrier]:
        """The carriers to the backend of a path: of each header those on two paths, one of them another."""
        backend = backend_of(path)
        if backend not in self._reaching:
            names = sorted(path.addresses) or (unknown_backend(path), "")
            carriers = (one for name in names for one in self._to((path.protocol, name)))
            self._reaching[backend] = _two_of_each(carriers)
        return self._reaching[backend]

    def _to(self, name: tuple[str, str]) -> list[Carrier]:
        """The same to one address."""
        if name not in self._headers:
            known: dict[str, list[Carrier]] = {}
            for _, path in sorted(
                entry for one in self._backends.called(*name) for entry in self._first(one)
            ):
                for key in path.told.identity:
                    carriers = known.setdefault(key, [])
                    if len(carriers) < 2:
                        carriers.append(Carrier(path, key, path.identity[key]))
            self._headers[name] = list(chain.from_iterable(known.values()))
        return self._headers[name]

    def _first(self, backend: "Backend") -> list[_Numbered]:
        """Of the paths to a backend those that are the first or second to tell it something."""
        if backend not in self._telling:
            told: Counter[str] = Counter()
            found = self._telling[backend] = list[_Numbered]()
            for entry in self._backends.paths[backend]:
                keys = list(entry[1].told.identity)
                if any(told[key] < 2 for key in keys):
                    told.update(keys)
                    found.append(entry)
        return self._telling[backend]


def _two_of_each(carriers: Iterable[Carrier]) -> list[Carrier]:
    """Of each header the first two carriers on different paths."""
    found = []
    paths: dict[str, set[ForwardingPath]] = {}
    for one in carriers:
        those = paths.setdefault(one.key, set())
        if len(those) < 2 and one.path not in those:
            those.add(one.path)
            found.append(one)
    return found


def backend_of(path: ForwardingPath) -> Backend:
    """Under which paths to the same backend are together."""
    return path.protocol, path.addresses or unknown_backend(path)


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
