"""Regular expressions as nginx runs them: PCRE2, with limits, loaded only when one must be run."""

from functools import lru_cache
from typing import Any

from msgspec import Struct

from mtls_lint.syntax.tree import Unknown

# A configuration may hold an expression that backtracks for ever; PCRE2 gives up at these limits, and the
# answer is then unknown. The figures allow any expression that is sensible for a request line.
_LIMITS = "(*LIMIT_MATCH=200000)(*LIMIT_DEPTH=20000)(*LIMIT_HEAP=20000)"


class Matched(Struct, frozen=True):
    """A match: numbered captures (0 is the whole match, None a group that took no part) and named ones."""

    groups: tuple[str | None, ...]
    named: dict[str, str]


@lru_cache(maxsize=4096)
def compile_regex(pattern: str, caseless: bool = False) -> "Any | Unknown":
    """The compiled expression; Unknown when PCRE2 refuses it (nginx would, too)."""
    import pcre2  # noqa: PLC0415 - most runs meet no regular expression that must be run

    try:
        return pcre2.compile(_LIMITS + pattern, pcre2.IGNORECASE if caseless else 0)
    except (pcre2.PatternError, pcre2.LibraryError, ValueError) as error:
        return Unknown(f"the regular expression {pattern!r} cannot be compiled: {error}")


def search(pattern: str, text: str, *, caseless: bool = False) -> Matched | Unknown | None:
    """Match ``pattern`` anywhere in ``text`` as nginx does (unanchored); None when it does not match.

    Unknown when the expression cannot be compiled, or gives up at its limits.
    """
    compiled = compile_regex(pattern, caseless)
    if isinstance(compiled, Unknown):
        return compiled
    import pcre2  # noqa: PLC0415

    try:
        match = compiled.search(text)
    except (pcre2.LibraryError, ValueError) as error:
        return Unknown(f"the regular expression {pattern!r} was given up: {error}")
    if match is None:
        return None
    named = {name: value for name, value in match.groupdict().items() if value is not None}
    return Matched((match.group(0), *match.groups()), named)


def has_captures(pattern: str) -> bool:
    """Whether the expression captures anything (nginx: ``captures`` of ngx_regex_compile)."""
    compiled = compile_regex(pattern)
    return not isinstance(compiled, Unknown) and compiled.groups > 0
