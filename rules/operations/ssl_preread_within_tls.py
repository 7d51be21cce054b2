"""`ssl_preread` in a stream server that ends TLS itself.

`ssl_preread` looks for a TLS handshake in what the client sends. Behind `listen ... ssl` nginx has made the
handshake, and what comes next is the client's data: there is no second handshake in it.

So `$ssl_preread_server_name` and its kin are empty, and a `map` of them gives every client what is meant for
unknown names. `pass` closes all connections, because data that was read ahead cannot be handed over. And a
server that speaks first (SMTP, MySQL) is not connected before the client has said something, or
`preread_timeout` is over.

Delete `ssl_preread`, and write `$ssl_server_name` for `$ssl_preread_server_name`. If the backend is meant to
end TLS, delete `ssl` from `listen` instead.

Bad:
```nginx
events {}
stream {
    map $ssl_preread_server_name $backend {
        api.example.com  10.0.0.5:8080;
        default          10.0.0.6:8080;
    }
    server {
        listen 443 ssl;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_preread on;
        proxy_pass $backend;
    }
}
```

Good:
```nginx
events {}
stream {
    map $ssl_server_name $backend {
        api.example.com  10.0.0.5:8080;
        default          10.0.0.6:8080;
    }
    server {
        listen 443 ssl;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        proxy_pass $backend;
    }
}
```

References:
- https://nginx.org/en/docs/stream/ngx_stream_ssl_preread_module.html
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#var_ssl_server_name
- https://nginx.org/en/docs/stream/stream_processing.html
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    content_directive,
    mentioned_variables,
    rule,
)

_NAMES = ("ssl_preread_server_name", "ssl_preread_protocol", "ssl_preread_alpn_protocols")


@rule(id="ssl-preread-within-tls", severity=Severity.WARNING, since="0.1", needs=("ssl_preread",))
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report stream servers with TLS of their own that look for the client's handshake behind it."""
    preread = server.setting("ssl_preread")
    directive, content = preread.directive, content_directive(server)
    if server.module != "stream" or directive is None or not preread.is_on or not server.tls_sockets:
        return
    words = content.args if content is not None else ()
    mentioned = frozenset[str]().union(*(mentioned_variables(ctx.configuration, str(word)) for word in words))
    used = next((name for name in _NAMES if name in mentioned), None)
    passing = content is not None and content.name == "pass"
    # What stands at the stream level is meant for the servers that pass TLS through.
    if directive not in server.scope.directives and used is None and not passing:
        return
    if passing:
        then = "`pass` closes every connection, because what was read ahead cannot be handed over"
    elif used is not None:
        then = f"${used} is always empty, and all clients get the backend for unknown names"
    else:
        then = "backends that speak first are not connected before the client has sent something"
    yield Finding(
        f"ssl_preread finds no handshake behind `listen ... ssl`, where nginx has made it already: {then}",
        directive.span,
        "delete `ssl_preread`, and write `$ssl_server_name` for `$ssl_preread_server_name`",
        related=() if content is None else (Related(content.span, "what depends on it"),),
        severity=None if used is not None else Severity.ERROR if passing else Severity.INFO,
        path=server.logical_path,
    )
