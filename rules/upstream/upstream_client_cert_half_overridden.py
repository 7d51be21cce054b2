"""A level replaces only the certificate, or only the key, of a pair that it inherits.

`proxy_ssl_certificate` and `proxy_ssl_certificate_key` are inherited each by itself. A location that sets one
of them, below a level that sets both, has a pair made of two halves: the own certificate with the inherited
key, or the other way round. They hardly ever belong together. With keys of the same kind `nginx -t` fails
(`key values mismatch`); with keys of different kinds nginx starts and presents no certificate at all.

This is said where the files cannot be compared. Where they can, upstream-client-cert-key-mismatch says what
is wrong, and nothing is said of halves that fit (a second certificate for the same key).

Set both in the location.

Bad:
```nginx nginx=no
events {}
http {
    proxy_ssl_certificate     /etc/nginx/tls/client.pem;
    proxy_ssl_certificate_key /etc/nginx/tls/client.key;
    server {
        listen 127.0.0.1:8080;
        location /partner/ {
            proxy_pass https://192.0.2.10;
            proxy_ssl_certificate /etc/nginx/tls/partner.pem;
        }
    }
}
```

Good:
```nginx nginx=no
events {}
http {
    proxy_ssl_certificate     /etc/nginx/tls/client.pem;
    proxy_ssl_certificate_key /etc/nginx/tls/client.key;
    server {
        listen 127.0.0.1:8080;
        location /partner/ {
            proxy_pass https://192.0.2.10;
            proxy_ssl_certificate     /etc/nginx/tls/partner.pem;
            proxy_ssl_certificate_key /etc/nginx/tls/partner.key;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate_key
"""

from mtls_lint.api import (
    Confidence,
    Context,
    FileState,
    Finding,
    Findings,
    Origin,
    Related,
    Setting,
    Severity,
    UpstreamCertificate,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-cert-half-overridden",
    severity=Severity.ERROR,
    since="0.1",
    confidence=Confidence.LIKELY,
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: UpstreamCertificate, ctx: Context) -> Findings:
    for one in pair.passes:
        halves = one.setting("ssl_certificate"), one.setting("ssl_certificate_key")
        origins = {half.origin for half in halves}
        if origins != {Origin.OVERRIDDEN, Origin.INHERITED} or _are_read(pair, ctx):
            continue
        own, inherited = sorted(halves, key=lambda half: half.origin is Origin.INHERITED)
        yield _finding(pair, own, inherited)
        return


def _are_read(pair: UpstreamCertificate, ctx: Context) -> bool:
    """Whether both files can be compared."""
    files = [ctx.file(reference) for reference in (pair.certificate, pair.key) if reference is not None]
    return all(file is not None and file.state is FileState.READ for file in files)


def _finding(pair: UpstreamCertificate, own: Setting, inherited: Setting) -> Finding:
    places = [(inherited.span, f"{inherited.name} is inherited")]
    places += [(outer.span, f"the {own.name} that it belongs to") for outer in own.overrides]
    return Finding(
        f"only {own.name} is set for {passes_in_words(pair.passes)}, and the inherited {inherited.name}"
        f" {inherited.value} belongs to another one: either nginx refuses to start, or it presents no"
        " certificate",
        own.span or pair.certificate.span,
        f"set {inherited.name} here, too",
        tuple(Related(span, label) for span, label in places if span is not None),
    )
