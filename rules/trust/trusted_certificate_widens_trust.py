"""`ssl_trusted_certificate` lets in clients of CAs that `ssl_client_certificate` does not name.

nginx trusts the certificates of both files for its clients. `ssl_trusted_certificate` is usually set for OCSP
stapling, with the CAs of the server's own certificate; where the server verifies clients, everybody with a
client certificate of these CAs gets in. Nothing tells: `nginx -t` is content, the CAs are not among the names
sent to clients, and `$ssl_client_verify` says SUCCESS.

It is fine when `ssl_trusted_certificate` stands alone (from nginx 1.27.2 on: the names of the CAs are then
not sent), when both files hold the same CAs, when the file adds intermediates of the client CAs or the root
that they need, or when nobody gets in by it: an intermediate without its root ends no chain, and with
`ssl_crl` a CA without a CRL lets nobody in. With stapling off the CAs may be meant for clients, just not be
announced: that is a warning.

Leave the roots out of the file, or write into `ssl_client_certificate` what is meant for clients.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/other-root.pem;
    ssl_verify_client       on;
    ssl_stapling            on;
    ssl_trusted_certificate /pki/root.pem;
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
    ssl_certificate         /pki/server-chain.pem;
    ssl_certificate_key     /pki/server-chain.key;
    ssl_client_certificate  /pki/other-root.pem;
    ssl_verify_client       on;
    ssl_stapling            on;
    ssl_trusted_certificate /pki/intermediate.pem;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx version=1.31.3
# The CAs of the clients, without their names being sent.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_trusted_certificate /pki/other-root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_trusted_certificate
- https://docs.openssl.org/3.3/man1/openssl-verification-options/ (Certificate Chain Building)
"""

from collections.abc import Iterator

from mtls_lint.api import (
    Certificate,
    ChainCheck,
    ClientCertificate,
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Row,
    Severity,
    TrustFile,
    VirtualServer,
    Witness,
    listed,
    may_speak_tls,
    public_cas,
    reference_to,
    rule,
    servers_in_words,
    socket_rows,
)


@rule(
    id="trusted-certificate-widens-trust",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_trusted_certificate",),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report the CAs of one ``ssl_trusted_certificate`` that let more clients in, and where."""
    if trust.directive.name != "ssl_trusted_certificate":
        return
    more: dict[Certificate, None] = {}
    open_servers: list[VirtualServer] = []
    rows: list[Row] = []
    for server, added in _widened(trust, ctx):
        entered = tuple(_entered(trust, server, ctx))
        sure = [row for row in entered if not row.uncertain]
        if sure or not _can_be_asked(server):
            more.update(dict.fromkeys(added))
            open_servers.append(server)
            rows += sure
            continue
        for reason in dict.fromkeys(reason for row in entered for reason in row.uncertain):
            ctx.not_evaluated(trust.reference.span, f"{server.label}: {reason}")
    if not open_servers:
        return
    first = open_servers[0].setting("ssl_client_certificate")
    stapling = any(server.setting("ssl_stapling").is_on for server in open_servers)
    names = listed([f'"{certificate.display_name}"' for certificate in more])
    purpose = ", which is there for OCSP stapling," if stapling else ""
    yield Finding(
        f"{trust.reference.written}{purpose} holds {names}, which {first.value} does not: nginx trusts both"
        f" files for clients, so that clients of these CAs get into {servers_in_words(open_servers)}",
        trust.reference.span,
        f"leave {names} out of ssl_trusted_certificate, or add what is meant for clients to {first.value}",
        related=(Related(first.span, "the CAs that clients are told of"),) if first.span is not None else (),
        witness=_witness(trust, rows),
        severity=Severity.ERROR if stapling else Severity.WARNING,
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
    )


def _widened(trust: TrustFile, ctx: Context) -> Iterator[tuple[VirtualServer, tuple[Certificate, ...]]]:
    """The servers, each with the certificates by which clients get in that its other file keeps out."""
    known: dict[tuple[ChainCheck, tuple[Certificate, ...]], tuple[Certificate, ...]] = {}
    for server in trust.servers:
        first = server.setting("ssl_client_certificate").directive
        if first is None or not first.args or first.args[0] == "" or not may_speak_tls(server):
            continue
        own = ctx.certificates(reference_to(ctx.configuration, first))
        extra = ctx.certificates(trust.reference)
        check = ctx.chain_check(server) if own is not None and extra is not None else None
        if own is not None and extra is not None and check is not None:
            key = (check, own)
            if key not in known:
                known[key] = tuple(_added(own, extra, check, ctx))
            if known[key]:
                yield server, known[key]


def _added(
    own: tuple[Certificate, ...], extra: tuple[Certificate, ...], check: ChainCheck, ctx: Context
) -> Iterator[Certificate]:
    narrow = check.without(set(extra) - set(own))
    public = public_cas(extra)  # ca-public-root and ca-system-bundle say how far those open the server
    for certificate in dict.fromkeys(extra):
        if certificate in own or certificate in public or _is_needed(certificate, own, narrow, check):
            continue
        if _enters(certificate, check, extra, ctx) and not _enters(certificate, narrow, extra, ctx):
            yield certificate


def _enters(certificate: Certificate, check: ChainCheck, sent: tuple[Certificate, ...], ctx: Context) -> bool:
    """Whether clients of this CA get in, or the certificate is a client's own and does."""
    if certificate.is_ca and check.clients_of(certificate, ctx.now, sent).ok:
        return True
    return check.verify((certificate, *sent), ctx.now).ok


def _is_needed(
    certificate: Certificate, own: tuple[Certificate, ...], narrow: ChainCheck, check: ChainCheck
) -> bool:
    """Whether it is a copy of a client CA, or stands above one whose chain ends nowhere without it."""
    for ca in own:
        renewed = ca.canonical_subject == certificate.canonical_subject
        if renewed and ca.public_key is not None and ca.public_key == certificate.public_key:
            return True
        if not narrow.trust.reaches_anchor(ca) and certificate in check.trust.above(ca):
            return True
    return False


def _can_be_asked(server: VirtualServer) -> bool:
    """Whether there is a socket for which the matrix can be asked who gets in."""
    sockets = [socket for socket in server.tls_sockets if socket.key.family != "unix"]
    return server.module == "http" and bool(sockets)


def _entered(trust: TrustFile, server: VirtualServer, ctx: Context) -> Iterator[Row]:
    """The places that certificates of this file get into, where not everybody does."""
    for socket in server.tls_sockets:
        for row in socket_rows(ctx.configuration, socket, ctx.now, [server]):
            if trust.reference.path in row.who.cas:
                yield row


def _witness(trust: TrustFile, rows: list[Row]) -> Witness | None:
    for row in rows:
        if row.socket.is_framed:
            continue
        key, certificate = row.socket.key, ClientCertificate(trust.reference.written)
        return Witness(True, key.address, key.port, row.name, row.uri, sni=row.name, certificate=certificate)
    return None
