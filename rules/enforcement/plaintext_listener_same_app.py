"""A server that requires client certificates also serves its content without TLS.

`listen 80;` and `listen 443 ssl;` in one server block give both listeners the same locations. The check of
client certificates happens on TLS connections alone; on a plain one nginx skips it, whatever
`ssl_verify_client` says. Whoever leaves out the `s` of `https` gets the content, without a certificate and
unencrypted. The variables `$ssl_client_verify` and its kin are empty there, so a test such as `if
($ssl_client_verify = NONE)` does not help either.

A plain listener is fine where it only redirects, refuses or answers with a fixed text, and for health
checks and ACME challenges. Loopback addresses and Unix sockets are not reported: only this machine can
reach them.

Give the plain listener a server of its own that redirects to https.

Bad:
```nginx
server {
    listen 80;
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name api.example.com;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 80;
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($scheme = http) {
        return 301 https://$host$request_uri;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- OWASP ASVS 5.0, 12.2.1
"""

from mtls_lint.api import (
    Answer,
    Confidence,
    Context,
    Door,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    behind,
    find_door,
    listed,
    listen_span,
    open_places,
    rule,
    witness_of,
)


@rule(
    id="plaintext-listener-same-app",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.2.1",),
    needs=("ssl_verify_client",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    plain = [socket for socket in server.plain_sockets if not socket.key.is_local]
    if not plain:
        return
    verify = server.setting("ssl_verify_client")
    if verify.span is None or verify.lower == "off" or not server.tls_sockets:
        return
    if server.module == "mail":
        return
    door = None
    if server.module == "http":
        door = find_door(ctx.configuration, server, plain, ctx.now)
        if door is None or (verify.lower != "on" and _open_with_tls_too(server, door, ctx)):
            return
        if door.doubts or not server.complete:
            reason = door.doubts[0] if door.doubts else "part of the server is not given"
            ctx.not_evaluated(listen_span(plain[0], server), f"what is served without TLS: {reason}")
            return
    keys = listed([str(socket.key) for socket in plain])
    first = door.socket if door is not None else plain[0]
    tls = server.tls_sockets[0]
    yield Finding(
        f"ssl_verify_client {verify.lower} holds on {tls.key}, but {keys}"
        f" {'serves' if len(plain) == 1 else 'serve'} the same content without TLS:"
        " nobody is asked for a certificate there, and everybody gets in",
        listen_span(first, server),
        "move this listener into a server of its own that only redirects to https",
        related=(
            Related(verify.span, "clients are verified by this, on TLS connections only"),
            Related(listen_span(tls, server), "the listener with TLS"),
            *behind(door, "served without TLS"),
        ),
        witness=witness_of(door),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
    )


def _open_with_tls_too(server: VirtualServer, door: Door, ctx: Context) -> bool:
    """Whether the same request gets content over TLS, too: then the plain listener opens nothing more."""
    return any(
        place.answer is Answer.CONTENT and place.request.uri == door.served.request.uri
        for socket in server.tls_sockets
        for place in open_places(ctx.configuration, server, socket, ctx.now)
    )
