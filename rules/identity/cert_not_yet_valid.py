"""A certificate that nginx presents is not valid yet.

nginx presents it all the same, and `nginx -t` says nothing: clients, or backends where it is a
`proxy_ssl_certificate`, refuse it until its first day. Either
it was put in place too early, or the clock of the CA, or of this machine, is wrong.

Use the certificate that is valid now until then, or set the clock right.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/future.pem;
    ssl_certificate_key /pki/future.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/future.pem;
        proxy_ssl_certificate_key /pki/future.key;
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

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- RFC 5280, section 4.1.2.5
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
    id="cert-not-yet-valid",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if leaf is None or ctx.lifetime(leaf) is not LifetimeState.NOT_YET_VALID or not ctx.presenters(pair):
        return
    yield Finding(
        f'the certificate "{leaf.display_name}" in {pair.certificate.written}, which'
        f" {presented(pair)}, is not valid before"
        f" {due_on(leaf.not_before, ctx.now)}: until then {refusal(pair)}",
        pair.certificate.span,
        "use the certificate that is valid now until then, or set the clock right",
    )
