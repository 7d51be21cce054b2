"""`ssl_stapling` is on, but nginx has nothing to staple for the certificate.

nginx staples answers of the responder that the server's certificate names. Where it names none (Let's
Encrypt stopped OCSP in 2025, other CAs followed), or one by https, or where nginx does not find the
certificate of the issuer (behind the leaf in its file, or in `ssl_trusted_certificate`), nginx logs a
warning at every start and ignores `ssl_stapling` for it. Whoever counts on stapling has none.

Fine: `ssl_stapling_file`, and `ssl_stapling_responder` with the issuer's certificate at hand.

Delete `ssl_stapling` where the CA offers no OCSP; else add the chain to the certificate's file. For a
certificate that demands stapling this is an error: clients that heed the demand refuse it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_stapling            on;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server-ocsp.pem;
    ssl_certificate_key     /pki/server-ocsp.key;
    ssl_stapling            on;
    ssl_trusted_certificate /pki/root.pem;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_stapling            off;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_stapling
- RFC 6066, section 8
- https://letsencrypt.org/2024/12/05/ending-ocsp/
- CIS NGINX Benchmark 3.0.0, 4.1.7
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    VirtualServer,
    issuer_at_hand,
    rule,
    servers_in_words,
    usable_responder,
)


@rule(id="stapling-dead", severity=Severity.WARNING, since="0.1", controls=("CIS NGINX 3.0.0 4.1.7",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    """Report the certificate with the servers in which nginx ignores `ssl_stapling` for it."""
    stapling = [server for server in pair.presenters if _staples(server)]
    leaf = ctx.leaf(pair.certificate) if stapling else None
    if leaf is None:
        return
    dead: dict[str, list[VirtualServer]] = {}
    for server in stapling:
        reason = _reason(leaf, pair, server, ctx)
        if reason is not None:
            dead.setdefault(reason, []).append(server)
    for reason, servers in dead.items():
        directive = servers[0].setting("ssl_stapling").directive
        demand = " and demands it (must-staple)" if leaf.must_staple else ""
        yield Finding(
            f'ssl_stapling is on for the certificate "{leaf.display_name}", which {reason}{demand}: nginx'
            f" ignores it and staples nothing in {servers_in_words(servers)}",
            directive.span if directive is not None else pair.certificate.span,
            "delete ssl_stapling if the CA offers no OCSP; else give nginx the issuer's certificate, behind"
            " the leaf in its file or in ssl_trusted_certificate",
            severity=Severity.ERROR if leaf.must_staple else None,
        )


def _staples(server: VirtualServer) -> bool:
    on = server.setting("ssl_stapling").is_on and server.has_ssl_context
    return on and not server.setting("ssl_stapling_file").value


def _reason(leaf: Certificate, pair: ServerCertificate, server: VirtualServer, ctx: Context) -> str | None:
    """Why nginx ignores stapling, in the order of ngx_ssl_stapling_certificate; None where it does not."""
    if not server.setting("ssl_stapling_responder").value:
        if not leaf.ocsp_urls:
            return "names no OCSP responder"
        if usable_responder(leaf.ocsp_urls) is None:
            return f"names the OCSP responder {leaf.ocsp_urls[0]}, and nginx asks by http:// only"
    if issuer_at_hand(leaf, pair, server, ctx) is False:
        return "stands without that of its issuer in its file and in ssl_trusted_certificate"
    return None
