"""The order of cipher suites is not the one that the chosen profile asks for.

Without `--profile`, and with profiles that do not speak of it, this rule is silent.
`ssl_prefer_server_ciphers` says whose order counts. Where every suite is good, the client knows best
which of them its machine does fast, and Mozilla's modern and intermediate levels and CIS 3.0.0 leave the
choice to it.

It is hygiene: nobody gets in by it.

Delete the line, or write what the profile asks for.

Bad:

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_prefer_server_ciphers on;
}
```

Good:

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

```nginx profile=cis-3.0.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_prefer_server_ciphers off;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_prefer_server_ciphers
- the sources of each profile: docs/profiles.md
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule, tls_values


@rule(id="cipher-order-outside-profile", severity=Severity.INFO, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each other value once."""
    wanted = ctx.settings.requirements.server_order
    if wanted is None:
        return
    for value in tls_values(ctx, "ssl_prefer_server_ciphers"):
        word = value.words[-1].lower()
        if word != ("on" if wanted else "off"):
            whose = "the server's" if wanted else "the client's"
            yield Finding(
                f"`ssl_prefer_server_ciphers` is {word} in {value.whose}, and"
                f" {ctx.settings.requirements.profile} wants {whose} order to count",
                value.span,
                f"write `ssl_prefer_server_ciphers {'on' if wanted else 'off'};`",
                confidence=value.confidence,
                path=value.path,
            )
