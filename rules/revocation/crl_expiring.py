"""The CRL of a client CA expires soon.

From its `nextUpdate` on every client below the CA is refused at once, and no reload is needed for that to
happen. A CRL that has used up two thirds of its time was usually not fetched when it should have been.

"Soon" is the last third of the time between `lastUpdate` and `nextUpdate`; `expiry_days` can make it shorter,
not longer, because a CRL is made anew every few days. A CRL without `nextUpdate` never expires for OpenSSL,
so that this rule has nothing to say about it (RFC 5280 forbids it, and it hides that the CRL is old).

Fetch a fresh CRL, replace the file and reload nginx.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-expiring.pem;
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
    ssl_crl                 /pki/crl.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- RFC 5280, section 5.1.2.5
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    LifetimeState,
    Severity,
    crl_files,
    due_on,
    rule,
    servers_in_words,
)


@rule(id="crl-expiring", severity=Severity.WARNING, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each CRL in the last third of its time that has no fresher one beside it."""
    for crl_file in crl_files(configuration):
        crls = ctx.crls(crl_file.reference) or ()
        fresh = [crl for crl in crls if ctx.crl_lifetime(crl) is LifetimeState.VALID]
        for crl in dict.fromkeys(crls):
            if crl.is_delta or crl.next_update is None or any(one.stands_for(crl) for one in fresh):
                continue
            if ctx.crl_lifetime(crl) is LifetimeState.EXPIRING:
                yield Finding(
                    f'the CRL of "{crl.issuer_name}" in {crl_file.reference.written} expires on'
                    f" {due_on(crl.next_update, ctx.now)}: from then on every client below that CA is refused"
                    f" by {servers_in_words(crl_file.servers)}",
                    crl_file.reference.span,
                    "fetch a fresh CRL before that moment, replace the file and reload nginx",
                )
