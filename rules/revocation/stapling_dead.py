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
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    VirtualServer,
    issuer_at_hand,
    listed,
    rule,
    server_certificates,
    servers_in_words,
    usable_responder,
)


@rule(
    id="stapling-dead",
    severity=Severity.WARNING,
    since="0.1",
    controls=("CIS NGINX 3.0.0 4.1.7",),
    needs=("ssl_stapling",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each `ssl_stapling` once for each reason why nginx ignores it for certificates."""
    dead: dict[tuple[Directive, str, bool], list[tuple[Certificate, VirtualServer]]] = {}
    for pair in server_certificates(configuration):
        stapling = [server for server in pair.presenters if _staples(server)]
        leaf = ctx.leaf(pair.certificate) if stapling else None
        if leaf is None:
            continue
        for server in stapling:
            directive = server.setting("ssl_stapling").directive
            reason = _reason(leaf, pair, server, ctx)
            if directive is not None and reason is not None:
                dead.setdefault((directive, reason, leaf.must_staple), []).append((leaf, server))
    for (directive, reason, demanded), found in dead.items():
        names = listed(list(dict.fromkeys(f'"{leaf.display_name}"' for leaf, _ in found)))
        demand = " and demands it (must-staple)" if demanded else ""
        yield Finding(
            f"ssl_stapling is on for the certificate {names}, which {reason}{demand}: nginx ignores it there"
            f" and staples nothing in {servers_in_words([server for _, server in found])}",
            directive.span,
            "delete ssl_stapling if the CA offers no OCSP; else give nginx the issuer's certificate, behind"
            " the leaf in its file or in ssl_trusted_certificate",
            severity=Severity.ERROR if demanded else None,
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
