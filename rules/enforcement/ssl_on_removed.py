"""The directive `ssl` is written, which nginx no longer has.

`ssl on;` made a whole server speak TLS. It is deprecated since 1.15.0 and was removed in 1.25.1: newer
versions stop with `unknown directive "ssl"`, for `ssl off` too.

In older versions it is misleading as well. It counts only in the default server of a socket, because the
socket and not the server decides about TLS. In any other server it does nothing, and that server speaks
plain HTTP however it looks; `ssl_verify_client` has no effect then.

Write `ssl` behind `listen` instead.

Bad:
```nginx version=1.31.3
server {
    listen 443;
    server_name api.example.com;
    ssl on;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```
```nginx version=1.22.1
server {
    listen 443;
    server_name api.example.com;
    ssl on;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- https://nginx.org/en/CHANGES (1.15.0, 1.25.1)
"""

from mtls_lint.api import (
    Context,
    Directive,
    Finding,
    Findings,
    Fix,
    Related,
    Severity,
    VirtualServer,
    add_word,
    delete_directive,
    find_door,
    fix,
    listed,
    listen_span,
    rule,
    witness_of,
)

_LEVELS = {"http", "server", "mail"}
_BLOCKS = _LEVELS | {"location", "if", "limit_except", "stream", "upstream", "events"}


@rule(id="ssl-on-removed", severity=Severity.ERROR, since="0.1", directives=("ssl",))
def check(directive: Directive, ctx: Context) -> Findings:
    around = [str(block.name) for block in directive.ancestors] or [*reversed(ctx.configuration.tree.context)]
    if not set(around) <= _BLOCKS | {"main"}:
        return  # a module of others may have a directive of this name
    if directive.is_conditional:
        ctx.not_evaluated(directive.span, "`ssl` stands in a branch of a template: for old versions, perhaps")
    elif ctx.version >= (1, 25, 1):
        yield Finding(
            f"`{directive.text}` was removed in nginx 1.25.1: nginx {ctx.version} refuses to start",
            directive.span,
            _remedy(directive),
            fatal=True,
            fix=_fix(directive, ctx),
        )
    elif around[0] not in _LEVELS or "stream" in around:
        yield Finding(
            f"`{directive.text}` may stand in http and server only: nginx refuses to start",
            directive.span,
            _remedy(directive),
            fatal=True,
        )
    else:
        yield from _old(directive, ctx)


def _old(directive: Directive, ctx: Context) -> Findings:
    """Versions that still have it."""
    idle = [server for server in ctx.configuration.servers if _does_nothing(directive, server)]
    if idle:
        yield _without_effect(directive, idle, ctx)
    elif ctx.version >= (1, 15, 0):
        yield Finding(
            f"`{directive.text}` is deprecated since 1.15.0: nginx 1.25.1 and later refuse to start with it",
            directive.span,
            _remedy(directive),
            severity=Severity.WARNING,
            fix=_fix(directive, ctx),
        )


def _does_nothing(directive: Directive, server: VirtualServer) -> bool:
    ssl = server.setting("ssl")
    return ssl.directive is directive and ssl.is_on and bool(server.sockets) and not server.tls_sockets


def _without_effect(directive: Directive, idle: list[VirtualServer], ctx: Context) -> Finding:
    server = idle[0]
    socket = server.sockets[0]
    public = [socket for socket in server.sockets if not socket.key.is_local]
    door = find_door(ctx.configuration, server, public, ctx.now) if server.module == "http" else None
    default = socket.default_server
    names = listed([one.label for one in idle])
    return Finding(
        f"`{directive.text}` has no effect in {names}, because it counts only in the default server of a"
        f" socket ({default.label}): {socket.key} speaks no TLS, and nobody is asked for a certificate",
        directive.span,
        _remedy(directive),
        related=(Related(listen_span(socket), "the default server of the socket decides about TLS"),),
        witness=witness_of(door),
    )


def _fix(directive: Directive, ctx: Context) -> Fix | None:
    """The word in front of the only `listen` of the server: what `ssl on` means where it counts."""
    owners = [one for one in ctx.configuration.servers if directive in one.scope.find("ssl")]
    if len(owners) != 1:
        return None
    server = owners[0]
    listen, *more = server.listens or (None,)
    alone = all(socket.servers == (server,) for socket in server.sockets)
    if more or not alone or listen is None or listen.directive is None or directive.args != ("on",):
        return None
    listens = () if listen.ssl else (add_word(listen.directive, "ssl", 0),)
    return fix("write `ssl` behind `listen`", delete_directive(directive), *listens)


def _remedy(directive: Directive) -> str:
    if directive.args[:1] and directive.args[0].lower() == "off":
        return "delete the line"
    return "delete the line and write `ssl` behind `listen`: `listen 443 ssl;`"
