"""Whose sessions may fit a session-id context, found without comparing every server with every other."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from mtls_lint.lint.handshake_checks import HandshakeChecks
from mtls_lint.lint.laxer import Checking, LaxerIndex
from mtls_lint.nginx.resumption import SessionContext


class Making(Checking, Protocol):
    """A server that makes sessions.

    ``habit`` is equal for those of whose sessions, where contexts do not matter, nginx makes the same.
    """

    @property
    def context(self) -> SessionContext:
        """What its sessions are made for."""

    @property
    def habit(self) -> Hashable:
        """What else matters to its sessions."""


_Key = TypeVar("_Key", bound=Hashable)
_Maker = TypeVar("_Maker", bound=Making)


class Lot(LaxerIndex[_Maker]):
    """Makers with one habit."""

    @property
    def habit(self) -> Hashable:
        """The habit."""
        return self.servers[0].habit

    def unlike(self, checks: HandshakeChecks, context: SessionContext) -> _Maker | None:
        """The first that has other checks, and another context."""
        return next(
            (maker for maker in self._first if maker.checks != checks and maker.context != context), None
        )

    def without(self, what: Hashable, excluded: Callable[[_Maker], bool]) -> "Lot[_Maker]":
        """Those of them that are not ``excluded``, made once for each ``what``, which says who they are."""
        if what not in self._less:
            lot = self._less[what] = Lot()
            for maker in self.servers:
                if not excluded(maker):
                    lot.add(maker)
        return self._less[what]

    @cached_property
    def _less(self) -> dict[Hashable, "Lot[_Maker]"]:
        return {}

    @cached_property
    def _first(self) -> list[_Maker]:
        """Those of them that can be the first one which differs from something.

        Of two with the same checks, or the same context, one has what differs from any; so a third can not.
        """
        found: dict[tuple[HandshakeChecks, SessionContext], _Maker] = {}
        checks: Counter[HandshakeChecks] = Counter()
        contexts: Counter[SessionContext] = Counter()
        for maker in self.servers:
            key = maker.checks, maker.context
            if key not in found and checks[maker.checks] < 2 and contexts[maker.context] < 2:
                found[key] = maker
                checks[maker.checks] += 1
                contexts[maker.context] += 1
        return list(found.values())


Lots = tuple[Lot[_Maker], ...]
"""Makers, those with one habit together."""

_ANY = "any"
_UNREAD = "unread"


class SessionIndex(Generic[_Maker]):
    """Those that make sessions, to be given in their order, by context and by habit.

    A configuration may have thousands of servers, nearly all with a certificate of their own.
    """

    def __init__(self, makers: Iterable[_Maker]) -> None:
        self._makers = tuple(makers)

    @cached_property
    def all(self) -> Lots[_Maker]:
        """Those of any context."""
        return _grouped((_ANY, maker) for maker in self._makers).get(_ANY, ())

    def equal(self, context: SessionContext) -> Lots[_Maker]:
        """Those with this context."""
        return self._by_context.get(context, ())

    def doubtful(self, context: SessionContext) -> Iterator[Lots[_Maker]]:
        """Those that may have this context, for what could not be read of one or both.

        Those that do have it may be among them. Those that name the same CAs come first.
        """
        certificates, names = _parts(context)
        # Where something could not be read, it may be the same as anything.
        keys: list[list[tuple[Hashable, Hashable]]]
        if names == _UNREAD:
            keys = [[(_ANY, _ANY)] if certificates == _UNREAD else [(certificates, _ANY), (_UNREAD, _ANY)]]
        elif certificates == _UNREAD:
            keys = [[(_ANY, names)], [(_ANY, _UNREAD)]]
        elif self._some_unread:
            keys = [[(_UNREAD, names)], [(_UNREAD, _UNREAD), (certificates, _UNREAD)]]
        else:
            keys = []
        for step in keys:
            yield tuple(lot for key in step for lot in self._by_parts.get(key, ()))

    @cached_property
    def _some_unread(self) -> bool:
        return any(_UNREAD in _parts(maker.context) for maker in self._makers)

    @cached_property
    def _by_context(self) -> dict[SessionContext, Lots[_Maker]]:
        return _grouped((maker.context, maker) for maker in self._makers)

    @cached_property
    def _by_parts(self) -> dict[tuple[Hashable, Hashable], Lots[_Maker]]:
        parts = [_parts(maker.context) for maker in self._makers]
        return _grouped(
            (key, maker)
            for maker, (certificates, names) in zip(self._makers, parts, strict=True)
            for key in ((certificates, names), (certificates, _ANY), (_ANY, names), (_ANY, _ANY))
        )


def _parts(context: SessionContext) -> tuple[Hashable, Hashable]:
    return (
        _UNREAD if context.certificates_unread else context.certificates,
        _UNREAD if context.names_unread else context.names,
    )


def _grouped(keyed: Iterable[tuple[_Key, _Maker]]) -> dict[_Key, Lots[_Maker]]:
    lots: dict[_Key, dict[Hashable, Lot[_Maker]]] = {}
    for key, maker in keyed:
        lots.setdefault(key, {}).setdefault(maker.habit, Lot()).add(maker)
    return {key: tuple(by_habit.values()) for key, by_habit in lots.items()}
