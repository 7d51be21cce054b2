"""A server certificate of a public CA is valid for longer than public CAs may let it be.

The CA/Browser Forum allows 398 days, 200 for certificates that begin on 2026-03-15 or later, 100 from
2027-03-15 and 47 from 2029-03-15. A certificate beyond that was issued by mistake: browsers may refuse it,
and its CA has to revoke it, on short notice.

Certificates of private CAs are not judged: how long they live is up to their owner. Public are those that a
root of the web stands above, by signature. Where the issuer is not at hand, a certificate with one of the
policies that are reserved for public CAs is taken for one: each of theirs has one.

Get a new certificate, by ACME, so that renewal needs nobody.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/baseline-too-long.pem;
    ssl_certificate_key /pki/baseline-too-long.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/baseline.pem;
    ssl_certificate_key /pki/baseline.key;
}
```
```nginx
# Ten years, but of a private CA.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

References:
- CA/Browser Forum, Baseline Requirements for TLS Server Certificates, 6.3.2 and 7.1.6.1
"""

from datetime import timedelta

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Missing,
    ServerCertificate,
    Severity,
    comes_from_public_ca,
    day,
    longest_public_validity,
    rule,
    servers_in_words,
)


@rule(
    id="cert-validity-too-long",
    severity=Severity.WARNING,
    since="0.1",
    controls=("CA/Browser Forum BR 6.3.2",),
    needs=("ssl_certificate",),
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if chain is None or leaf is None or leaf.is_ca:
        return
    limit = longest_public_validity(leaf.not_before)
    validity = leaf.not_after - leaf.not_before  # the last second counts too, but not to browsers
    if limit is None or validity <= limit or not ctx.presenters(pair):
        return
    path = (leaf,) if chain.misplaced_leaf else chain.path
    public = comes_from_public_ca((*path, chain.missing_issuer) if chain.missing_issuer else path)
    if public is False or (public is None and chain.missing is Missing.NO):
        return  # a private root is at hand
    days = -(-validity // timedelta(days=1))
    yield Finding(
        f'the certificate "{leaf.display_name}" in {pair.certificate.written}, which'
        f" {servers_in_words(pair.presenters)} presents, is valid for {days} days,"
        f" and no public CA may issue one for more than {limit.days} that begins on {day(leaf.not_before)}:"
        " browsers may refuse it, and its CA has to revoke it",
        pair.certificate.span,
        "get a new certificate, and have it renewed by ACME",
        confidence=None if public else Confidence.LIKELY,
    )
