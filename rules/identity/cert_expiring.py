"""A certificate that nginx presents expires soon.

From that day on clients (or the backend, for `proxy_ssl_certificate` and its kin) refuse the connection, and
nginx says nothing about it, neither then nor now. Where certificates are renewed automatically this means
that the renewal does not work, or that nginx was not reloaded after it: the file on disk is what is judged
here, so that the renewal itself is late.

"Soon" is the last third of the lifetime, at most a year, which is when ACME clients renew; `expiry_days`
sets a number of days.

Renew the certificate and reload nginx.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/expiring.pem;
    ssl_certificate_key /pki/expiring.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/expiring-client.pem;
        proxy_ssl_certificate_key /pki/expiring-client.key;
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
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    KeyPair,
    LifetimeState,
    Severity,
    due_on,
    presented,
    refusal,
    rule,
)


@rule(
    id="cert-expiring",
    severity=Severity.WARNING,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if chain is None or leaf is None:
        return
    expiring = [c for c in (leaf, *chain.path[1:]) if ctx.lifetime(c) is LifetimeState.EXPIRING]
    if not expiring or not ctx.presenters(pair):
        return
    for certificate in expiring:
        # An intermediate that outlives the certificate is renewed with it.
        early = not certificate.self_signed and certificate.not_after < leaf.not_after
        if certificate is leaf or early:
            what = "certificate" if certificate is leaf else "intermediate CA"
            yield Finding(
                f'the {what} "{certificate.display_name}" in {pair.certificate.written}, which'
                f" {presented(pair)}, expires on"
                f" {due_on(certificate.not_after, ctx.now)}: from then on {refusal(pair)}",
                pair.certificate.span,
                "renew it before that day and reload nginx",
            )
