"""Regular expressions that are compiled when they are first used.

Python compiles one in 0.05 to 2 ms and keeps none on disk. They stand at the top of their modules, and a
small run uses few of them.
"""

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Stands for the compiled expression: what is asked for becomes an attribute, so it is asked for once."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self.__text = text
        self.__flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.__text, self.__flags), name)  # re keeps what it has compiled
        setattr(self, name, found)
        return found


def lazy_re(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """``re.compile`` for the top of a module; a mistake in the expression shows when it is used."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
