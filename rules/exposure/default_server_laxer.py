"""Without SNI the default server judges clients, and it is laxer than the server that they then ask for.

nginx verifies a client's certificate in the TLS handshake, with the CAs, the CRLs (`ssl_crl`), the OCSP check
(`ssl_ocsp`) and the depth (`ssl_verify_depth`) of the server that SNI names. Without SNI, or with a name no
server has, that is the default server of the address and port. The request may then name any server in its
Host, and nginx enforces that server's `ssl_verify_client` with the verdict of the handshake. So a certificate
that a server refuses as revoked, or for a chain that is too long, gets in there when the default server
does not check the same. That holds, with the right SNI too, for a server without a certificate of its own:
its handshakes are the default server's.

It is fine when the default server refuses handshakes, asks nobody for a certificate, or checks as much: a CRL
file of its own that lists the same certificates, or OCSP.

Make the default server of the socket one with `ssl_reject_handshake on;`, or set `ssl_crl`, `ssl_ocsp` and
`ssl_verify_depth` once, at the `http` level.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
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
    ssl_crl                 /pki/crl.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    return 403;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_ocsp                on;
    ssl_ocsp_responder      http://127.0.0.1:8888/;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
    return 403;
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

Good:
```nginx
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
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
    ssl_crl                 /pki/crl.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
# What is set once holds for all.
http {
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_crl                 /pki/crl.pem;
    ssl_verify_client       on;
    server {
        listen 443 ssl;
        server_name www.example.com;
        location / {
            proxy_pass http://127.0.0.1:8081;
        }
    }
    server {
        listen 443 ssl;
        server_name api.example.com;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake
- RFC 9325 section 3.7 (unknown SNI should fail the handshake), section 7.5 (revocation)
"""

from collections.abc import Iterator

from mtls_lint.api import (
    REVOKED,
    TOO_DEEP,
    ClientCertificate,
    Confidence,
    Context,
    Finding,
    Findings,
    Hole,
    Related,
    Row,
    Setting,
    Severity,
    Socket,
    Span,
    Unknown,
    VirtualServer,
    Witness,
    ca_files,
    listed,
    listen_span,
    passing_flaws,
    repeats_another,
    rule,
    socket_rows,
    trusts_all,
)

_REJECT = "add a default_server with `ssl_reject_handshake on;` to this address and port"
_CHECKS = ("ssl_crl", "ssl_ocsp", "ssl_verify_depth")


