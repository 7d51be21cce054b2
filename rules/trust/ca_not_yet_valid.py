"""A CA in the client CA file is not valid yet.

nginx (OpenSSL) checks the dates of every certificate of a chain, the root included: until the CA's first day
each client below it is refused (`certificate is not yet valid`), and `nginx -t` says nothing. Either the file
came early, or the clock of the machine that made the CA, or of this one, is wrong.

Beside other CAs that are valid it can be a planned change of CA; then it harms only clients that already have
certificates of the new one.

Use the CA that is valid now, beside the new one if a change is planned.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-future.pem;
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
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    due_on,
    ends_chain,
    rule,
    servers_in_words,
    why_useless,
)


@rule(
    id="ca-not-yet-valid",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    for certificate in ctx.of_file(trust.reference, _early) or ():
        if trust.may_be_for_stapling and not ends_chain(certificate):
            continue
        stores = [store for server in trust.servers if (store := ctx.client_trust(server)) is not None]
        if stores and all(store.valid_copy(certificate, ctx.now) for store in stores):
            continue  # the old copy of the same CA is used until then
        planned = bool(stores) and all(
            any(anchor.not_before <= ctx.now <= anchor.not_after for anchor in store.anchors)
            for store in stores
        )
        yield Finding(
            f'the CA "{certificate.display_name}" in {trust.reference.written} is not valid before'
            f" {due_on(certificate.not_before, ctx.now)}: until then every client below it is refused by"
            f" {servers_in_words(trust.servers)}",
            trust.reference.span,
            "use the CA that is valid now (beside this one, if a change of CA is planned)",
            severity=Severity.WARNING if planned else Severity.ERROR,
        )


def _early(certificates: tuple[Certificate, ...], ctx: Context) -> list[Certificate]:
    """The CAs that are not valid yet."""
    return [one for one in dict.fromkeys(certificates) if one.not_before > ctx.now and not why_useless(one)]
