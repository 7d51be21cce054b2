"""Two `listen` lines contradict each other.

nginx refuses to start when two servers both call themselves `default_server` of one address and port, when
one server listens twice on the same address and port, and when two servers both set options of the one
socket (`backlog=`, `reuseport`, `bind`, `so_keepalive=` ...), even the same. The servers of `mail`, and those
of `stream` before 1.25.5, cannot share an address and port at all.

Leave `default_server` with one of them, and the options too; write each address once in a server.

Bad:
```nginx
server {
    listen 80 default_server;
    server_name a.example.com;
}
server {
    listen 80 default_server;
    server_name b.example.com;
}
```
```nginx
server {
    listen 80;
    listen *:80;
}
```
```nginx
server {
    listen 80 reuseport;
    server_name a.example.com;
}
server {
    listen 80 reuseport;
    server_name b.example.com;
}
```

Good:
```nginx
server {
    listen 80 default_server reuseport;
    listen [::]:80 default_server;
    server_name a.example.com;
}
server {
    listen 80;
    server_name b.example.com;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- nginx: ngx_http_add_addresses in src/http/ngx_http.c
"""

from functools import lru_cache

from mtls_lint.api import (
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    VirtualServer,
    rule,
)

# Whoever writes one of these sets the options of the socket (lsopt.set in ngx_http_core_listen).
_OPTIONS = {
    "accept_filter",
    "backlog",
    "bind",
    "deferred",
    "fastopen",
    "ipv6only",
    "multipath",
    "rcvbuf",
    "reuseport",
    "setfib",
    "sndbuf",
    "so_keepalive",
}


@rule(id="conflicting-listen", severity=Severity.ERROR, since="0.1")
def check(socket: Socket, ctx: Context) -> Findings:
    """Report second default servers, second options, and second listens of one server."""
    alone = socket.module == "mail" or (socket.module == "stream" and ctx.version < (1, 25, 5))
    key = socket.key
    default: Directive | None = None
    optioned: Directive | None = None
    seen: dict[VirtualServer, Directive] = {}
    for server, listen in socket.members:
        line = listen.directive
        if line is None:
            continue
        options = _has_options(line.args)
        first = seen.setdefault(server, line)
        if first is not line:
            yield _conflict(f"this server listens on {key} twice", line, first, "delete one of the two lines")
        elif alone and len(seen) > 1:
            what = f"two servers of {socket.module} listen on {key}"
            yield _conflict(what, line, next(iter(seen.values())), "give one of the two another port")
        elif listen.default_server and default is not None:
            what = f"{key} has a second default_server"
            yield _conflict(what, line, default, "leave `default_server` with one of the two servers")
        elif options and optioned is not None:
            what = f"{key} has socket options in a second server"
            yield _conflict(what, line, optioned, "leave the options with one of the two servers")
        if listen.default_server and default is None:
            default = line
        if options and optioned is None:
            optioned = line


@lru_cache(maxsize=1024)
def _has_options(words: tuple[str, ...]) -> bool:
    return any(word.partition("=")[0] in _OPTIONS for word in words[1:])


def _conflict(what: str, line: Directive, first: Directive, remedy: str) -> Finding:
    related = (Related(first.span, "the first one"),)
    return Finding(f"{what}: nginx refuses to start", line.span, remedy, related, fatal=True)
