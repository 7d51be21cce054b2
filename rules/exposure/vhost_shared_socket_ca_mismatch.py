"""Servers of one socket trust different client CAs, and a client without SNI chooses between them.

nginx verifies a client's certificate in the TLS handshake, with the CAs of the server that SNI names. Without
SNI, or with a name no server has, that is the default server of the address and port. The request may then
name any server in its Host: nginx enforces that server's `ssl_verify_client` with the verdict of the
handshake. So certificates of the default server's CA are good for all servers of the socket.

A Host that differs from a *known* SNI is answered with 421, so this is the one way around. It is closed when
the default server refuses handshakes, and it does not matter when all servers trust the same CAs.

Make the default server of the socket one with `ssl_reject_handshake on;`, or give the servers addresses of
their own.

Bad:
```nginx
server {
    listen 443 ssl;
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
- RFC 9325 section 3.7 (unknown SNI should fail the handshake), RFC 9113 section 9.1.2
"""

from collections.abc import Collection

from mtls_lint.api import (
    Certificate,
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
    listed,
    listen_span,
    repeats_another,
    rule,
    socket_rows,
)


@rule(
    id="vhost-shared-socket-ca-mismatch",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.7", "RFC 9113 9.1.2", "CIS NGINX 3.0.0 2.4.2"),
    needs=("ssl_verify_client",),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report, once for a socket, the servers that certificates of another server's CA get into."""
    default = socket.default_server
    if not socket.ssl or default.verify_client == "off" or default.setting("ssl_reject_handshake").is_on:
        return
    if repeats_another(socket):
        return
    others = [server for server in socket.servers if _trusts_less(server, default, ctx)]
    if not others:
        return
    files = {
        reference.path: reference
        for server in socket.servers
        for reference in client_trust(ctx.configuration, server)
    }
    entered: dict[str, Row] = {}
    sure = True
    for row in socket_rows(ctx.configuration, socket, ctx.now, others):
        for hole in row.holes:
            if hole.sni is not None or not hole.who.cas:
                continue
            extra = set(hole.who.cas) - set(row.who.cas)
            known = _certificates(files, row.who.cas, ctx)
            more = _certificates(files, extra, ctx)
            if known is not None and more is not None and more <= known:
                continue  # another file with the same CAs
            sure = sure and known is not None and more is not None and not row.uncertain
            entered.setdefault(row.server.label, row)
    if not entered:
        return
    trust = default.setting("ssl_client_certificate")
    yield Finding(
        f"a client without SNI on {socket.key} is verified by the CAs of the default server {default.label}"
        f" and may then ask for another Host: certificates of {trust.value or 'its CAs'} get into"
        f" {listed(list(entered))}, where they are not trusted",
        trust.directive.arg_span(0) if trust.directive is not None else listen_span(socket),
        "add a default_server with `ssl_reject_handshake on;` to this address and port",
        related=tuple(
            Related(row.by, f"{label} is entered with the wrong certificates")
            for label, row in entered.items()
            if row.by is not None
        ),
        witness=_witness(next(iter(entered.values())), trust.value),
        confidence=None if sure else Confidence.LIKELY,
    )


def _witness(row: Row, ca: str | None) -> Witness | None:
    if ca is None:
        return None
    key = row.socket.key
    certificate = ClientCertificate(ca)
    return Witness(True, key.address, key.port, row.name, row.uri, sni=None, certificate=certificate)


def _trusts_less(server: VirtualServer, default: VirtualServer, ctx: Context) -> bool:
    """Whether the server verifies clients, and the default server trusts a file that it does not."""
    own, there = ({one.path for one in client_trust(ctx.configuration, s)} for s in (server, default))
    return server.verify_client != "off" and not there <= own


def _certificates(
    files: dict[str | None, FileReference], paths: Collection[str], ctx: Context
) -> frozenset[Certificate] | None:
    """All certificates of these CA files; None when one of them is not there to be read."""
    if not files.keys() >= set(paths):
        return None
    return ctx.certificates_in(files[path] for path in paths)
