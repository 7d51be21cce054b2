"""A server certificate has no private key.

nginx pairs `ssl_certificate` and `ssl_certificate_key` by their order: the second certificate belongs to
the second key. With fewer keys than certificates `nginx -t` fails (`no "ssl_certificate_key" is defined for
certificate`), nginx does not start, and a reload keeps the old configuration.

Both directives are inherited each by itself: one `ssl_certificate_key` in a server drops all those of the
http level.

Give each certificate its key, in the same order, at the same level.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
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
# An EC and an RSA certificate, each with its key.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_certificate     /pki/rsa.pem;
    ssl_certificate_key /pki/rsa.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate_key
"""

from mtls_lint.api import Confidence, Context, Finding, Findings, Related, ServerCertificate, Severity, rule


@rule(id="certificate-without-key", severity=Severity.ERROR, since="0.1", needs=("ssl_certificate",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    if pair.key is not None:
        return
    for server in pair.servers:
        keys = server.setting("ssl_certificate_key")
        if keys.unknown is not None or (keys.assumed and server.directive is None):
            reason = (
                keys.unknown.reason if keys.unknown is not None else "the key may stand beside this snippet"
            )
            ctx.not_evaluated(pair.certificate.span, reason)
            continue
        count = len(server.setting("ssl_certificate").directives)
        found = (
            f"there are {count} certificates and only {len(keys.directives)} ssl_certificate_key"
            if keys.is_set
            else "there is no ssl_certificate_key"
        )
        yield Finding(
            f"the certificate {pair.certificate.written} has no key: {found} in server {server.label}, and"
            " nginx refuses to start",
            pair.certificate.span,
            "add its ssl_certificate_key at the same level, in the order of the certificates",
            related=tuple(Related(key.span, "the key of another certificate") for key in keys.directives),
            fatal=True,
            confidence=Confidence.LIKELY if keys.assumed else None,
        )
