"""One object for equal values: thousands of hosts and certificates say the same."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Protocol, TypeVar, cast

_Value = TypeVar("_Value", bound=Hashable)


class _Once(Protocol):
    def __call__(self, value: _Value, /) -> _Value: ...


def _itself(value: Hashable) -> Hashable:
    return value


once = cast("_Once", lru_cache(maxsize=4096)(_itself))
"""The first value that was equal to the one given, while it is remembered."""
