"""A CA in the client CA file expires soon.

On that day every client below it is refused at once, whatever its own certificate says, and `nginx -t` keeps
silent. A CA is not renewed in an afternoon: either each client gets a new certificate, or the new CA
certificate for the same key reaches every server before the old one ends.

"Soon" is the last third of its lifetime, at most a year; `expiry_days` sets a number of days.

Put the renewed CA certificate beside the old one in the file, give clients their new certificates, then
remove the old one. With the renewed one for the same key in the file, this rule is silent.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-expiring.pem;
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
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    LifetimeState,
    Severity,
    TrustFile,
    due_on,
    ends_chain,
    rule,
    servers_in_words,
    why_useless,
)


@rule(
    id="ca-expiring",
    severity=Severity.WARNING,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    for certificate in ctx.of_file(trust.reference, _expiring) or ():
        if trust.may_be_for_stapling and not ends_chain(certificate):
            continue
        if _is_replaced(certificate, trust, ctx):
            continue
        yield Finding(
            f'the CA "{certificate.display_name}" in {trust.reference.written} expires on'
            f" {due_on(certificate.not_after, ctx.now)}: from then on every client below it is refused by"
            f" {servers_in_words(trust.servers)}",
            trust.reference.span,
            "put the renewed CA certificate beside it before that day, and reload nginx",
        )


def _expiring(certificates: tuple[Certificate, ...], ctx: Context) -> list[Certificate]:
    """The CAs that expire soon."""
    return [
        certificate
        for certificate in dict.fromkeys(certificates)
        if ctx.lifetime(certificate) is LifetimeState.EXPIRING and not why_useless(certificate)
    ]


def _is_replaced(certificate: Certificate, trust: TrustFile, ctx: Context) -> bool:
    """Whether each server already trusts a copy for the same name and key that is valid for longer."""
    for server in trust.servers:
        store = ctx.client_trust(server)
        if store is None:
            return False
        copy = store.valid_copy(certificate, ctx.now)
        if copy is None or ctx.lifetime(copy) is not LifetimeState.VALID:
            return False
    return True
