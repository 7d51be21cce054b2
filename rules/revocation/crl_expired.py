"""The CRL of a client CA has expired, so that everybody it issued is refused.

When `nextUpdate` of a CRL is past, nginx (OpenSSL) does not go on with the old one: it refuses every client
below that CA (`CRL has expired`), revoked or not, from that second on and without a reload. `nginx -t` says
nothing, and `optional` and `optional_no_ca` refuse whoever presents a certificate in the same way.

Fine: an expired CRL beside a fresh complete one of the same CA. The fresh one is used.

Fetch a fresh CRL, replace the file and reload nginx. nginx reads CRLs when it starts or reloads, never by
itself: a timer should fetch the file, check it and reload, well before each `nextUpdate`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-expired.pem;
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
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-renewed.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- RFC 5280, sections 5.1.2.5 and 6.3.3
- https://docs.openssl.org/3.3/man1/openssl-verification-options/
"""

from mtls_lint.api import (
    CheckedClients,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    LifetimeState,
    RevocationList,
    Severity,
    VerifyError,
    checked_clients,
    crl_files,
    expired_on,
    listed,
    rule,
    servers_in_words,
)


@rule(id="crl-expired", severity=Severity.ERROR, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each expired CRL that keeps somebody out."""
    for crl_file in crl_files(configuration):
        crls = ctx.crls(crl_file.reference) or ()
        expired = [crl for crl in crls if not crl.is_delta and ctx.crl_lifetime(crl) is LifetimeState.EXPIRED]
        fresh = [crl for crl in crls if crl.is_current(ctx.now)]
        expired = [crl for crl in dict.fromkeys(expired) if not any(one.stands_for(crl) for one in fresh)]
        groups = checked_clients(crl_file, ctx) if expired else ()
        for crl in expired:
            judged = _judge(crl, groups, ctx)
            if judged is None:
                continue
            consequence, severity, confidence = judged
            servers = [server for group in groups for server in group.servers] or crl_file.servers
            yield Finding(
                f'the CRL of "{crl.issuer_name}" in {crl_file.reference.written} expired on'
                f" {expired_on(crl.next_update or ctx.now, ctx.now)}: {consequence} by"
                f" {servers_in_words(servers)} (CRL has expired)",
                crl_file.reference.span,
                "fetch a fresh CRL, replace the file and reload nginx; let a timer do so from now on",
                severity=severity,
                confidence=confidence,
            )


def _judge(
    crl: RevocationList, groups: tuple[CheckedClients, ...], ctx: Context
) -> tuple[str, Severity, Confidence | None] | None:
    """Whom it keeps out, how bad and how sure that is; None where they are kept out by something else."""
    older, newer = (
        {
            one.ca
            for group in groups
            for one in group.locked_out(ctx.now, deltas=deltas)
            if one.error is VerifyError.CRL_HAS_EXPIRED
            and one.checked.canonical_issuer == crl.canonical_issuer
        }
        for deltas in (True, False)
    )
    if older | newer:
        names = listed(sorted(f'"{ca.display_name}"' for ca in older | newer))
        sure = None if older == newer else Confidence.LIKELY
        return f"every client of {names} is refused", Severity.ERROR, sure
    if not groups:
        return "every client below that CA is refused", Severity.ERROR, Confidence.LIKELY
    if any(group.knows_issuer(crl) for group in groups):
        return None
    words = "clients below that CA, if some send it along, are refused"
    return words, Severity.WARNING, Confidence.POSSIBLE
