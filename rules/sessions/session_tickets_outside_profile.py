"""Session tickets are on or off against the chosen profile.

Without `--profile`, and with profiles that do not speak of it, this rule is silent. The two versions of
the CIS benchmark contradict each other: 2.1.0 wants `ssl_session_tickets off`, 3.0.0 takes just that for
a finding, because resumption is to work. No configuration passes both.

For mutual TLS the older one is on the safe side: who resumes a session is not verified again, so that a
certificate that was revoked opens doors as long as its ticket is good (`session-outlives-revocation` says
where).

It is fine to ignore this with that reason.

Bad:

```nginx profile=cis-3.0.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_session_tickets off;
}
```

```nginx profile=cis-2.1.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

Good:

```nginx profile=mozilla-modern-6.0
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
    ssl_protocols TLSv1.3;
}
```

```nginx profile=cis-2.1.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_session_tickets off;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_tickets
- CIS NGINX Benchmark 2.1.0, 4.1.12; 3.0.0, 4.1.11
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Severity, rule, tls_values


@rule(id="session-tickets-outside-profile", severity=Severity.WARNING, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each other value, and the default once."""
    wanted = ctx.settings.requirements.session_tickets
    if wanted is None:
        return
    for value in tls_values(ctx, "ssl_session_tickets"):
        on = value.words[-1].lower() == "on"
        if on is not wanted:
            state = "on" if on else "off"
            yield Finding(
                f"session tickets are {state} {'' if value.directives else 'by default '}in {value.whose},"
                f" and {ctx.settings.requirements.profile} wants them {'on' if wanted else 'off'}",
                value.span,
                "delete the line" if wanted else "write `ssl_session_tickets off;`",
                confidence=value.confidence,
                path=value.path,
            )
