"""A server verifies clients but has no certificate of its own, so another server's CAs decide.

The server's certificate is what makes nginx build a TLS context for it: `ssl_certificate`, in the server or
around it. A server without one may share a TLS socket with others, and nginx says nothing. But the handshake
then stays with the default server of the address and port, even when the client says this server's name: it
shows the default server's certificate, and it asks and verifies clients as the default server does. The
`ssl_client_certificate`, `ssl_crl` and `ssl_verify_depth` of this server are never opened or used; only its
`ssl_verify_client` is, afterwards.

So clients of the default server's CAs get in, and clients of its own are refused with 400. Where the default
server has `ssl_verify_client off`, no client is asked for a certificate at all, and with `on` every request
is answered with 400.

It is fine where both servers trust the same CAs, and this one has no CRL that the other has not.

Write `ssl_certificate` and `ssl_certificate_key` in this server, or in the `http` block for all of them.

Bad:
```nginx
events {}
http {
    server {
        listen 443 ssl default_server;
        server_name partners.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/other-root.pem;
        ssl_verify_client       on;
        location / {
            proxy_pass http://127.0.0.1:8081;
        }
    }
    server {
        listen 443 ssl;
        server_name admin.example.com;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

Good:
```nginx
events {}
http {
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    server {
        listen 443 ssl default_server;
        server_name www.example.com;
        location / {
            proxy_pass http://127.0.0.1:8081;
        }
    }
    server {
        listen 443 ssl;
        server_name admin.example.com;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- https://nginx.org/en/docs/http/configuring_https_servers.html
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    ClientCertificate,
    Confidence,
    Context,
    FileReference,
    Finding,
    Findings,
    Related,
    Row,
    Severity,
    Socket,
    VirtualServer,
    Witness,
    client_trust,
    command_that_asks,
    listed,
    listen_span,
    rule,
    socket_rows,
)

_REMEDY = "write ssl_certificate and ssl_certificate_key in this server, or in the http block for all of them"


@rule(
    id="verify-client-without-own-certificate",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    verify = server.setting("ssl_verify_client")
    if server.module != "http" or not verify.is_set or verify.lower == "off" or server.has_ssl_context:
        return
    first = {socket.default_server: socket for socket in reversed(server.tls_sockets)}
    for default, socket in first.items():
        if default is server or not default.has_ssl_context:
            continue  # nginx refuses to start
        unknown = server.setting("ssl_certificate").unknown or default.setting("ssl_verify_client").unknown
        if unknown is not None:
            ctx.not_evaluated(listen_span(socket, server), f"whose CAs decide: {unknown.reason}")
        elif command_that_asks(default) is not None and default.verify_client == "off":
            reason = "a command in the default server asks for certificates"
            ctx.not_evaluated(listen_span(socket, server), f"who gets in: {reason}")
        elif default.verify_client == "off" or not client_trust(ctx.configuration, default):
            yield _nobody_verified(server, socket, ctx)
        else:
            yield from _other_cas(server, socket, ctx)


def _nobody_verified(server: VirtualServer, socket: Socket, ctx: Context) -> Finding:
    default = socket.default_server
    mode = server.verify_client
    why = "asks nobody for a certificate" if default.verify_client == "off" else "trusts no CA for clients"
    required = mode == "on"
    consequence = "every request is answered with 400" if required else "no client's certificate ever counts"
    message = f"{_stays(server, socket)}, which {why}: with ssl_verify_client {mode} {consequence}"
    return _finding(message, server, socket, ctx, severity=None if required else Severity.WARNING)


def _stays(server: VirtualServer, socket: Socket) -> str:
    return (
        f"{server.label} has no certificate of its own, so the handshake on {socket.key} stays with the"
        f" default server {socket.default_server.label}"
    )


def _other_cas(server: VirtualServer, socket: Socket, ctx: Context) -> Findings:
    default = socket.default_server
    own, there = client_trust(ctx.configuration, server), client_trust(ctx.configuration, default)
    trusted, decisive = ctx.certificates_in(own), ctx.certificates_in(there)
    known = trusted is not None and decisive is not None
    same = {one.path for one in own} == {one.path for one in there} or (known and trusted == decisive)
    crl = server.setting("ssl_crl").value
    unread = crl if crl and not default.setting("ssl_crl").value else None
    if (same or not own) and not unread:
        return
    more = [one for one in there if own and not _within(one, own, ctx)]
    less = [one for one in own if not _within(one, there, ctx)]
    rows = list(socket_rows(ctx.configuration, socket, ctx.now, [server]))
    if not rows:
        ctx.not_evaluated(listen_span(socket, server), "what it serves: no request that leads here is known")
    entered = next((row for row in rows if row.who.kind not in {"nobody", "redirect"}), None)
    if entered is None:
        return
    effects = [f"clients of {listed([one.written for one in more])} get in"] if more else []
    effects += [f"those of {listed([one.written for one in less])} are not accepted"] if less else []
    effects += [f"clients that {unread} revokes get in"] if unread else []
    if not effects:
        return
    message = f"{_stays(server, socket)} and its CAs decide: {' and '.join(effects)}"
    sure = (known or same or not own) and not entered.uncertain
    witness = _witness(entered, more[0].written) if more else None
    yield _finding(message, server, socket, ctx, sure=sure, witness=witness)


def _finding(
    message: str,
    server: VirtualServer,
    socket: Socket,
    ctx: Context,
    *,
    severity: Severity | None = None,
    sure: bool = True,
    witness: Witness | None = None,
) -> Finding:
    default = socket.default_server
    given = server.scope.find("ssl_client_certificate") or server.scope.find("ssl_verify_client")
    span = given[0].arg_span(0) if given and given[0].args else listen_span(socket, server)
    decides = default.setting("ssl_client_certificate")
    if default.verify_client == "off" or not decides.value:
        decides = default.setting("ssl_verify_client")
    return Finding(
        message,
        span,
        _REMEDY,
        related=(
            Related(listen_span(socket), "the default server, whose handshake it is"),
            *((Related(decides.span, "this counts instead"),) if decides.span is not None else ()),
        ),
        witness=witness,
        severity=severity,
        confidence=Confidence.LIKELY if not sure or ctx.configuration.tree.is_fragment else None,
    )


def _witness(row: Row, ca: str) -> Witness:
    key = row.socket.key
    return Witness(
        True, key.address, key.port, row.name, row.uri, sni=row.name, certificate=ClientCertificate(ca)
    )


def _within(reference: FileReference, references: tuple[FileReference, ...], ctx: Context) -> bool:
    """Whether everything in this file is known to be trusted by those."""
    if any(one.path == reference.path for one in references):
        return True
    certificates, trusted = ctx.certificates_in((reference,)), ctx.certificates_in(references)
    if certificates is None and reference.directive.name == "ssl_crl":
        return True  # before 1.27.2 a CRL file may hold CAs; one that is not there is not taken to
    return certificates is not None and trusted is not None and certificates <= trusted
