"""Regular expressions that are compiled when they are first used.

A hundred of them at the start of each run took longer than to lint a small file, which needs a few.
"""

import re
from typing import AnyStr, Generic, cast


def expression(pattern: AnyStr, flags: int = 0) -> "re.Pattern[AnyStr]":
    """What ``re.compile`` gives, later: a mistake in ``pattern`` is raised (re.error) by its first use.

    It is for methods and attributes only; the functions of ``re`` and ``isinstance`` do not know it.
    """
    return cast("re.Pattern[AnyStr]", _Expression(pattern, flags))


class _Expression(Generic[AnyStr]):
    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._written: tuple[AnyStr, int] = pattern, flags

    def __getattr__(self, name: str) -> object:
        compiled = re.compile(*self._written)
        # From now on the methods are found here, as fast as those of any object.
        for method in ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
