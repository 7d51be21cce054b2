"""A header with the client's identity has a second spelling that clients can send.

CGI, PHP, WSGI and Rack turn `X-Client-DN` into `HTTP_X_CLIENT_DN`, and `X_Client_DN` into the same: such a
backend cannot tell the two apart. nginx can, and overwrites the one that `proxy_set_header` names. The
other spelling goes through as the client sends it, and the backend takes it for the identity, joins the
two, or uses the last one.

A name with underscores (`SSL_CLIENT_DN`) always has this gap, because nginx passes `SSL-CLIENT-DN` on. A
name with dashes has it where `underscores_in_headers on;` or `ignore_invalid_headers off;` lets underscores
in. With `ignore_invalid_headers off` alone nginx seldom even overwrites the same name: both reach the
backend.

It is fine for backends that tell dashes from underscores, such as Node.js or Go, and where the second
spelling is set to `""`.

Give such headers names with dashes, and leave underscores in headers off.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_set_header SSL_CLIENT_DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    underscores_in_headers  on;
    location / {
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers
- https://nginx.org/en/docs/http/ngx_http_core_module.html#ignore_invalid_headers
- OWASP ASVS 5.0, 4.1.3
"""

from mtls_lint.api import (
    Alias,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    find_aliases,
    listed,
    rule,
)


@rule(
    id="identity-header-underscore-alias",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.POSSIBLE,
    controls=("OWASP ASVS 5.0 4.1.3",),
    needs=("proxy_set_header",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report each backend with such headers, with the spellings that get past nginx."""
    for alias in find_aliases(ctx):
        if alias.door is not None:
            yield _finding(alias)
        elif alias.doubt is not None:
            reason = f"whether clients can send {listed(alias.spellings)}: {alias.doubt}"
            ctx.not_evaluated(alias.carriers[0].forwarded.directive.span, reason)


def _finding(alias: Alias) -> Finding:
    first = alias.carriers[0].forwarded
    names = listed([one.forwarded.name for one in alias.carriers])
    who = "a client without a certificate" if alias.door and alias.door.certificate is None else "a client"
    span = alias.setting.span if alias.setting is not None else first.directive.span
    return Finding(
        f"{names} {'carry' if len(alias.carriers) > 1 else 'carries'} the client's identity, and"
        f" {alias.path.label} passes {listed(alias.spellings)} on as {who} sends it: a backend that takes"
        " dash and underscore for one (CGI, PHP, WSGI, Rack) goes by that",
        span,
        "use names with dashes, and leave underscores in headers off",
        related=(
            Related(first.directive.span, "set here"),
            Related(alias.path.directive.span, "passed on here"),
            *(Related(directive.span, "set here, too") for directive in alias.others),
        ),
        witness=alias.witness,
    )
