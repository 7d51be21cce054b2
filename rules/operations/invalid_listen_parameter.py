"""A `listen` line has a word or a port that nginx does not take.

nginx refuses to start (`invalid parameter`, `invalid port`). The usual cause is a missing `;`: the next
line's words have become parameters of `listen`. Parameters are compared exactly (`SSL` is none), each
module has its own (`udp` belongs to stream, `http2` to http), and some came late (`quic` with 1.25.0).

Which parameters a build or a platform leaves out (`quic` without HTTP/3, `setfib` on Linux) is not judged,
nor whether a host name can be resolved.

Put the `;` in, or write the parameter as it is called.

Bad:
```nginx
server {
    listen 443 ssl
    server_name api.example.com;
}
```
```nginx
server {
    listen 443 tls;
}
```
```nginx
server {
    listen 127.0.0.1:https;
}
```

Good:
```nginx
server {
    listen 80 default_server backlog=1024;
    server_name api.example.com;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- nginx: ngx_http_core_listen in src/http/ngx_http_core_module.c
"""

import re

from mtls_lint.api import Configuration, Context, Directive, Finding, Findings, Severity, rule

_FLAGS = {
    "bind",
    "default",
    "default_server",
    "deferred",
    "http2",
    "multipath",
    "proxy_protocol",
    "quic",
    "reuseport",
    "spdy",
    "ssl",
    "udp",
}
_VALUES = {
    "accept_filter": ".*",
    "backlog": "0*[1-9][0-9]*",
    "fastopen": "[0-9]+",
    "ipv6only": "on|off",
    "rcvbuf": "[0-9]+[kKmM]?",
    "setfib": ".*",
    "sndbuf": "[0-9]+[kKmM]?",
    "so_keepalive": "on|off|(?=.*[1-9])[0-9yMwdhms]*(:[0-9yMwdhms]*)?(:[0-9]*)?",
}
_ELSEWHERE = {
    "http": {"udp"},
    "stream": {"default", "http2", "quic"},
    "mail": {"default", "default_server", "http2", "quic", "udp"},
}
_SINCE = {
    ("http", "quic"): (1, 25, 0),
    ("stream", "accept_filter"): (1, 25, 5),
    ("stream", "default_server"): (1, 25, 5),
    ("stream", "deferred"): (1, 25, 5),
}
_SPDY_GONE = (1, 22, 1)  # or somewhat before
_PORTS = re.compile(r"(?:[^\[\]:/]*:|\[[^\[\]/]*\]:)(?P<behind>[^:/]*)|(?P<bare>[0-9]+(?:-[0-9]+)?)")
_LAST = 65535


@rule(id="invalid-listen-parameter", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the port, or the first parameter, of each `listen` that nginx does not take."""
    # Thousands of servers say the same words.
    judged: dict[tuple[str, tuple[str, ...]], tuple[int, str] | None] = {}
    for server in configuration.servers:
        for directive in server.scope.find("listen"):
            alike = server.module, directive.args
            if alike not in judged:
                judged[alike] = _first_problem(directive.args, server.module, ctx)
            if (found := judged[alike]) is not None:
                index, problem = found
                yield Finding(
                    f"{problem}: nginx refuses to start",
                    directive.arg_span(index),
                    _remedy(directive, index),
                    fatal=True,
                )


def _first_problem(words: tuple[str, ...], module: str, ctx: Context) -> tuple[int, str] | None:
    """The first word that nginx does not take, by its place, and why."""
    for index, word in enumerate(words):
        if any(mark in word for mark in "${}<>%"):
            continue
        problem = _in_parameter(word, module, ctx) if index else _in_address(word)
        if problem:
            return index, problem
    return None


def _in_address(word: str) -> str | None:
    if word.lower().startswith("unix:"):
        return None if word[5:] else f"`listen {word}` names no path"
    if word.startswith("[") and "]" not in word:
        return f"`{word}` begins with a bracket that is never closed"
    match = _PORTS.fullmatch(word)
    if match is None:
        return None
    ports = match["bare"] or match["behind"]
    numbers = re.fullmatch("([0-9]+)(?:-([0-9]+))?", ports)
    if numbers is None:
        return f"`{ports}` in `listen {word}` is no port number"
    first, last = (min(int(text[:9]), _LAST + 1) for text in (numbers[1], numbers[2] or numbers[1]))
    if 1 <= first <= last <= _LAST:
        return None
    return f"`{ports}` in `listen {word}` is no port, or no range of ports"


def _in_parameter(word: str, module: str, ctx: Context) -> str | None:
    key, equals, value = word.partition("=")
    if key in _VALUES and equals:
        if not re.fullmatch(_VALUES[key], value):
            return f"`listen` does not take `{word}`"
    elif word not in _FLAGS:
        return f"`listen` has no parameter `{word}`"
    if ctx.configuration.tree.is_fragment:
        return None  # what module the lines belong to is a guess
    if key in _ELSEWHERE[module]:
        return f"`listen` has no parameter `{key}` in {module}"
    since = _SINCE.get((module, key))
    if since is not None and ctx.version < since:
        return f"`listen` has the parameter `{key}` in {module} since nginx {'.'.join(map(str, since))} only"
    return "`spdy` was removed from nginx" if key == "spdy" and ctx.version >= _SPDY_GONE else None


def _remedy(directive: Directive, index: int) -> str:
    if index == 0:
        return "write an address and a port from 1 to 65535, or `unix:` and a path"
    above, here = directive.arg_span(index - 1), directive.arg_span(index)
    behind_a_line_end = "\n" in directive.source.text[above.end : here.start]
    return (
        "put a `;` at the end of the line above"
        if behind_a_line_end
        else "write a parameter that `listen` takes"
    )
