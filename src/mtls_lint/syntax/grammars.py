"""What nginx refuses of the arguments of http directives that have a grammar of their own.

`refusal` gives nginx's message for a directive that matters for who gets in (`return`, `if`, `error_page`,
`deny` ...), in the words and order of the function that reads it, which stands beside each. Words that may
be placeholders of a template are left alone.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from mtls_lint.expressions import expression

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PLACEHOLDER = expression(r"\$\{?[A-Z][A-Z0-9_]*|\$\{[A-Za-z]\w*\}|[<{]%|\{\{", re.ASCII)
_NUMBER = expression("[0-9]+")
_METHODS = frozenset(
    {"CONNECT", "COPY", "DELETE", "GET", "HEAD", "LOCK", "MKCOL", "MOVE", "OPTIONS", "PATCH", "POST"}
    | {"PROPFIND", "PROPPATCH", "PUT", "TRACE", "UNLOCK"}
)
_PORT = expression(r"https?://(?:\[[^\]/]*\]|[^:/\[\]]+):(?P<port>[^/?]*)", re.IGNORECASE)


def is_placeholder(word: str) -> bool:
    """Whether the word may be one that a template fills in: nginx's own variables are in lower case."""
    return _PLACEHOLDER.search(word) is not None


def refusal(name: str, args: Sequence[str]) -> str | None:
    """Give nginx's message for the arguments of an http directive; None when it takes them, or may."""
    if holds_placeholder(name, args):
        return None
    grammar = _GRAMMARS.get(name)
    text = grammar(args) if grammar is not None else None
    return text or _scripts(name, args)


def holds_placeholder(name: str, args: Sequence[str]) -> bool:
    """Whether some argument may be a template's, of those where nginx takes no variables."""
    return any(is_placeholder(word) and not _is_script(name, index, args) for index, word in enumerate(args))


def judges(name: str) -> bool:
    """Whether `refusal` looks at the arguments of directives of this name."""
    return name in _GRAMMARS or name in _SCRIPTS


def _return(args: Sequence[str]) -> str | None:
    # ngx_http_rewrite_return
    if _NUMBER.fullmatch(args[0]):
        return f'invalid return code "{args[0]}"' if int(args[0]) > 999 else None
    is_url = len(args) == 1 and args[0].startswith(("http://", "https://", "$scheme"))
    return None if is_url else f'invalid return code "{args[0]}"'


def _rewrite(args: Sequence[str]) -> str | None:
    # ngx_http_rewrite
    flags = ("last", "break", "redirect", "permanent")
    return f'invalid parameter "{args[2]}"' if len(args) == 3 and args[2] not in flags else None


def _error_page(args: Sequence[str]) -> str | None:
    # ngx_http_core_error_page
    codes = list(args[:-1])
    if codes and codes[-1].startswith("="):
        overwrite = codes.pop()
        if not codes or (overwrite != "=" and not _NUMBER.fullmatch(overwrite[1:])):
            return f'invalid value "{overwrite}"'
    for code in codes:
        if not _NUMBER.fullmatch(code) or int(code) == 499:
            return f'invalid value "{code}"'
        if not 300 <= int(code) <= 599:
            return f'value "{code}" must be between 300 and 599'
    return None


def _if(args: Sequence[str]) -> str | None:
    # ngx_http_rewrite_if_condition
    words = list(args)
    if not words[0].startswith("("):
        return f'invalid condition "{words[0]}"'
    words[0] = words[0][1:]
    if not words[-1].endswith(")"):
        return f'invalid condition "{words[-1]}"'
    words[-1] = words[-1][:-1]
    condition = [word for index, word in enumerate(words) if word or index not in {0, len(words) - 1}]
    if not condition:
        return 'invalid condition ")"'
    first = condition[0]
    if len(first) > 1 and first.startswith("$"):
        if any(mark in first for mark in "=!~<>"):
            return f'unknown "{first[1:].lower()}" variable'
        if len(condition) not in {1, 3}:
            return f'invalid condition "{first}"'
        operators = ("=", "!=", "~", "~*", "!~", "!~*")
        known = len(condition) == 1 or condition[1] in operators
        return None if known else f'unexpected "{condition[1]}" in condition'
    is_test = first in {f"{no}-{what}" for no in ("", "!") for what in "fdex"} and len(condition) == 2
    return None if is_test else f'invalid condition "{first}"'


