"""Where a block of Lua code ends.

The bodies of ``content_by_lua_block { ... }`` and its siblings (OpenResty's lua-nginx-module and
stream-lua-nginx-module) are Lua, not nginx: braces in Lua strings and comments do not count. The module
reads them with a lexer of its own that knows strings, comments and long brackets
(``ngx_http_lua_conf_lua_block_parse``, ``ngx_http_lua_lex.rl``); so does this one.
"""

import re

from mtls_lint.expressions import expression

LUA_BLOCK_SUFFIX = "_by_lua_block"
"""Directives whose name ends like this take a body of Lua code."""

_INTERESTING = expression(
    r"""
      (?P<long>(?:--)?\[(?P<level>=*)\[)    # [[ or [==[, a string, or a comment when -- precedes
    | --[^\n]*                              # a comment to the end of the line
    | "[^"\\\n]*(?:\\.[^"\\\n]*)*"?         # a string; an unclosed one ends with its line
    | '[^'\\\n]*(?:\\.[^'\\\n]*)*'?
    | (?P<brace>[{}])
    """,
    re.VERBOSE | re.DOTALL,
)


def lua_block_end(text: str, start: int) -> int | None:
    """The offset of the ``}`` that closes the Lua block whose body begins at ``start``.

    None when the text ends before. The time is linear in the length of the text.
    """
    depth = 1
    at = start
    while (found := _INTERESTING.search(text, at)) is not None:
        at = found.end()
        brace = found["brace"]
        if brace == "{":
            depth += 1
        elif brace == "}":
            depth -= 1
            if depth == 0:
                return found.start()
        elif found["long"] is not None:
            closing = "]" + found["level"] + "]"
            close = text.find(closing, at)
            if close == -1:
                return None
            at = close + len(closing)
    return None
