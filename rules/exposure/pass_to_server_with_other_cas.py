"""`pass` in stream hands TLS connections to servers that trust other CAs.

`pass` gives a connection to another listener of the same nginx as it is, with the TLS handshake that the
stream server has made. A listener with `ssl` makes no second one. So certificates are verified with the CAs,
the CRLs and the depth of the stream server alone, and `ssl_verify_client` of the other server goes by that
verdict: whoever has a certificate of the stream server's CAs gets in there, with `SUCCESS` in
`$ssl_client_verify`, though that server does not trust those CAs. Its own `ssl_client_certificate` and
`ssl_crl` have no effect on such connections.

Where the stream server asks for no certificate, nobody can have one, and a server with `ssl_verify_client on`
refuses everybody.

It is fine where both trust the same CAs, and where the stream server leaves the handshake to the other: then
it listens without `ssl`.

Write `listen` without `ssl` in the stream server, or give both the same CAs and CRLs.

Bad:
```nginx version=1.31.3
events {}
stream {
    server {
        listen 443 ssl;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/other-root.pem;
        ssl_verify_client       optional;
        pass 127.0.0.1:8443;
    }
}
http {
    server {
        listen 127.0.0.1:8443 ssl;
        server_name api.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

Good:
```nginx version=1.31.3
events {}
stream {
    server {
        listen 443;
        pass 127.0.0.1:8443;
    }
}
http {
    server {
        listen 127.0.0.1:8443 ssl;
        server_name api.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

References:
- https://nginx.org/en/docs/stream/ngx_stream_pass_module.html
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- RFC 9325 section 3.7
"""

from collections.abc import Iterator

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    Unknown,
    VirtualServer,
    asks,
    ca_files,
    client_checks,
    content_directive,
    listed,
    passed_listener,
    passing_flaws,
    rule,
    trusts_all,
)


@rule(
    id="pass-to-server-with-other-cas",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.7",),
    needs=("pass",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report stream servers whose verdict on certificates is taken by a server that would come to another."""
    listener = passed_listener(ctx.configuration, server)
    if listener is None or not listener.ssl or not server.tls_sockets:
        return
    targets = tuple(_targets(listener))
    if not asks(server):
        strict = [one for one in targets if one.verify_client == "on"]
        if strict:
            yield _locked_out(server, strict)
        return
    verify = server.setting("ssl_verify_client")
    if verify.unknown is not None:
        ctx.not_evaluated(server.span, f"whether clients are verified: {verify.unknown.reason}")
        return
    entered = [target for target in targets if _is_entered(server, target, ctx)]
    if entered:
        yield _entered(server, entered, ctx)


def _targets(listener: Socket) -> Iterator[VirtualServer]:
    """The servers that a passed connection may come to: by Host in http, the default server in stream."""
    servers = listener.servers if listener.module == "http" else (listener.default_server,)
    yield from (one for one in servers if one.verify_client != "off")


def _is_entered(server: VirtualServer, target: VirtualServer, ctx: Context) -> bool:
    """Whether certificates pass by ``server`` that ``target`` would refuse."""
    configuration = ctx.configuration
    alike = trusts_all(ca_files(configuration, target), ca_files(configuration, server), ctx.file)
    content = content_directive(server)
    span = content.span if content is not None else server.span
    if isinstance(alike, Unknown):
        ctx.not_evaluated(span, f"whether {target.label} trusts the same CAs: {alike.reason}")
        return False
    if target.verify_client == "optional_no_ca" and not client_checks(configuration, target):
        return False  # that lets in everybody anyway
    if not alike:
        return True
    doubts = [doubt for _, doubt in passing_flaws(configuration, target, server, ctx.file, ctx.now)]
    if doubts and doubts[0] is not None and None not in doubts:
        ctx.not_evaluated(span, f"whether {target.label} refuses more certificates: {doubts[0]}")
    return None in doubts


def _locked_out(server: VirtualServer, strict: list[VirtualServer]) -> Finding:
    content = content_directive(server)
    return Finding(
        f"{server.label} ends TLS and asks for no certificate, and hands its connections to"
        f" {listed([one.label for one in strict])}, where one is required: nobody can have shown one, and"
        " everybody is refused there",
        content.span if content is not None else server.span,
        "listen without `ssl` here, so that the other server makes the handshake, or verify clients here",
        related=tuple(_mode(one) for one in strict),
        path=server.logical_path,
    )


def _entered(server: VirtualServer, entered: list[VirtualServer], ctx: Context) -> Finding:
    content = content_directive(server)
    trust = server.setting("ssl_client_certificate")
    labels = listed([one.label for one in entered])
    related = [_mode(one) for one in entered]
    if trust.span is not None:
        related.insert(0, Related(trust.span, "certificates are verified with these CAs alone"))
    return Finding(
        f"{server.label} hands connections with its own TLS to {labels}, where no second handshake is made:"
        f" whoever {server.label} verifies gets in there, by its CAs and CRLs and not by those of {labels}",
        content.span if content is not None else server.span,
        "listen without `ssl` here, so that the other server makes the handshake, or give both the same CAs"
        " and CRLs",
        related=tuple(related),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        path=server.logical_path,
    )


def _mode(target: VirtualServer) -> Related:
    verify = target.setting("ssl_verify_client")
    return Related(verify.span or target.span, f"{target.label} goes by a verdict that is not its own")
