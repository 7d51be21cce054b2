"""A certificate that nginx presents, or an intermediate sent with it, has expired.

nginx presents it all the same, and `nginx -t` says nothing: it is the clients that end the handshake. For a
webhook or an API partner that is an outage until somebody looks. The client certificate that nginx presents
to a backend (`proxy_ssl_certificate` ...) is refused by the backend, and every request that is handed on
fails: with 502, or with the backend's own error, which nginx passes on (400 where the backend is nginx).

An expired intermediate breaks the chain for clients that have no newer copy of it.

Renew the certificate, put the new file in place and reload nginx: it reads certificates only then.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/expired.pem;
    ssl_certificate_key /pki/expired.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/expired-client.pem;
        proxy_ssl_certificate_key /pki/expired-client.key;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- RFC 5280, section 4.1.2.5
- PCI DSS 4.0.1, requirement 4.2.1
- CIS NGINX Benchmark 3.0.0, 4.1.2
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    Finding,
    Findings,
    KeyPair,
    LifetimeState,
    Severity,
    expired_on,
    presented,
    refusal,
    rule,
)


@rule(
    id="cert-expired",
    severity=Severity.ERROR,
    since="0.1",
    controls=("PCI DSS 4.0.1 4.2.1", "CIS NGINX 3.0.0 4.1.2"),
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if chain is None or leaf is None:
        return
    expired = [c for c in (leaf, *chain.path[1:]) if ctx.lifetime(c) is LifetimeState.EXPIRED]
    if not expired or not ctx.presenters(pair):
        return
    where = f"in {pair.certificate.written}, which {presented(pair)},"
    if leaf in expired:
        yield Finding(
            f'the certificate "{leaf.display_name}" {where} expired on {expired_on(leaf.not_after, ctx.now)}:'
            f" {refusal(pair)}",
            pair.certificate.span,
            "renew the certificate and reload nginx",
        )
    for intermediate in chain.path[1:]:
        if intermediate in expired and not _replaced(intermediate, pair, ctx):
            yield Finding(
                f'the intermediate CA "{intermediate.display_name}" {where} expired on'
                f" {expired_on(intermediate.not_after, ctx.now)}: whoever has no newer copy refuses the"
                " connection",
                pair.certificate.span,
                "put the current intermediate of the CA into the file and reload nginx",
                confidence=Confidence.LIKELY,
            )


def _replaced(certificate: Certificate, pair: KeyPair, ctx: Context) -> bool:
    """Whether clients need not mind: a root, or another copy for the same name and key is in the file."""
    return certificate.self_signed or any(
        other.canonical_subject == certificate.canonical_subject
        and other.public_key == certificate.public_key
        and ctx.lifetime(other) in {LifetimeState.VALID, LifetimeState.EXPIRING}
        for other in ctx.certificates(pair.certificate) or ()
    )
