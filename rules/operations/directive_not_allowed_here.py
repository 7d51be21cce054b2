"""A directive stands where nginx does not allow it.

nginx refuses to start: every directive belongs to certain blocks. The usual case here is client
authentication in a `location`: `ssl_verify_client`, `ssl_client_certificate` and their kin belong to the
whole server, because the certificate is asked for in the TLS handshake, before any URI is known.

To require a certificate for some locations only, write `ssl_verify_client optional;` in the server and
`if ($ssl_client_verify != SUCCESS) { return 403; }` in those locations, or give them a server of their own.

Bad:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    location /private/ {
        ssl_verify_client  on;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    location /private/ {
        return 200 private;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- RFC 9113 section 9.2.3 (no post-handshake authentication over HTTP/2)
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule

_INSIDE_A_SERVER = {"location", "server if", "location if", "limit_except"}


@rule(id="directive-not-allowed-here", severity=Severity.ERROR, since="0.1", controls=("RFC 9113 9.2.3",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report directives in the wrong block, where the block is known for certain."""
    for refused in configuration.refusals.of_kind("context"):
        name = str(refused.directive.name)
        if name == "ssl":  # a finding of ssl-on-removed
            continue
        if not refused.certain:
            reason = f"whether `{name}` is allowed here depends on what these lines are included in"
            ctx.not_evaluated(refused.directive.span, reason)
            continue
        message = f"`{name}` is not allowed in {refused.context}: nginx refuses to start"
        remedy = f"move it to {refused.detail}" if refused.detail else "move it to a block that takes it"
        if name.startswith("ssl_") and refused.context in _INSIDE_A_SERVER:
            block = refused.context.rpartition(" ")[2]
            message = f"{message}; the TLS handshake is over before any {block} is chosen"
            remedy = "write it in the server block; for some locations only, use `optional` and a check there"
        yield Finding(message, refused.directive.span, remedy, fatal=True)
