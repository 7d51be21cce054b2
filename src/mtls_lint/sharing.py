"""One object for equal values: thousands of hosts and certificates say the same."""

from collections.abc import Hashable
from functools import lru_cache
from typing import TypeVar

_Value = TypeVar("_Value", bound=Hashable)


def once(value: _Value) -> _Value:
    """The first value that was equal to this one, while it is remembered."""
    first: _Value = _first(value)  # type: ignore[assignment]
    return first


@lru_cache(maxsize=4096)
def _first(value: Hashable) -> Hashable:
    return value
