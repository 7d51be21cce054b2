"""Backends are to be verified, and no file says which CAs to trust: nginx refuses to start.

With `proxy_ssl_verify on` (`grpc_ssl_verify`, `uwsgi_ssl_verify`) nginx wants a file of CAs. It has none of
its own, does not ask the operating system, and stops: `no proxy_ssl_trusted_certificate for
proxy_ssl_verify`. So it does where `proxy_pass` leads to TLS, or holds a variable that may. An empty
`proxy_ssl_trusted_certificate ""` cancels an inherited file, and ends in the same way.

In a part of a configuration the file may be named outside; the finding is likely then, not certain.

Name the file with the CA of the backend.

Bad:
```nginx
events {}
http {
    server {
        listen 80;
        server_name www.example.com;
        location / {
            proxy_pass https://192.0.2.10:8443;
            proxy_ssl_verify on;
        }
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_trusted_certificate
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    UpstreamPass,
    passes_in_words,
    rule,
    verifying,
)


@rule(
    id="upstream-verify-without-trust",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each `*_ssl_verify on` that is in force somewhere without a file of CAs."""
    found: dict[Directive, list[UpstreamPass]] = {}
    for passing in verifying(ctx):
        trusted = passing.setting("ssl_trusted_certificate")
        directive = passing.verify.directive
        if passing.trusted is not None or directive is None:
            continue
        if trusted.unknown is not None:
            ctx.not_evaluated(passing.span, f"{trusted.name} may be set elsewhere: {trusted.unknown.reason}")
        elif passing.tls is None and passing.location is None:
            ctx.not_evaluated(passing.span, "whether TLS is spoken is not known")
        else:
            found.setdefault(directive, []).append(passing)
    for directive, passes in found.items():
        name = passes[0].name_of("ssl_trusted_certificate")
        trusted = passes[0].setting("ssl_trusted_certificate")
        cancelled = trusted.span
        what = f'{name} is ""' if cancelled is not None else f"no {name} is set"
        yield Finding(
            f"{directive.name} is on and {what} for {passes_in_words(passes)}, so that nginx refuses to"
            " start",
            directive.span,
            f"name the file with the backend's CA in {name}",
            (Related(cancelled, "cancels the inherited file"),) if cancelled is not None else (),
            fatal=not trusted.assumed,
            confidence=Confidence.LIKELY if trusted.assumed else None,
        )
