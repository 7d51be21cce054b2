"""TLS versions are left to the default, and the chosen profile wants them written.

Without `--profile`, and with profiles that do not ask for it, this rule is silent. `stig-v1r1` wants
`ssl_protocols` in the configuration: the default is another one in other versions of nginx, and an
upgrade, or a downgrade, changes it without a word.

Write `ssl_protocols TLSv1.2 TLSv1.3;` once, in the `http` block.

Bad:

```nginx profile=stig-v1r1
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

Good:

```nginx profile=stig-v1r1
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols
- DISA F5 NGINX STIG V1R1, V-278381
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, listed, rule, tls_values


@rule(id="protocols-not-written", severity=Severity.ERROR, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report the default once, with all servers that take it."""
    if not ctx.settings.requirements.protocols_written:
        return
    for value in tls_values(ctx, "ssl_protocols"):
        if not value.directives:
            yield Finding(
                f"no `ssl_protocols` is set for {value.whose}, and"
                f" {ctx.settings.requirements.profile} wants it written: nginx {ctx.version} takes"
                f" {listed(value.words)}, other versions something else",
                value.span,
                "write `ssl_protocols TLSv1.2 TLSv1.3;` in the `http` block",
                confidence=value.confidence,
                path=value.path,
            )
