"""The certificate demands a stapled OCSP answer, and nginx does not staple.

A certificate with the TLS feature extension (`status_request`, "must-staple") tells clients to refuse it
unless the server sends a fresh OCSP answer along. With `ssl_stapling off`, which is nginx's default, clients
that heed the demand end the handshake; others (curl and `openssl s_client`, for example) do not look, and
tests succeed.

Switch stapling on, with the issuer's certificate at hand; `ssl_stapling_file` has an answer ready for the
first client. Or renew the certificate without must-staple.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/must-staple.pem;
    ssl_certificate_key     /pki/must-staple.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/must-staple.pem;
    ssl_certificate_key     /pki/must-staple.key;
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
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_stapling
- RFC 7633
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    VirtualServer,
    rule,
    servers_in_words,
)


@rule(id="must-staple-without-stapling", severity=Severity.ERROR, since="0.1", needs=("ssl_certificate",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    """Report the certificate with the servers that present it without stapling."""
    leaf = ctx.leaf(pair.certificate) if pair.presenters else None
    if leaf is None or not leaf.must_staple:
        return
    without: list[VirtualServer] = []
    assumed = False
    for server in ctx.presenters(pair):
        stapling = server.setting("ssl_stapling")
        if stapling.is_on:
            continue  # whether that works is stapling-dead
        if stapling.unknown is not None:
            ctx.not_evaluated(pair.certificate.span, f"whether nginx staples: {stapling.unknown.reason}")
            continue
        without.append(server)
        assumed |= stapling.assumed
    if without:
        yield Finding(
            f'the certificate "{leaf.display_name}" demands a stapled OCSP answer (must-staple), and'
            f" ssl_stapling is off in {servers_in_words(without)}: clients that heed the demand refuse it",
            pair.certificate.span,
            "write `ssl_stapling on;` with the issuer's certificate at hand, or renew it without must-staple",
            confidence=Confidence.LIKELY if assumed else None,
        )
