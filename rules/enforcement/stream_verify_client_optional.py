"""Client certificates are optional in a stream server, and everybody is passed to the backend.

With `optional` a client without a certificate is let through, with `optional_no_ca` also one whose
certificate nobody vouches for. In `http` an `if` or a header can make something of `$ssl_client_verify`; in
`stream` there is neither. The backend sees a connection, and nothing of the certificate.

It is fine where the backend is chosen by what nginx knows of the client: a `map` of `$ssl_client_verify`
whose value for everybody else is empty closes their connections.

Write `ssl_verify_client on;`.

Bad:
```nginx
events {}
stream {
    server {
        listen 8443 ssl;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       optional;
        proxy_pass 10.0.0.5:5432;
    }
}
```

Good:
```nginx
events {}
stream {
    map $ssl_client_verify $backend {
        SUCCESS  10.0.0.5:5432;
        default  "";
    }
    server {
        listen 8443 ssl;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       optional;
        proxy_pass $backend;
    }
}
```
```nginx
events {}
stream {
    server {
        listen 8443 ssl;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        proxy_pass 10.0.0.5:5432;
    }
}
```

References:
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#ssl_verify_client
- RFC 9846 section 4.5.1.2 (a server may go on when the client sends no certificate)
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Row,
    Severity,
    Socket,
    StreamWitness,
    VirtualServer,
    content_directive,
    handshake_name,
    mentioned_variables,
    passed_to_checks,
    rule,
    stream_backends,
    stream_rows,
)

_BY_MODULE = ("js_access", "js_preread", "js_filter")


@rule(
    id="stream-verify-client-optional",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("stream",),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report stream servers whose backend is reached without a proper certificate though one is asked for."""
    if socket.module != "stream":
        return
    # On Unix sockets and loopback nobody else connects; a server is reported where it listens first.
    asking = [
        server
        for server in socket.servers
        if next((one for one in server.tls_sockets if not one.key.is_local), None) is socket
        and _asks_everybody(server, ctx)
        and not _undoes_another(server, socket, ctx)
    ]
    for row in stream_rows(ctx.configuration, socket, ctx.now, None) if asking else ():
        if row.server in asking and row.who.kind in {"anyone", "any certificate"}:
            asking.remove(row.server)
            yield from _findings(row, ctx)


def _asks_everybody(server: VirtualServer, ctx: Context) -> bool:
    """Whether the server asks for certificates, and passes whoever has none where the others go."""
    content = content_directive(server)
    if not server.verify_client.startswith("optional") or content is None or content.name == "return":
        return False
    return not _is_chosen_by_client(server, ctx) and not passed_to_checks(ctx.configuration, server)


def _undoes_another(server: VirtualServer, socket: Socket, ctx: Context) -> bool:
    """Whether stream-servers-with-different-modes says that the backend of a stricter server is open."""
    if socket.default_server is not server:
        return False
    own = stream_backends(ctx.configuration, server) or frozenset()
    strict = [one for one in socket.servers if one.verify_client == "on"]
    return any(own & (stream_backends(ctx.configuration, one) or frozenset()) for one in strict)


def _findings(row: Row, ctx: Context) -> Findings:
    server = row.server
    verify, content = server.setting("ssl_verify_client"), content_directive(server)
    if verify.directive is None or content is None:
        return
    modules = [name for name in _BY_MODULE if server.setting(name).is_set]
    doubt = f"{modules[0]} may look at the client" if modules else next(iter(row.uncertain), None)
    if doubt is not None:
        ctx.not_evaluated(verify.directive.span, f"whether everybody gets to the backend: {doubt}")
        return
    without = "without a certificate"
    if verify.lower == "optional_no_ca":
        without += ", or with one that nobody vouches for"
    yield Finding(
        f"ssl_verify_client is {verify.lower}, and nothing in stream refuses a client {without}: everybody"
        f" gets to {row.places[0]} by {row.socket.key}",
        verify.directive.arg_span(0),
        "write `ssl_verify_client on;`",
        related=(Related(content.span, "where everybody is passed to"),),
        witness=StreamWitness(row.socket.key.address, row.socket.key.port, handshake_name(server)),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        path=server.logical_path,
    )


def _is_chosen_by_client(server: VirtualServer, ctx: Context) -> bool:
    """Whether the backend depends on what nginx knows of the client's certificate."""
    content = content_directive(server)
    words = content.args if content is not None else ()
    mentioned = (mentioned_variables(ctx.configuration, str(word)) for word in words)
    return any(name.startswith("ssl_client_") for names in mentioned for name in names)
