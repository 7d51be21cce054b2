"""A name that must require client certificates is served without one.

`--require NAME` (or `require` in the settings) says that clients of this name must present a certificate.
This rule looks at every socket on which some server answers the name and reports each that lets clients in
without: a TLS socket whose server does not have `ssl_verify_client on`, or a plain one that serves more
than redirects, refusals, health checks and ACME challenges. `optional` is not enough: the handshake and
nginx accept a client without a certificate, and all depends on checks further inside.

The name counts as nginx counts it on each socket: exact names first, then wildcards, then regular
expressions. A common cause is a second server block for the same name on IPv6, another port or another
address.

Write `ssl_verify_client on;` in the server that is named, and delete the listener or the server that is not
needed. If no server has the name at all, it is misspelt here or there.

Bad:
```nginx require=api.example.com
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
server {
    listen [::]:443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx require=api.example.com
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen 80;
    listen [::]:80;
    server_name api.example.com;
    return 301 https://$host$request_uri;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/http/server_names.html
- https://nginx.org/en/docs/http/request_processing.html
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    Span,
    Unknown,
    VirtualServer,
    answering,
    behind,
    command_that_asks,
    find_door,
    listen_span,
    rule,
    witness_of,
)


@rule(
    id="required-name-unprotected",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3", "DISA STIG V-278400"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    for required in ctx.settings.require:
        found = False
        for socket, server in answering(configuration, required):
            if isinstance(server, Unknown):
                ctx.not_evaluated(listen_span(socket), f"which server answers {required}: {server.reason}")
            else:
                yield from _on_socket(required, server, socket, ctx)
            found = True
        if not found:
            yield from _nobody(required, configuration, ctx)


def _nobody(required: str, configuration: Configuration, ctx: Context) -> Findings:
    tree = configuration.tree
    top = Span(tree.sources[0], 0, 0) if tree.sources else None
    if top is None:
        return
    unread = next((problem.message for problem in tree.problems if not problem.harmless), None)
    if tree.is_fragment or unread is not None:
        reason = unread or "only a part of the configuration is given"
        ctx.not_evaluated(top, f"no server that was read is called {required}: {reason}")
        return
    yield Finding(
        f"{required} must require client certificates, but no server is called that: nothing is protected"
        " under this name",
        top,
        "correct the name in --require, or the server_name in the configuration",
        path=f"require[{required}]",
    )


def _on_socket(required: str, server: VirtualServer, socket: Socket, ctx: Context) -> Findings:
    verify = server.setting("ssl_verify_client")
    if verify.unknown is not None or not server.complete:
        reason = verify.unknown.reason if verify.unknown is not None else "part of the server is not given"
        ctx.not_evaluated(server.span, f"whether {required} is protected on {socket.key}: {reason}")
    elif not socket.ssl:
        yield from _plain(required, server, socket, ctx)
    elif verify.lower != "on" and not server.setting("ssl_reject_handshake").is_on:
        yield from _tls(required, server, socket, ctx)


def _tls(required: str, server: VirtualServer, socket: Socket, ctx: Context) -> Findings:
    verify = server.setting("ssl_verify_client")
    door = find_door(ctx.configuration, server, (socket,), ctx.now)
    asked = verify.lower != "off"
    guarded = asked and server.module == "http" and door is None
    mode = verify.lower if verify.is_set else "not set and off by default"
    yield Finding(
        f"{required} must require client certificates, but on {socket.key} ssl_verify_client is"
        f" {mode}: {_then(server, asked, guarded)}",
        verify.directive.arg_span(0) if verify.directive is not None else server.span,
        "write `ssl_verify_client on;` in this server, with its CAs in ssl_client_certificate",
        related=(Related(listen_span(socket, server), f"{required} is answered here"),),
        witness=witness_of(door),
        severity=Severity.WARNING if guarded else None,
        confidence=Confidence.LIKELY if verify.assumed else None,
    )


def _then(server: VirtualServer, asked: bool, guarded: bool) -> str:
    command = command_that_asks(server)
    if guarded:
        return "clients without a certificate are accepted, and only checks inside the server refuse them"
    if asked:
        return "clients without a certificate are accepted"
    if command is not None:
        return f"`{command.text}` asks, but any certificate is accepted, a self-signed one too"
    return "clients are not asked for a certificate"


def _plain(required: str, server: VirtualServer, socket: Socket, ctx: Context) -> Findings:
    span = listen_span(socket, server)
    if socket.key.is_local:
        return
    door = find_door(ctx.configuration, server, (socket,), ctx.now) if server.module == "http" else None
    if server.module == "http" and door is None:
        return
    if door is not None and door.doubts:
        ctx.not_evaluated(span, f"what {required} serves on {socket.key} without TLS: {door.doubts[0]}")
        return
    yield Finding(
        f"{required} must require client certificates, but {socket.key} speaks no TLS and serves content:"
        " nobody can be asked for a certificate there",
        span,
        "delete this listener, add `ssl` to it, or let it only redirect to https",
        related=behind(door, "served here without TLS"),
        witness=witness_of(door),
    )
