"""ssl_protocols differs between the servers of one socket, and nginx below 1.29.2 takes the default server's.

Before nginx 1.29.2, OpenSSL chose the TLS version before nginx had read the name the client asks for. So
the `ssl_protocols` of the socket's *default server* count for every server of that address and port; the
value in another server is accepted and does nothing. A server that says `TLSv1.3` alone still speaks TLS
1.2, or one that should speak TLS 1.3 does not, because of a line in a file that has nothing to do with
it.

From 1.29.2 on each server's own value counts, and there is nothing to report.

Write `ssl_protocols` once, in the `http` block; where a server really needs another value, give it a
socket of its own (another address or port).

Bad:

```nginx version=1.22.1
server {
    listen 443 ssl default_server;
    server_name www.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.3;
}
```

Good:

```nginx version=1.22.1
ssl_protocols TLSv1.2 TLSv1.3;
server {
    listen 443 ssl default_server;
    server_name www.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols, CHANGES 1.29.2
- RFC 9325 section 3.9
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Origin,
    Related,
    Severity,
    Socket,
    VirtualServer,
    commanded_protocols,
    in_order,
    rule,
)


@rule(
    id="protocols-of-non-default-server",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9325 3.9",),
    needs=("ssl_protocols", "ssl_conf_command"),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Compare each server of a TLS socket with the default server, whose value is the one that counts."""
    default = socket.default_server
    if ctx.version >= (1, 29, 2) or not socket.ssl or not default.has_ssl_context:
        return
    spoken = commanded_protocols(default)
    others = [server for server in socket.servers if server is not default and server.has_ssl_context]
    differing = [server for server in others if _known(server, ctx) and commanded_protocols(server) != spoken]
    if not differing or not _known(default, ctx):
        return
    remedy = "set `ssl_protocols` once in the `http` block, or give this server an address or port of its own"
    got = " ".join(in_order(spoken)) or "nothing"
    silent = []
    for server in differing:
        setting = server.setting("ssl_protocols")
        if setting.origin not in {Origin.SET, Origin.OVERRIDDEN} or setting.directive is None:
            silent.append(server)
            continue
        yield Finding(
            f"`ssl_protocols {' '.join(setting.words)}` has no effect: below nginx 1.29.2 the default server "
            f"of the socket ({default.label}) decides for all, so clients of this server get {got}",
            setting.directive.span,
            remedy,
            related=(Related(default.setting("ssl_protocols").span or default.span, _label(default)),),
            confidence=_confidence(server, default),
        )
    if silent:
        names = ", ".join(server.label for server in silent[:3])
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        yield Finding(
            f"this server is the default of its socket, and below nginx 1.29.2 its TLS versions ({got}) hold "
            f"for {names}{more} too, where other versions are configured",
            default.setting("ssl_protocols").span or default.span,
            remedy,
            related=tuple(
                Related(server.span, f"is meant to speak {_words(server)}") for server in silent[:3]
            ),
            confidence=_confidence(silent[0], default),
            path=default.logical_path,
        )


def _known(server: VirtualServer, ctx: Context) -> bool:
    setting = server.setting("ssl_protocols")
    if setting.unknown is not None:
        ctx.not_evaluated(
            server.span, f"`ssl_protocols` may be set in what was not read: {setting.unknown.reason}"
        )
    return setting.unknown is None


def _words(server: VirtualServer) -> str:
    return " ".join(in_order(commanded_protocols(server))) or "nothing"


def _label(default: VirtualServer) -> str:
    if default.setting("ssl_protocols").is_set:
        return f"the default server's value, which wins: {_words(default)}"
    return f"the default server; nginx's default wins: {_words(default)}"


def _confidence(server: VirtualServer, default: VirtualServer) -> Confidence | None:
    # In a fragment another file may hold the socket's default server.
    return Confidence.LIKELY if server.scope.open or default.scope.open else None
