"""A `listen` line has a word nginx does not know.

nginx refuses to start (`invalid parameter`). The usual cause is a missing `;`: the next line's words have
become parameters of `listen`.

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

from mtls_lint.api import Context, Directive, Finding, Findings, Severity, rule

# Of http, stream and mail together, in any version: a word that is none of these is nowhere right.
_FLAGS = (
    "bind",
    "deferred",
    "http2",
    "multipath",
    "proxy_protocol",
    "quic",
    "reuseport",
    "spdy",
    "ssl",
    "udp",
)
_DEFAULT = ("default", "default_server")
_KEYS = ("accept_filter", "backlog", "fastopen", "ipv6only", "rcvbuf", "setfib", "sndbuf", "so_keepalive")


@rule(id="invalid-listen-parameter", severity=Severity.ERROR, since="0.1", directives=("listen",))
def check(directive: Directive, ctx: Context) -> Findings:  # noqa: ARG001
    """Report the first word that no `listen` takes."""
    for index, word in enumerate(directive.args[1:], 1):
        if (
            word in {*_FLAGS, *_DEFAULT}
            or word.partition("=")[0] in _KEYS
            or any(mark in word for mark in "${}<>%")
        ):
            continue
        behind_a_line_end = "\n" in directive.source.text[directive.args[index - 1].end : word.start]
        yield Finding(
            f"`listen` has no parameter `{word}`: nginx refuses to start",
            directive.arg_span(index),
            "put a `;` at the end of the line above"
            if behind_a_line_end
            else "write a parameter of `listen`",
            fatal=True,
        )
        return
