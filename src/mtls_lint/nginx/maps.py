"""``map`` blocks: which value a source gets (ngx_http_map_find)."""

from collections.abc import Sequence

from msgspec import Struct

from mtls_lint.nginx.regex import Matched, search
from mtls_lint.syntax.tree import Directive, Unknown


class _Rows(Struct):
    """The rows of a map, by kind."""

    default: str = ""
    hostnames: bool = False
    exact: dict[str, str] = {}
    wildcards: list[tuple[str, str]] = []
    regexes: list[tuple[str, str]] = []


def is_volatile(rows: Sequence[Directive]) -> bool:
    """Whether the ``map`` is looked up each time; others give one value for a whole request."""
    return any(row.name == "volatile" and not row.args for row in rows)


def look_up(rows: Sequence[Directive], source: str) -> tuple[str, Matched | None] | Unknown:
    """The value a ``map`` with these rows gives for ``source``; variables in it are not yet replaced.

    With it goes the match of the regular expression that gave it, if one did.

    Exact keys win (without case), then, under ``hostnames``, the longest wildcard, then the first regular
    expression that matches, then ``default``. Unknown when rows could not be read or an expression not run.
    """
    for row in rows:
        if row.problem is not None and not row.problem.harmless:
            return Unknown(row.problem.message)
    sorted_rows = _sort(rows)
    wanted = source.lower().removesuffix(".") if sorted_rows.hostnames else source.lower()
    if wanted in sorted_rows.exact:
        return sorted_rows.exact[wanted], None
    for key, value in sorted(sorted_rows.wildcards, key=lambda row: -len(row[0])):
        if _wildcard_matches(key, wanted):
            return value, None
    for pattern, value in sorted_rows.regexes:
        match = search(pattern.removeprefix("*"), source, caseless=pattern.startswith("*"))
        if isinstance(match, Unknown):
            return match
        if match is not None:
            return value, match
    return sorted_rows.default, None


def _sort(rows: Sequence[Directive]) -> _Rows:
    result = _Rows(hostnames=any(row.name == "hostnames" and not row.args for row in rows))
    for row in rows:
        key = str(row.name)
        if not row.args or key == "include":
            continue
        value = str(row.args[0])
        if key == "default":
            result.default = value
        elif key.startswith("~"):
            result.regexes.append((key[1:], value))
        elif result.hostnames and (key.startswith(("*.", ".")) or key.endswith(".*")):
            result.wildcards.append((key.lower(), value))
        else:
            # A backslash in front makes a key of a word that would be special.
            result.exact.setdefault(key.removeprefix("\\").lower(), value)
    return result


def _wildcard_matches(key: str, host: str) -> bool:
    if key.endswith(".*"):
        return host.startswith(key[:-1])
    suffix = key.removeprefix("*")
    return (host.endswith(suffix) and len(host) > len(suffix)) or (key.startswith(".") and host == key[1:])
