"""Whose sessions may fit a session-id context, found without comparing every server with every other."""

from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

from mtls_lint.nginx.resumption import SessionContext

_Maker = TypeVar("_Maker")
_Groups = dict[int, list[tuple[int, _Maker]]]

_ANY = "any"
_UNREAD = "unread"


class SessionIndex(Generic[_Maker]):
    """Those that make sessions, by their context and by ``kind``, a number for how they check clients.

    A configuration may have thousands of servers, nearly all with a certificate of their own.
    """

    def __init__(self) -> None:
        self._size = 0
        self._contexts: dict[SessionContext, _Groups[_Maker]] = {}
        self._parts: dict[tuple[Hashable, Hashable], _Groups[_Maker]] = {}

    def add(self, context: SessionContext, kind: int, maker: _Maker) -> None:
        """Enter one more."""
        entry = (self._size, maker)
        self._size += 1
        self._contexts.setdefault(context, {}).setdefault(kind, []).append(entry)
        certificates, names = _parts(context)
        for key in ((certificates, names), (certificates, _ANY), (_ANY, names), (_ANY, _ANY)):
            self._parts.setdefault(key, {}).setdefault(kind, []).append(entry)

    def equal(self, context: SessionContext, wanted: Callable[[int], bool]) -> Iterator[_Maker]:
        """Those of ``wanted`` kinds with this context, in the order they were entered."""
        yield from _merged([self._contexts.get(context, {})], wanted)

    def doubtful(self, context: SessionContext, wanted: Callable[[int], bool]) -> Iterator[_Maker]:
        """Those of ``wanted`` kinds that may have this context, for what could not be read of one or both.

        Some that do have it are among them. Those that name the same CAs come first.
        """
        certificates, names = _parts(context)
        # Where something could not be read, it may be the same as anything.
        keys: list[list[tuple[Hashable, Hashable]]]
        if names == _UNREAD:
            keys = [[(_ANY, _ANY)] if certificates == _UNREAD else [(certificates, _ANY), (_UNREAD, _ANY)]]
        elif certificates == _UNREAD:
            keys = [[(_ANY, names)], [(_ANY, _UNREAD)]]
        else:
            keys = [[(_UNREAD, names)], [(_UNREAD, _UNREAD), (certificates, _UNREAD)]]
        for step in keys:
            yield from _merged([self._parts.get(key, {}) for key in step], wanted)


def _parts(context: SessionContext) -> tuple[Hashable, Hashable]:
    return (
        _UNREAD if context.certificates_unread else context.certificates,
        _UNREAD if context.names_unread else context.names,
    )


def _merged(all_groups: list[_Groups[_Maker]], wanted: Callable[[int], bool]) -> Iterator[_Maker]:
    found = [
        entry for groups in all_groups for kind, them in groups.items() if wanted(kind) for entry in them
    ]
    return (maker for _, maker in sorted(found, key=lambda entry: entry[0]))
