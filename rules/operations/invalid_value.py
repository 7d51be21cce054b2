"""A directive has a value nginx does not take.

nginx refuses to start: a flag that is neither `on` nor `off`, a word that is not on the directive's list
(`ssl_verify_client require`, `ssl_protocols TLSv1.4`), something that is no number, size or time.

Bad:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      required;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule


@rule(id="invalid-value", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report values that nginx refuses."""
    for refused in configuration.refusals.of_kind("value"):
        remedy = f"allowed: {refused.detail}" if refused.detail else "see the directive's documentation"
        name = str(refused.directive.name)
        text = refused.text if name in refused.text else f"{refused.text} of `{name}`"
        yield Finding(f"{text}: nginx refuses to start", refused.directive.span, remedy, fatal=True)
