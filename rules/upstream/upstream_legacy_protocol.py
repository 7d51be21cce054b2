"""nginx may speak TLS versions below 1.2 with a backend.

`proxy_ssl_protocols` names SSLv3, TLS 1.0 or TLS 1.1, which RFC 8996 and RFC 9325 forbid. nginx offers the
highest version that both sides have, so that this is a weakness only with a backend that has nothing better,
or with somebody in between. With OpenSSL 3 those versions are not spoken at all unless the cipher string sets
`@SECLEVEL=0`: where no newer one is named, every connection to the backend fails, and that is an error.

Nothing is said of nginx's defaults, which had TLS 1.0 and 1.1 before 1.27.3.

Write `proxy_ssl_protocols TLSv1.2 TLSv1.3;`.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_protocols           TLSv1 TLSv1.2;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
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
        proxy_ssl_protocols           TLSv1.2 TLSv1.3;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_protocols
- RFC 8996 (Deprecating TLS 1.0 and TLS 1.1), RFC 9325 section 3.1.1
"""

from mtls_lint.api import (
    LEGACY,
    SSL,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    in_order,
    listed,
    passes_in_words,
    protocol_words,
    rule,
)


@rule(
    id="upstream-legacy-protocol",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9325 3.1.1",),
    needs=("proxy_ssl_protocols", "grpc_ssl_protocols", "uwsgi_ssl_protocols"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each value of `*_ssl_protocols` with an old version that is in force towards a backend."""
    found: dict[tuple[Directive, ...], list[UpstreamPass]] = {}
    for passing in ctx.upstream_passes:
        directives = passing.setting("ssl_protocols").directives
        if directives and any(target.tls for target in passing.targets):
            found.setdefault(directives, []).append(passing)
    for directives, passes in found.items():
        named = protocol_words(word for directive in directives for word in directive.args)
        old = in_order(named & LEGACY)
        if not old:
            continue
        shown = next(one for one in directives if protocol_words(one.args) & LEGACY)
        lowest = 0 in {passing.security_level for passing in passes}
        dead = named <= (SSL if lowest else LEGACY)
        consequence = (
            "OpenSSL 3 speaks none of these, so that every connection fails"
            if dead
            else "a backend, or somebody in between, may bring the connection down to "
            + ("them" if lowest else "them where OpenSSL is older than 3")
        )
        yield Finding(
            f"{shown.name} allows {listed(old)} towards the backend of {passes_in_words(passes)}:"
            f" {consequence}",
            shown.span,
            f"write `{shown.name} TLSv1.2 TLSv1.3;`",
            severity=Severity.ERROR if dead else None,
        )
