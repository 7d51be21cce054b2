"""A server is set up for TLS, but none of its sockets speaks it.

TLS is switched on by the word `ssl` behind `listen` (until 1.25.0 also by `ssl on`), not by a certificate
and not by port 443. Without it nginx serves plain HTTP. Certificates are read and never shown, and
`ssl_verify_client` has no effect at all: the check is skipped on a connection without TLS. `nginx -t` says
nothing.

If some other server listens on the same address and port with `ssl`, all servers of that socket speak TLS,
and this rule is silent. It also leaves alone an inherited `ssl_verify_client` in a server that only
redirects, and a certificate in one that serves no content.

Write `listen 443 ssl;`.

Bad:
```nginx
server {
    listen 443;
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
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- https://nginx.org/en/docs/http/configuring_https_servers.html
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Directive,
    Door,
    Finding,
    Findings,
    Fix,
    Related,
    Severity,
    Socket,
    VirtualServer,
    add_word,
    behind,
    find_door,
    fix,
    listed,
    listen_span,
    passes_tls_through,
    rule,
    witness_of,
)


@rule(
    id="listen-without-ssl",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client", "ssl_certificate"),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    intent = _intent(server)
    if intent is None or not server.sockets or server.tls_sockets or server.module == "mail":
        return
    if server.setting("ssl").is_on:
        return  # ssl-on-removed says what that does
    if passes_tls_through(server):
        return  # verify-client-behind-ssl-preread says what that does
    if not server.complete:
        ctx.not_evaluated(server.span, "whether this server speaks TLS: part of it is not given")
        return
    public = [socket for socket in server.sockets if not socket.key.is_local]
    door = find_door(ctx.configuration, server, public, ctx.now) if server.module == "http" else None
    serves = door is not None or (server.module == "stream" and bool(public))
    verifies = server.verify_client != "off"
    if not serves and not (verifies and intent in server.scope.directives):
        return
    first = next(iter(public), server.sockets[0])
    yield Finding(
        _message(server, verifies, serves),
        listen_span(first, server),
        f"write `listen {_address(first)} ssl;`" + _or_delete(verifies),
        related=(Related(intent.span, "no effect without TLS"), *behind(door, "served without TLS")),
        witness=witness_of(door),
        severity=_severity(server, intent, serves),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment or _doubtful(door) else None,
        fix=_fix(server),
    )


def _fix(server: VirtualServer) -> Fix | None:
    """`ssl` behind the only `listen`, where that can only mean TLS and nobody else is on the socket."""
    listen, *more = server.listens
    if more or listen.directive is None or listen.key.port == 80:
        return None
    if any(socket.servers != (server,) for socket in server.sockets):
        return None
    if not server.setting("ssl_certificate").is_set or server.verify_client == "off":
        return None
    return fix("switch TLS on", add_word(listen.directive, "ssl", 0))


def _intent(server: VirtualServer) -> Directive | None:
    """What shows that TLS is meant: the check of clients, or a certificate of this very server."""
    if server.verify_client != "off":
        return server.setting("ssl_verify_client").directive
    own = server.scope.find("ssl_certificate")
    return own[0] if own else None


def _severity(server: VirtualServer, intent: Directive, serves: bool) -> Severity:
    if not serves:
        return Severity.INFO
    required = server.verify_client != "off" and intent in server.scope.directives
    return Severity.ERROR if required else Severity.WARNING


def _message(server: VirtualServer, verifies: bool, serves: bool) -> str:
    keys = listed([str(socket.key) for socket in server.sockets])
    what = f"ssl_verify_client {server.verify_client}" if verifies else "ssl_certificate"
    sockets = "speaks" if len(server.sockets) == 1 else "speak"
    if verifies and serves:
        then = "nobody is asked for a certificate and everybody gets in"
    elif verifies:
        then = "nobody is asked for a certificate"
    else:
        then = "the content goes over the wire unencrypted"
    return f"{what} has no effect, because {keys} {sockets} no TLS (`listen` lacks `ssl`): {then}"


def _address(socket: Socket) -> str:
    if socket.key.address == "*":
        return "443" if socket.key.port == 80 else str(socket.key.port)
    return str(socket.key)


def _or_delete(verifies: bool) -> str:
    return "" if verifies else ", or delete the certificate from this server"


def _doubtful(door: Door | None) -> bool:
    return door is not None and bool(door.doubts)
