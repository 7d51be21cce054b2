"""A server that rejects handshakes serves content to whoever names it after another server's handshake.

`ssl_reject_handshake on` refuses the TLS handshake of clients that ask for this server by SNI, or for no
known name where it is the default server. It does nothing else. A client that does the handshake with the
name of another server of the same address and port may name this server in the Host of its requests. nginx
answers 421 only where the server that Host chooses verifies clients; with `ssl_verify_client off` it serves
the request, and asks for no certificate even when the other server requires one.

For the default server every unknown Host will do, and a `root` that is inherited from the `http` level is
content as well.

It is fine where the server has nothing to serve: the usual catch-all, alone or with `return 444`. Content
that a plain listener of the same server gives to everybody is not reported either.

Leave nothing in this server but `return 444;`, or give the content a server that verifies clients.

Bad:
```nginx
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
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
events {}
http {
    root /srv/www;
    server {
        listen 443 ssl default_server;
        ssl_reject_handshake on;
    }
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
    return 444;
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

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake
- https://nginx.org/en/docs/http/request_processing.html
- RFC 9325 section 3.7, RFC 9113 section 9.1.2
"""

from mtls_lint.api import (
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
    handshake_name,
    other_handshakes,
    rule,
    witness_of,
)


@rule(
    id="reject-handshake-reached-by-host",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9113 9.1.2",),
    needs=("ssl_reject_handshake",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    rejecting = server.setting("ssl_reject_handshake")
    verify = server.setting("ssl_verify_client")
    if server.module != "http" or rejecting.span is None or not rejecting.is_on or verify.lower != "off":
        return
    public = [socket for socket in server.plain_sockets if not socket.key.is_local]
    if find_door(ctx.configuration, server, public, ctx.now) is not None:
        return  # everybody gets it anyway
    found = _door(server, ctx)
    if found is None:
        if _may_serve_others(server, ctx):
            reason = "the other servers of its address and port are not given"
            ctx.not_evaluated(rejecting.span, f"who reaches {server.label} after another handshake: {reason}")
        return
    door, other = found
    if door.doubts or verify.unknown is not None or not server.complete:
        reason = verify.unknown.reason if verify.unknown is not None else "part of the server is not given"
        reason = door.doubts[0] if door.doubts else reason
        ctx.not_evaluated(rejecting.span, f"what {server.label} serves after another handshake: {reason}")
        return
    asked = any(one.verify_client != "off" for one in door.socket.servers)
    host = door.served.request.host
    asks_for = f"asks for the Host {host}" if host is not None else "sends no Host"
    yield Finding(
        f"ssl_reject_handshake on keeps nobody out of {server.label}: a client that {_shakes_hands(other)}"
        f" and then {asks_for} is served its content without a certificate",
        rejecting.span,
        "leave nothing in this server but `return 444;`, or give the content a server that verifies clients",
        related=(
            *behind(door, "served without a certificate"),
            Related(other.span, "the server whose handshake opens the way"),
        ),
        witness=witness_of(door),
        severity=None if asked else Severity.WARNING,
        confidence=Confidence.LIKELY if verify.assumed else None,
    )


def _door(server: VirtualServer, ctx: Context) -> tuple[Door, VirtualServer] | None:
    """The way in by the handshake of another server, with that server; a certain one is preferred."""
    doubtful = None
    for socket in server.tls_sockets:
        for other in other_handshakes(server, socket):
            door = find_door(ctx.configuration, server, (socket,), ctx.now, via=other)
            if door is not None and not door.doubts:
                return door, other
            if door is not None:
                doubtful = doubtful or (door, other)
    return doubtful


def _may_serve_others(server: VirtualServer, ctx: Context) -> bool:
    """Whether this is a fragment with content and without the servers whose handshake would lead to it."""
    alone = not any(True for socket in server.tls_sockets for _ in other_handshakes(server, socket))
    serves = bool(server.locations) or server.setting("root").is_set
    return ctx.configuration.tree.is_fragment and alone and serves and not server.scope.find("return")


def _shakes_hands(other: VirtualServer) -> str:
    name = handshake_name(other)
    return f"says {name} in the handshake" if name is not None else "does the handshake without SNI"
