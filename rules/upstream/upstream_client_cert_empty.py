"""`proxy_ssl_certificate ""` stops this version of nginx.

An empty `proxy_ssl_certificate` (`grpc_`, `uwsgi_`) cancels an inherited certificate: nginx presents none.
That is so from 1.23.0 on. From 1.21.0, where variables came to this directive, to 1.22.1 nginx takes the
empty string for the name of a file: `nginx -t` fails where requests are handed on by TLS, nginx does not
start, and a reload keeps the old configuration.

Set the certificate only at the levels that need it, or use a newer nginx.

Bad:
```nginx version=1.22.1
events {}
http {
    proxy_ssl_certificate     /pki/client.pem;
    proxy_ssl_certificate_key /pki/client.key;
    server {
        listen 127.0.0.1:8080;
        location /public/ {
            proxy_pass https://192.0.2.10;
            proxy_ssl_certificate "";
        }
    }
}
```

Good:
```nginx version=1.31.3
events {}
http {
    proxy_ssl_certificate     /pki/client.pem;
    proxy_ssl_certificate_key /pki/client.key;
    server {
        listen 127.0.0.1:8080;
        location /public/ {
            proxy_pass https://192.0.2.10;
            proxy_ssl_certificate "";
        }
    }
}
```
```nginx version=1.22.1
server {
    listen 127.0.0.1:8080;
    location /public/ {
        proxy_pass https://192.0.2.10;
    }
    location / {
        proxy_pass https://192.0.2.11;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    is_named,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-cert-empty",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each empty directive once."""
    if not (1, 21, 0) <= ctx.version < (1, 23, 0):
        return
    empty: dict[Directive, list[UpstreamPass]] = {}
    for one in ctx.upstream_passes:
        directive = one.setting("ssl_certificate").directive
        if one.prepares_tls and directive is not None and not is_named(directive):
            empty.setdefault(directive, []).append(one)
    for directive, passes in empty.items():
        yield Finding(
            f'{directive.name} "" is the name of a file to nginx {ctx.version}, which refuses to start'
            f" because of {passes_in_words(passes)}: only from 1.23.0 on it cancels an inherited certificate",
            directive.span,
            "set the certificate only where it is to be presented, or use nginx 1.23.0 or newer",
            fatal=True,
        )
