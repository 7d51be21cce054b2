"""A directive was removed from nginx.

The chosen nginx does not know the directive any more and refuses to start. That shows at the upgrade, not
before: older versions take it, most of them with a warning.

Delete the directive, or write what replaced it. (`ssl on` has a rule of its own, `ssl-on-removed`.)

Bad:
```nginx version=1.31.3 nginx=no
server {
    listen 80;
    spdy_headers_comp 1;
}
```

Good:
```nginx
server {
    listen 80;
    gzip on;
}
```

References:
- https://nginx.org/en/CHANGES
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule


@rule(id="directive-removed", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report directives that the chosen version has no more."""
    for refused in configuration.refusals.of_kind("removed"):
        name = refused.directive.name
        if name == "ssl":
            continue
        yield Finding(
            f"`{name}` was {refused.detail or 'removed'}: nginx {ctx.version} refuses to start",
            refused.directive.span,
            f"delete `{name}`, or write what replaced it",
            fatal=True,
        )
