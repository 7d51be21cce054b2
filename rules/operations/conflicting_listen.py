"""Two `listen` lines contradict each other.

nginx refuses to start when two servers both call themselves `default_server` of one address and port, and
when one server listens twice on the same address and port.

Leave `default_server` with one of them; write each address once in a server.

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

Good:
```nginx
server {
    listen 80 default_server;
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

from mtls_lint.api import Context, Finding, Findings, Listen, Related, Severity, Socket, VirtualServer, rule


@rule(id="conflicting-listen", severity=Severity.ERROR, since="0.1")
def check(socket: Socket, ctx: Context) -> Findings:  # noqa: ARG001
    """Report second default servers, and second listens of one server."""
    default: Listen | None = None
    seen: dict[VirtualServer, Listen] = {}
    for server, listen in socket.members:
        if listen.directive is None:
            continue
        if (first := seen.setdefault(server, listen)) is not listen:
            what = f"this server listens on {socket.key} twice"
            yield from _conflict(what, listen, first, "delete one of the two lines")
        elif listen.default_server and default is not None:
            what = f"{socket.key} has a second default_server"
            yield from _conflict(what, listen, default, "leave `default_server` with one of the two servers")
        if listen.default_server and default is None:
            default = listen


def _conflict(what: str, listen: Listen, first: Listen, remedy: str) -> Findings:
    if listen.directive is None or first.directive is None:
        return
    related = (Related(first.directive.span, "the first one"),)
    yield Finding(f"{what}: nginx refuses to start", listen.directive.span, remedy, related, fatal=True)