@rule(
    id="default-server-laxer",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.7", "RFC 9325 7.5", "CIS NGINX 3.0.0 2.4.2"),
    needs=("ssl_crl", "ssl_ocsp", "ssl_verify_depth"),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report, once for a socket and kind of check, the servers that are stricter than the default server."""
    default = socket.default_server
    stricter = () if repeats_another(socket) else tuple(_stricter(socket, ctx))
    entered: dict[str, list[tuple[Row, Hole]]] = {}
    for row in socket_rows(ctx.configuration, socket, ctx.now, stricter, ctx.file) if stricter else ():
        flawed = [(hole.who.flaw.kind, hole) for hole in row.holes if hole.who.flaw is not None]
        for kind, hole in flawed:
            entered.setdefault(kind, []).append((row, hole))
        if row.who.cas and not flawed:
            for reason in row.uncertain:
                ctx.not_evaluated(row.server.span, reason)
    if ways := entered.get(REVOKED):
        names = _names(ways)
        yield Finding(
            f"a client without SNI on {socket.key} is judged by the default server {default.label},"
            f" {_revocation(default)}, and may then ask for another Host: certificates that {names}"
            f" {'refuses' if len(set(_labels(ways))) == 1 else 'refuse'} as revoked get in there",
            _place(socket, default.setting("ssl_crl")),
            f"{_REJECT}, or check revocation in {default.label} as {names} does",
            related=tuple(_related(ways, ("ssl_crl", "ssl_ocsp"), "revocation is checked here")),
            witness=_witness(socket, ways, ctx),
            confidence=_confidence(ways, default),
        )
    if ways := entered.get(TOO_DEEP):
        depth = default.setting("ssl_verify_depth")
        least = min(hole.who.flaw.intermediates for _, hole in ways if hole.who.flaw is not None)
        yield Finding(
            f"a client without SNI on {socket.key} is judged by the default server {default.label}, which"
            f" allows {depth.value} intermediates, and may then ask for another Host: certificates below"
            f" {least} or more, which {_names(ways)} would refuse, get in there",
            _place(socket, depth),
            f"{_REJECT}, or set one ssl_verify_depth for both",
            related=tuple(_related(ways, ("ssl_verify_depth",), "fewer intermediates are allowed here")),
            witness=_witness(socket, ways, ctx),
            severity=Severity.WARNING,
            confidence=_confidence(ways, default),
        )


def _stricter(socket: Socket, ctx: Context) -> Iterator[VirtualServer]:
    """The servers that check more than the default server, and trust all CAs that it trusts.

    Where they trust fewer, certificates of other CAs get in: vhost-shared-socket-ca-mismatch says that. Where
    a server has no certificate, its CRL is never opened: verify-client-without-own-certificate says that.
    """
    configuration, default = ctx.configuration, socket.default_server
    if socket.module != "http" or not socket.ssl:
        return
    for server in socket.servers:
        if not server.has_ssl_context and _names_crls(server) and not _names_crls(default):
            continue
        if not any(passing_flaws(configuration, server, default, ctx.file, ctx.now)):
            continue
        alike = trusts_all(ca_files(configuration, server), ca_files(configuration, default), ctx.file)
        if isinstance(alike, Unknown):
            ctx.not_evaluated(server.span, alike.reason)
        elif alike:
            yield server


def _names_crls(server: VirtualServer) -> bool:
    return bool(server.setting("ssl_crl").value)


def _revocation(default: VirtualServer) -> str:
    crl = default.setting("ssl_crl")
    if crl.value:
        return f"whose ssl_crl {crl.value} does not list the same"
    return "which checks no revocation"


def _labels(ways: list[tuple[Row, Hole]]) -> list[str]:
    return list(dict.fromkeys(row.server.label for row, _ in ways))


def _names(ways: list[tuple[Row, Hole]]) -> str:
    return listed(_labels(ways))


def _place(socket: Socket, setting: Setting) -> Span:
    """What is to be changed: the default server's own setting, else what makes it the default."""
    directive = setting.directive
    if directive is not None and directive.args:
        return directive.arg_span(0)
    return listen_span(socket)


def _related(ways: list[tuple[Row, Hole]], names: tuple[str, ...], label: str) -> Iterator[Related]:
    for row in {row.server.label: row for row, _ in reversed(ways)}.values():
        spans = [row.server.setting(name).span for name in names]
        yield Related(next(filter(None, spans), row.server.span), f"{label} ({row.server.label})")


def _confidence(ways: list[tuple[Row, Hole]], default: VirtualServer) -> Confidence | None:
    servers = (default, *(row.server for row, _ in ways))
    assumed = any(server.setting(name).assumed for server in servers for name in _CHECKS)
    return Confidence.LIKELY if assumed or all(row.uncertain for row, _ in ways) else None


def _witness(socket: Socket, ways: list[tuple[Row, Hole]], ctx: Context) -> Witness | None:
    sure = [(row, hole) for row, hole in ways if not row.uncertain]
    if not sure or socket.is_framed:
        return None
    row, hole = sure[0]
    written = {one.path: one.written for one in ca_files(ctx.configuration, socket.default_server)}
    flaw = hole.who.flaw
    certificate = ClientCertificate(
        written[hole.who.cas[0]],
        revoked=flaw is not None and flaw.kind == REVOKED,
        intermediates=flaw.intermediates if flaw is not None else 0,
    )
    key = socket.key
    return Witness(True, key.address, key.port, row.name, row.uri, sni=hole.sni, certificate=certificate)
