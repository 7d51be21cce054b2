"""`allow` and `deny` of a stream server that is not the default server of its socket.

In `stream`, addresses are judged when the connection comes in, before the TLS handshake and before
`ssl_preread` has seen a name: nginx knows the default server only, and takes its rules for all servers of
that address and port. Those of the other servers are never looked at, and `nginx -t` says nothing.

So whoever was to be kept out by `deny` gets as far as the handshake, and with `ssl_verify_client off` to the
backend.

It is fine where all servers of the socket have the same rules, such as those of the `stream` level.

Write the rules in the default server, or at the `stream` level, if they are meant for all. Else give the
server an address or a port of its own.

Bad:
```nginx version=1.31.3
events {}
stream {
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    server {
        listen 8443 ssl default_server;
        server_name public.example.com;
        proxy_pass 127.0.0.1:9001;
    }
    server {
        listen 8443 ssl;
        server_name internal.example.com;
        allow 10.0.0.0/8;
        deny  all;
        proxy_pass 127.0.0.1:9002;
    }
}
```

Good:
```nginx version=1.31.3
events {}
stream {
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    server {
        listen 8443 ssl;
        server_name public.example.com;
        proxy_pass 127.0.0.1:9001;
    }
    server {
        listen 8444 ssl;
        server_name internal.example.com;
        allow 10.0.0.0/8;
        deny  all;
        proxy_pass 127.0.0.1:9002;
    }
}
```

References:
- https://nginx.org/en/docs/stream/ngx_stream_access_module.html
- https://nginx.org/en/docs/stream/stream_processing.html
"""

from collections.abc import Sequence

from mtls_lint.api import (
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    VirtualServer,
    access_rules,
    listen_span,
    repeats_another,
    rule,
)


@rule(id="access-rules-of-non-default-server", severity=Severity.ERROR, since="0.1", needs=("stream",))
def check(socket: Socket, ctx: Context) -> Findings:
    """Report the servers of a stream socket whose access rules are never looked at."""
    default = socket.default_server
    # Before 1.25.5 a stream socket has one server; without a name no other than the default is reached.
    if socket.module != "stream" or ctx.version < (1, 25, 5) or repeats_another(socket):
        return
    if not socket.ssl and not default.setting("ssl_preread").is_on:
        return
    unread = default.setting("deny").unknown or default.setting("allow").unknown
    counting = access_rules(default.scope)
    for server in socket.servers:
        own = access_rules(server.scope)
        if server is default or not own or _words(own) == _words(counting):
            continue
        if unread is not None:
            ctx.not_evaluated(server.span, f"which addresses may connect: {unread.reason}")
            continue
        yield _finding(socket, server, own, counting)


def _finding(
    socket: Socket, server: VirtualServer, own: Sequence[Directive], counting: Sequence[Directive]
) -> Finding:
    default = socket.default_server
    denies = any(one.name == "deny" for one in own)
    instead = "its rules count instead" if counting else "it has none, so every address may connect"
    message = (
        f"`{own[0].text}` and what follows it do nothing" if len(own) > 1 else f"`{own[0].text}` does nothing"
    )
    message += (
        f" for {server.label}, because nginx judges addresses before it knows the name, by the default server"
        f" {default.label} of {socket.key}: {instead}"
    )
    return Finding(
        message,
        own[0].span,
        f"write the rules in {default.label} or at the stream level, or give {server.label} an address or a"
        " port of its own",
        related=(
            Related(counting[0].span if counting else listen_span(socket), f"what counts on {socket.key}"),
        ),
        severity=None if denies and not counting and server.verify_client != "on" else Severity.WARNING,
        path=server.logical_path,
    )


def _words(rules: Sequence[Directive]) -> list[tuple[str, ...]]:
    return [(rule.name, *map(str, rule.args)) for rule in rules]
