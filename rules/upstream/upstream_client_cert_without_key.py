"""A client certificate for backends has no private key.

`proxy_ssl_certificate` (`grpc_ssl_certificate`, `uwsgi_ssl_certificate`) needs a `proxy_ssl_certificate_key`
of its own module. Without one `nginx -t` fails (`no "proxy_ssl_certificate_key" is defined for certificate`)
as soon as one place hands requests on by TLS with it; with an empty one it fails as well. nginx does not
start, and a reload keeps the old configuration.

Name the key that the certificate was issued for, at the same level.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate /pki/client.pem;
    }
}
```

Good:
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
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate_key
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    UpstreamCertificate,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-cert-without-key",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: UpstreamCertificate, ctx: Context) -> Findings:
    if pair.key is not None:
        return
    first = pair.passes[0]
    key = first.setting("ssl_certificate_key")
    if key.unknown is not None or (key.assumed and first.server.directive is None):
        reason = key.unknown.reason if key.unknown is not None else "the key may stand beside this snippet"
        ctx.not_evaluated(pair.certificate.span, reason)
        return
    lacks = f"its {key.name} is empty" if key.is_set else f"there is no {key.name}"
    yield Finding(
        f"the client certificate {pair.certificate.written} has no key: {lacks} in"
        f" {passes_in_words(pair.passes)}, and nginx refuses to start",
        pair.certificate.span,
        f"add the {key.name} of this certificate at the same level",
        fatal=True,
        confidence=Confidence.LIKELY if key.assumed else None,
    )
