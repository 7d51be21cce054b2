"""A directive is misspelt.

nginx refuses to start at a word it does not know. This rule speaks only where the word is nearly one of
nginx's own directives; a directive of another module is listed as not evaluated, because what it does is not
known here.

Write the directive as it is called.

Bad:
```nginx
server {
    listen 443 ssl;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_verfy_client     on;
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
}
```

References:
- https://nginx.org/en/docs/dirindex.html
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule


@rule(id="unknown-directive", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report misspelt names; names of unknown modules are not evaluated."""
    refusals = configuration.refusals
    for refused in refusals.of_kind("unknown"):
        yield Finding(
            f"nginx has no directive `{refused.directive.name}`: it refuses to start",
            refused.directive.span,
            f"did you mean `{refused.detail}`?",
            fatal=True,
        )
    for directive in refusals.unknown:
        reason = f"`{directive.name}`: it is not one of nginx's own directives, and what it does is not known"
        ctx.not_evaluated(directive.span, reason)
    for directive in refusals.templated:
        if directive.is_templated:
            continue  # said of the template as a whole
        ctx.not_evaluated(directive.span, f"`{directive.name}` is up to a template")
