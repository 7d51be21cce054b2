"""A directive is newer than the nginx it is meant for.

The chosen nginx (`--nginx-version`) does not know the directive, or not in this place, and refuses to start.

Upgrade nginx, or leave the directive out. A distribution may have added it to an older version: then say so
with an ignore.

Bad:
```nginx version=1.18.0
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
```

Good:
```nginx version=1.22.1
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake
- https://nginx.org/en/CHANGES
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule


@rule(id="directive-too-new", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report directives that the chosen version has not yet; say where the table's knowledge ends."""
    refusals = configuration.refusals
    for refused in refusals.of_kind("too-new"):
        since = refused.detail or "is newer"
        yield Finding(
            f"`{refused.directive.name}` in {refused.context} {since}: nginx {ctx.version} refuses to start "
            f"({refused.text})",
            refused.directive.span,
            f"run nginx {since.removeprefix('appeared in ')} or later, or leave the directive out"
            if refused.detail
            else "leave the directive out",
            fatal=True,
        )
    if ctx.version > refusals.newest and configuration.tree.directives:
        ctx.not_evaluated(
            configuration.tree.directives[0].span,
            f"directives newer than nginx {refusals.newest} are not known here",
        )
