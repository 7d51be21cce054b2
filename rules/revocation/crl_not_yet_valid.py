"""The CRL of a client CA counts only from a later day on, so that everybody it issued is refused until then.

OpenSSL refuses every client below a CA whose CRL begins in the future (`CRL is not yet valid`). That happens
when a CRL is made in advance, or by a machine whose clock is wrong. `nginx -t` says nothing.

Fine: a future CRL beside a complete one of the same CA that counts now.

Use the CRL of today; if the dates look right, set the clock of the CA's machine or of this one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-future.pem;
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
- RFC 5280, sections 5.1.2.4 and 6.3.3
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    checked_clients,
    crl_files,
    due_on,
    rule,
    servers_in_words,
)


@rule(id="crl-not-yet-valid", severity=Severity.ERROR, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each CRL of the future that no present one stands in for."""
    for crl_file in crl_files(configuration):
        crls = ctx.crls(crl_file.reference) or ()
        current = [crl for crl in crls if crl.is_current(ctx.now)]
        for crl in dict.fromkeys(crls):
            if crl.is_delta or crl.last_update <= ctx.now or any(one.stands_for(crl) for one in current):
                continue
            groups = checked_clients(crl_file, ctx)
            known = any(group.knows_issuer(crl) for group in groups)
            unused = bool(groups) and not known
            yield Finding(
                f'the CRL of "{crl.issuer_name}" in {crl_file.reference.written} does not count before'
                f" {due_on(crl.last_update, ctx.now)}: until then every client below that CA is refused by"
                f" {servers_in_words(crl_file.servers)} (CRL is not yet valid)",
                crl_file.reference.span,
                "use the CRL of today; if it is, set the clock of the machine that made it, or of this one",
                severity=Severity.WARNING if unused else Severity.ERROR,
                confidence=Confidence.POSSIBLE if unused else None if known else Confidence.LIKELY,
            )
