"""A TLS socket has no certificate to begin a handshake with.

The default server of a socket does the handshake for every name that no other server takes. If it has
neither `ssl_certificate` (its own or inherited) nor `ssl_reject_handshake on`, nginx refuses to start: `no
"ssl_certificate" is defined for the "listen ... ssl" directive`. If it rejects handshakes without having a
certificate, every other server of the socket needs one, or has to reject too. It does not matter which of
the servers wrote `ssl`: all servers of the socket speak TLS then.

Other servers may go without a certificate where the default server has one: it then does their handshakes.

Give the default server a certificate, or `ssl_reject_handshake on` (nginx 1.19.4) if strangers should not
get through.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
```
```nginx
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name api.example.com;
}
```

Good:
```nginx
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
```
```nginx
server {
    listen 443 ssl default_server;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
}
server {
    listen 443 ssl;
    server_name api.example.com;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    VirtualServer,
    listen_span,
    rule,
    servers_in_words,
)


@rule(id="listen-ssl-without-certificate", severity=Severity.ERROR, since="0.1")
def check(socket: Socket, ctx: Context) -> Findings:
    default = socket.default_server
    if not socket.ssl or default.setting("ssl_certificate").is_set or ctx.version < (1, 15, 0):
        return
    rejecting = default.setting("ssl_reject_handshake")
    lacking = [default]
    if rejecting.is_on:
        lacking = [server for server in socket.servers if server is not default and _has_none(server)]
        if not lacking:
            return
    for server in (default, *lacking):
        unknown = server.setting("ssl_certificate").unknown or server.setting("ssl_reject_handshake").unknown
        if unknown is not None or server.directive is None:
            reason = "the server around it is not given" if unknown is None else unknown.reason
            ctx.not_evaluated(
                listen_span(socket, server), f"whether {socket.key} has a certificate: {reason}"
            )
            return
    yield Finding(
        _message(socket, lacking, rejecting.is_on, ctx),
        listen_span(socket, lacking[0]),
        "write ssl_certificate and ssl_certificate_key in this server, or `ssl_reject_handshake on;`",
        related=_related(socket, lacking[0]),
        fatal=True,
        confidence=Confidence.LIKELY if default.setting("ssl_certificate").assumed else None,
    )


def _has_none(server: VirtualServer) -> bool:
    return not server.setting("ssl_certificate").is_set and not server.setting("ssl_reject_handshake").is_on


def _message(socket: Socket, lacking: list[VirtualServer], rejecting: bool, ctx: Context) -> str:
    if rejecting:
        what = (
            f"{servers_in_words(lacking)} {'has' if len(lacking) == 1 else 'have'} no ssl_certificate, and"
            f" the default server of {socket.key} only rejects handshakes"
        )
    else:
        what = f"the default server of {socket.key} has neither ssl_certificate nor `ssl_reject_handshake on`"
    return f"{what}: nobody can do the handshake, and nginx {ctx.version} refuses to start"


def _related(socket: Socket, server: VirtualServer) -> tuple[Related, ...]:
    """Where ``ssl`` is written, when that is in another server."""
    for member, listen in socket.members:
        if listen.ssl and member is not server and listen.directive is not None:
            own = any(one is server and other.ssl for one, other in socket.members)
            return () if own else (Related(listen.directive.span, "the socket speaks TLS because of this"),)
    return ()
