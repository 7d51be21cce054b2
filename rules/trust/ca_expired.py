"""A CA in the client CA file has expired.

nginx (OpenSSL) checks the dates of every certificate of a chain, the root included: when a CA has expired,
each client below it is refused (`certificate has expired`), however long the client's own certificate is
still valid. `nginx -t` says nothing. An expired copy of an intermediate in the file even wins over a renewed
one that the client sends, because the file is searched first.

Fine: an expired CA beside a renewed one for the same name and key in the same trust. OpenSSL takes the valid
one; the old entry is only clutter.

Replace it by the renewed CA certificate, or remove it if no clients of it are left, and reload nginx.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-expired.pem;
    ssl_verify_client       on;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- RFC 5280, sections 4.1.2.5 and 6.1.3
- PCI DSS 4.0.1, requirement 4.2.1
"""

from mtls_lint.api import (
    Certificate,
    ClientTrust,
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    ends_chain,
    expired_on,
    rule,
    servers_in_words,
    why_useless,
)


@rule(
    id="ca-expired",
    severity=Severity.ERROR,
    since="0.1",
    controls=("PCI DSS 4.0.1 4.2.1",),
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    for certificate in ctx.of_file(trust.reference, _expired) or ():
        if trust.may_be_for_stapling and not ends_chain(certificate):
            continue
        stores = [store for server in trust.servers if (store := ctx.client_trust(server)) is not None]
        severity, confidence, consequence = _judge(certificate, trust, stores, ctx)
        yield Finding(
            f'the CA "{certificate.display_name}" in {trust.reference.written} expired on'
            f" {expired_on(certificate.not_after, ctx.now)}: {consequence}",
            trust.reference.span,
            "replace it by the renewed CA certificate, or remove it if none of its clients are left",
            severity=severity,
            confidence=confidence,
        )


def _expired(certificates: tuple[Certificate, ...], ctx: Context) -> list[Certificate]:
    """The CAs that have expired."""
    return [one for one in dict.fromkeys(certificates) if one.not_after < ctx.now and not why_useless(one)]


def _judge(
    certificate: Certificate, trust: TrustFile, stores: list[ClientTrust], ctx: Context
) -> tuple[Severity, Confidence | None, str]:
    if stores and all(store.valid_copy(certificate, ctx.now) for store in stores):
        return Severity.INFO, None, "a renewed one stands beside it and is used instead"
    refused = f"every client below it is refused by {servers_in_words(trust.servers)}"
    if ends_chain(certificate):
        return Severity.ERROR, None if stores else Confidence.LIKELY, refused
    if any(a.not_before <= ctx.now <= a.not_after for store in stores for a in store.anchors):
        # Clients of the root or of another intermediate still get in.
        return Severity.WARNING, Confidence.POSSIBLE, refused
    return Severity.ERROR, Confidence.LIKELY, refused
