"""Servers that let clients through where another does not, without comparing each with each.

A configuration may have thousands of servers, each with CAs, a CRL or a depth of its own.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterator
from functools import cached_property
from itertools import chain
from typing import Generic, Protocol, TypeVar

from mtls_lint.lint.handshake_checks import HandshakeChecks


class Checking(Protocol):
    """Something with the checks of one server, and its place in an order."""

    @property
    def checks(self) -> HandshakeChecks:
        """How it checks clients."""

    @property
    def order(self) -> int:
        """Its place."""


_Server = TypeVar("_Server", bound=Checking)
_Trust = frozenset[Hashable]


class LaxerIndex(Generic[_Server]):
    """Servers, to be entered in their order and then asked for those that are laxer than a given one."""

    def __init__(self) -> None:
        self.servers: list[_Server] = []
        self._anchors: dict[_Trust, _Server] = {}
        self._alike: dict[_Trust, _Alike[_Server]] = {}

    def add(self, server: _Server) -> None:
        """Enter one more. One that trusts nobody lets nobody through, and is laxer than no other."""
        self.servers.append(server)
        trusted = server.checks.trusted
        if trusted:
            if server.checks.ends:
                self._anchors.setdefault(server.checks.ends, server)
            self._alike.setdefault(trusted, _Alike(server)).add(server)

    def laxer(self, than: HandshakeChecks) -> list[_Server]:
        """In their order, the first one for each thing that can be laxer (see ``excess``).

        So the first of all that are laxer is among them, and the first of those that are so in the gravest
        way.
        """
        found = {server.order: server for server in self._laxer(than) if server is not None}
        return [found[order] for order in sorted(found)]

    def _laxer(self, than: HandshakeChecks) -> Iterator[_Server | None]:
        yield next((one for ends, one in self._anchors.items() if not ends <= than.ends), None)
        yield next((one.first for trust, one in self._alike.items() if not trust <= than.trusted), None)
        for alike in self._within(than.trusted):
            yield from alike.laxer(than)

    def _within(self, trusted: _Trust) -> Iterator["_Alike[_Server]"]:
        """Those that trust nobody else."""
        for one in trusted:
            for inner in self._by_rarest.get(one, ()):
                if inner <= trusted:
                    yield self._alike[inner]

    @cached_property
    def _by_rarest(self) -> dict[Hashable, list[_Trust]]:
        """What is trusted together, by that of it which the fewest trust: it is looked for in few places."""
        often = Counter(chain.from_iterable(self._alike))
        found: dict[Hashable, list[_Trust]] = {}
        for trusted in self._alike:
            found.setdefault(min(trusted, key=often.__getitem__), []).append(trusted)
        return found


class _Alike(Generic[_Server]):
    """Servers that trust the same: CRLs and depths make the difference."""

    def __init__(self, first: _Server) -> None:
        self.first = first
        self._unchecked: _Server | None = None
        self._checked: dict[Hashable, _Server] = {}
        self._all = _Depths[_Server]()
        self._by_crl: dict[Hashable, _Depths[_Server]] = {}

    def add(self, server: _Server) -> None:
        checks = server.checks
        self._all.add(server)
        self._by_crl.setdefault(checks.revocation, _Depths()).add(server)
        if checks.crl is None:
            self._unchecked = self._unchecked or server
        elif len(self._checked) < 2:  # one of two differs from any third
            self._checked.setdefault(checks.revocation, server)

    def laxer(self, than: HandshakeChecks) -> Iterator[_Server | None]:
        if than.crl is None:
            yield self._all.deeper(than.depth)
            return
        yield self._unchecked
        yield next((one for crl, one in self._checked.items() if crl != than.revocation), None)
        if than.revocation in self._by_crl:
            yield self._by_crl[than.revocation].deeper(than.depth)


class _Depths(Generic[_Server]):
    """Of servers in their order, those that let longer chains through than all before them."""

    def __init__(self) -> None:
        self._depths: list[int] = []
        self._servers: list[_Server] = []

    def add(self, server: _Server) -> None:
        depth = server.checks.depth
        if not self._depths or depth > self._depths[-1]:
            self._depths.append(depth)
            self._servers.append(server)

    def deeper(self, than: int) -> _Server | None:
        at = bisect_right(self._depths, than)
        return self._servers[at] if at < len(self._servers) else None
