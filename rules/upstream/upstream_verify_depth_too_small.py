"""The chain of a CA for backends is longer than `proxy_ssl_verify_depth` allows.

The number is that of the intermediates between the backend's certificate and the root; it is 1 unless it is
set. Where the file of CAs holds a chain with more, no certificate of its lowest CA passes: requests end with
502, and the log says `unable to get issuer certificate`, not that the chain is too long.

Set the depth to the number of intermediates.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/two-intermediates-bundle.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_verify_depth        2;
        proxy_ssl_trusted_certificate /pki/two-intermediates-bundle.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_verify_depth
- https://docs.openssl.org/3.3/man3/SSL_CTX_set_verify/ (SSL_CTX_set_verify_depth)
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    barriers,
    checked_upstreams,
    listed,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-verify-depth-too-small",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report a file with a CA that more depth would let pass."""
    for group in checked_upstreams(ctx):
        deep = [one for one in barriers(group.check, group.check.store, ctx.now) if one.needed is not None]
        if not deep:
            continue
        needed = max(one.needed or 0 for one in deep)
        setting = group.passes[0].setting("ssl_verify_depth")
        given = f"is {group.check.depth}" if setting.is_set else f"is {group.check.depth} by default"
        names = listed([f'"{one.ca.display_name}"' for one in deep])
        yield Finding(
            f"{setting.name} {given}, but {needed} intermediates lie between the certificates of {names} in"
            f" {group.reference.written} and their root: backends below pass in none of"
            f" {passes_in_words(group.passes)}, and requests end with 502",
            setting.span or group.reference.span,
            f"set `{setting.name} {needed};`",
            (Related(group.reference.span, "the CAs"),) if setting.span is not None else (),
        )