def _location(args: Sequence[str]) -> str | None:
    # ngx_http_core_location
    known = len(args) < 2 or args[0] in {"=", "^~", "~", "~*"}
    return None if known else f'invalid location modifier "{args[0]}"'


def _limit_except(args: Sequence[str]) -> str | None:
    # ngx_http_core_limit_except
    return next((f'invalid method "{word}"' for word in args if word.upper() not in _METHODS), None)


def _access(args: Sequence[str]) -> str | None:
    # ngx_http_access_rule, ngx_ptocidr
    word = args[0]
    if word in {"all", "unix:"} or "%" in word:
        return None
    address, slash, mask = word.partition("/")
    try:
        longest = 128 if ":" in address else 32
        ipaddress.ip_address(address if longest == 128 else re.sub(r"\b0+(?=\d)", "", address))
    except ValueError:
        return f'invalid parameter "{word}"'
    fits = not slash or (_NUMBER.fullmatch(mask) is not None and int(mask) <= longest)
    return None if fits else f'invalid parameter "{word}"'


def _try_files(args: Sequence[str]) -> str | None:
    # ngx_http_core_try_files
    code = args[-1]
    if not code.startswith("="):
        return None
    return None if _NUMBER.fullmatch(code[1:]) and int(code[1:]) <= 999 else f'invalid code "{code}"'


def _variable_name(index: int) -> Callable[[Sequence[str]], str | None]:
    # ngx_http_rewrite_set, ngx_http_map_block, ngx_http_geo_block, ngx_http_split_clients_block
    def check(args: Sequence[str]) -> str | None:
        word = args[index]
        wrong = not word.startswith("$") or (word == "$" and index == 0)
        return f'invalid variable name "{word}"' if wrong else None

    return check


def _proxy_pass(args: Sequence[str]) -> str | None:
    # ngx_http_proxy_pass, ngx_parse_inet_url
    url = args[0]
    if "$" in url:
        return None
    if not url.lower().startswith(("http://", "https://")):
        return "invalid URL prefix"
    host = url.partition("://")[2]
    if not host:
        return 'no host in upstream ""'
    port = _PORT.match(url)
    if port is None or host.lower().startswith("unix:"):
        return None
    fits = _NUMBER.fullmatch(port["port"]) and 0 < int(port["port"]) < 65536
    return None if fits else f'invalid port in upstream "{host.partition("/")[0]}"'


def _add_header(args: Sequence[str]) -> str | None:
    # ngx_http_headers_add
    return f'invalid parameter "{args[2]}"' if len(args) == 3 and args[2] != "always" else None


_GRAMMARS: dict[str, Callable[[Sequence[str]], str | None]] = {
    "add_header": _add_header,
    "allow": _access,
    "deny": _access,
    "error_page": _error_page,
    "geo": _variable_name(-1),
    "if": _if,
    "limit_except": _limit_except,
    "location": _location,
    "map": _variable_name(1),
    "proxy_pass": _proxy_pass,
    "return": _return,
    "rewrite": _rewrite,
    "set": _variable_name(0),
    "split_clients": _variable_name(1),
    "try_files": _try_files,
}

# Which arguments nginx compiles as a script, with variables in them (ngx_http_script_compile).
_SCRIPTS = {
    "add_header": slice(1, 2),
    "alias": slice(0, 1),
    "error_page": slice(-1, None),
    "proxy_pass": slice(0, 1),
    "proxy_set_header": slice(1, 2),
    "return": slice(-1, None),
    "rewrite": slice(1, 2),
    "root": slice(0, 1),
    "set": slice(1, 2),
    "try_files": slice(0, -1),
}
_VARIABLE = expression(r"\$(?:\{(?P<braced>\w*)(?P<close>\}?)|(?P<bare>\w*))", re.ASCII)


def _is_script(name: str, index: int, args: Sequence[str]) -> bool:
    """Whether variables are welcome in the argument, whatever their case."""
    return name in _SCRIPTS and index in range(len(args))[_SCRIPTS[name]]


def _scripts(name: str, args: Sequence[str]) -> str | None:
    for word in args[_SCRIPTS[name]] if name in _SCRIPTS else ():
        for match in _VARIABLE.finditer(word):
            if match["braced"] is not None and not match["close"]:
                return f'the closing bracket in "{match["braced"]}" variable is missing'
            if not (match["braced"] or match["bare"]):
                return "invalid variable name"
    return None
