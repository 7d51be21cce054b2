"""One shared session cache is given two sizes.

Shared memory belongs to a name, not to a block: `shared:SSL:10m` in one server and `shared:SSL:1m` in
another are one cache with two sizes, and nginx refuses to start (`the size ... of shared memory zone "SSL"
conflicts`). The servers of http and of stream cannot share a name at all.

Servers that share a cache also share sessions. Write the line once, in `http`, or give each a name of its
own.

Bad:
```nginx
server {
    listen 127.0.0.1:8443;
    ssl_session_cache shared:SSL:10m;
}
server {
    listen 127.0.0.1:9443;
    ssl_session_cache shared:SSL:1m;
}
```

Good:
```nginx
server {
    listen 127.0.0.1:8443;
    ssl_session_cache shared:SSL:10m;
}
server {
    listen 127.0.0.1:9443;
    ssl_session_cache shared:SSL:10m;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_cache
- nginx: ngx_shared_memory_add in src/core/ngx_cycle.c
"""

import re

from mtls_lint.api import Configuration, Context, Directive, Finding, Findings, Related, Severity, rule

_ZONE = re.compile("shared:(?P<name>[^:${}<>%]+):(?P<number>[0-9]{1,9})(?P<unit>[kKmM]?)")
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20}


@rule(id="session-cache-size-conflict", severity=Severity.ERROR, since="0.1", needs=("ssl_session_cache",))
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Compare every cache with the first of its name."""
    seen: dict[str, tuple[str, int, Directive, int]] = {}
    for scope in configuration.scopes.values():
        blocks = [scope, *(server.scope for server in configuration.servers if server.module == scope.module)]
        for directive in (one for block in blocks for one in block.find("ssl_session_cache")):
            for index, word in enumerate(directive.args):
                match = _ZONE.fullmatch(word)
                if match is None:
                    continue
                size = int(match["number"]) * _BYTES[match["unit"].lower()]
                first = seen.setdefault(match["name"], (scope.module, size, directive, index))
                if first[:2] == (scope.module, size):
                    continue
                what = "has another size" if first[0] == scope.module else f"belongs to {first[0]}"
                yield Finding(
                    f"the session cache `{match['name']}` {what} already: nginx refuses to start",
                    directive.arg_span(index),
                    "write the same size everywhere, or give this cache a name of its own",
                    (Related(first[2].arg_span(first[3]), "the first one"),),
                    fatal=True,
                )
