"""`ssl_verify_client` in a stream server that passes the client's TLS through.

With `ssl_preread on` nginx looks at the first message of the handshake, for the name in it, and passes
everything on as it is. The handshake, with or without a client certificate, is made by the backend. nginx
asks for none, so `ssl_verify_client`, `ssl_client_certificate` and `ssl_crl` beside it have no effect, and
`nginx -t` says nothing.

Whether clients need a certificate is then up to the backend. If that is a server of the same configuration,
`mtls-lint trace` follows the connection there.

If the backend is meant to ask, delete `ssl_verify_client` here, so that nobody believes otherwise. If nginx
is meant to ask, end TLS here: `listen 443 ssl;` with a certificate, and without `ssl_preread`; the name is
then in `$ssl_server_name`.

Bad:
```nginx
events {}
stream {
    map $ssl_preread_server_name $backend {
        api.example.com  10.0.0.5:443;
        default          10.0.0.6:443;
    }
    server {
        listen 443;
        ssl_preread on;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
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
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        proxy_pass $backend;
    }
}
```

References:
- https://nginx.org/en/docs/stream/ngx_stream_ssl_preread_module.html
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#ssl_verify_client
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    listed,
    passes_tls_through,
    rule,
)


@rule(
    id="verify-client-behind-ssl-preread",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_preread",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report stream servers that mean to verify clients, and leave the handshake to the backend."""
    verify = server.setting("ssl_verify_client")
    if server.verify_client == "off" or verify.directive is None or not passes_tls_through(server):
        return
    if verify.directive not in server.scope.directives and _is_used(verify.directive, ctx):
        return
    if not server.complete:
        ctx.not_evaluated(server.span, "whether this server speaks TLS: part of it is not given")
        return
    keys = listed([str(socket.key) for socket in server.sockets])
    preread = server.sockets[0].default_server.setting("ssl_preread")
    yield Finding(
        f"ssl_verify_client {server.verify_client} has no effect, because ssl_preread passes the TLS of"
        f" {keys} through: nginx asks nobody for a certificate, and the backend alone decides",
        verify.directive.arg_span(0),
        "delete it if the backend verifies clients, else end TLS here: `listen ... ssl`, no `ssl_preread`",
        related=()
        if preread.span is None
        else (Related(preread.span, "the handshake is left to the backend"),),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
    )


def _is_used(verify: Directive, ctx: Context) -> bool:
    """Whether some server that ends TLS takes this very setting, so that it is meant for those."""
    return any(
        server.tls_sockets and server.setting("ssl_verify_client").directive is verify
        for server in ctx.configuration.servers_of("stream")
    )
