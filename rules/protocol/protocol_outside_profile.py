"""A TLS version is spoken that the chosen profile does not allow.

Without `--profile`, and with profiles that say nothing of versions, this rule is silent. A profile such
as `cis-3.0.0` or `mozilla-modern-6.0` allows TLS 1.3 alone, on the side of clients and, where it says so,
towards backends.

What matters is what nginx really speaks: its default counts where nothing is written, and
`ssl_conf_command` has the last word. Versions below TLS 1.2 in `ssl_protocols` and `*_ssl_protocols` are
findings of `tls-legacy-protocol` and `upstream-legacy-protocol`, whatever the profile.

It is fine where the standard grants an exception and somebody has written it down; ignore it with that
reason.

Write the versions that the profile allows.

Bad:

```nginx profile=cis-3.0.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
}
```

Nothing is written, and TLS 1.2 is on by default:

```nginx profile=mozilla-modern-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

```nginx profile=cis-3.0.0
server {
    listen 80;
    location / {
        proxy_pass https://127.0.0.1:8443;
        proxy_ssl_protocols TLSv1.2;
    }
}
```

Good:

```nginx profile=cis-3.0.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols TLSv1.3;
}
```

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols
- the sources of each profile: docs/profiles.md
"""

from mtls_lint.api import (
    LEGACY,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    commanded_protocols,
    in_order,
    listed,
    passes_in_words,
    protocol_words,
    rule,
    spoken_protocols,
    tls_values,
)


@rule(id="protocol-outside-profile", severity=Severity.ERROR, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each value that allows such a version, nginx's default once; then those towards backends."""
    asked = ctx.settings.requirements
    if asked.protocols is not None:
        yield from _clients(frozenset(asked.protocols), ctx)
    if asked.upstream_protocols is not None:
        yield from _backends(frozenset(asked.upstream_protocols), ctx)


def _clients(allowed: frozenset[str], ctx: Context) -> Findings:
    for value in tls_values(ctx, "ssl_protocols"):
        spoken = frozenset[str]().union(
            *(spoken_protocols(server) & commanded_protocols(server) for server in value.servers)
        )
        outside = in_order(spoken - allowed - LEGACY)
        if outside:
            source = "allows" if value.directives else f"is not set, and nginx {ctx.version} allows"
            yield Finding(
                f"`ssl_protocols` {source} {listed(outside)} in {value.whose}, and"
                f" {ctx.settings.requirements.profile} allows {listed(in_order(allowed))} only",
                value.span,
                f"write `ssl_protocols {' '.join(in_order(allowed))};`",
                confidence=value.confidence,
                path=value.path,
            )


def _backends(allowed: frozenset[str], ctx: Context) -> Findings:
    found: dict[tuple[Directive, ...], list[UpstreamPass]] = {}
    for passing in ctx.upstream_passes:
        setting = passing.setting("ssl_protocols")
        if setting.unknown is not None:
            ctx.not_evaluated(passing.span, setting.unknown.reason)
        elif any(target.tls for target in passing.targets):
            key = setting.directives or (passing.directive,)
            found.setdefault(key, []).append(passing)
    for directives, passes in found.items():
        setting = passes[0].setting("ssl_protocols")
        written = protocol_words(setting.words)
        outside = in_order(written - allowed - (LEGACY if setting.directives else frozenset()))
        if not outside:
            continue
        name = passes[0].name_of("ssl_protocols")
        source = "allows" if setting.directives else f"is not set, and nginx {ctx.version} allows"
        yield Finding(
            f"{name} {source} {listed(outside)} towards the backend of {passes_in_words(passes)}, and"
            f" {ctx.settings.requirements.profile} allows {listed(in_order(allowed))} only",
            directives[0].span if setting.directives else passes[0].span,
            f"write `{name} {' '.join(in_order(allowed))};`",
        )
