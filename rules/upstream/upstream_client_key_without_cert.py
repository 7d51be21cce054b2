"""A key for a client certificate is given, and no certificate: nginx presents none to the backend.

`proxy_ssl_certificate_key` without `proxy_ssl_certificate` is ignored, without a word from nginx: the file is
not even opened. The handshake with the backend is made without a client certificate. A backend that requires
one refuses every request; one that only asks for it takes nginx for a stranger.

Both directives are inherited each by itself, and each of the modules (`proxy_`, `grpc_`, `uwsgi_`) takes its
own only.

It is fine where `proxy_ssl_certificate ""` says that no certificate is to be presented here.

Name the certificate beside its key, or delete the key.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate_key /pki/client.key;
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
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    delete_directive,
    fix,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-key-without-cert",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_ssl_certificate_key", "grpc_ssl_certificate_key", "uwsgi_ssl_certificate_key"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each key once, with the places that lack its certificate."""
    lacking: dict[Directive, list[UpstreamPass]] = {}
    for one in ctx.upstream_passes:
        certificate = one.setting("ssl_certificate")
        if one.tls is False or one.key is None or certificate.is_set:
            continue
        if certificate.unknown is not None or (certificate.assumed and one.server.directive is None):
            beside = "the certificate may stand beside this snippet"
            reason = certificate.unknown.reason if certificate.unknown is not None else beside
            ctx.not_evaluated(one.key.span, reason)
            continue
        lacking.setdefault(one.key.directive, []).append(one)
    for directive, passes in lacking.items():
        unused = all(one in passes for one in ctx.upstream_passes if _has(one, directive))
        key, name = passes[0].key, passes[0].name_of("ssl_certificate")
        assumed = passes[0].setting("ssl_certificate").assumed
        if key is not None:
            mended = fix("delete the key", delete_directive(directive), safe=True)
            yield Finding(
                f"the key {key.written} has no {name} in {passes_in_words(passes)}: nginx ignores it without"
                f" a word, and presents no client certificate to {passes[0].written}",
                key.span,
                f"name the certificate of this key in {name}, or delete the key",
                confidence=Confidence.LIKELY if assumed else None,
                fix=mended if unused and not assumed else None,
            )


def _has(passing: UpstreamPass, key: Directive) -> bool:
    return passing.key is not None and passing.key.directive is key
