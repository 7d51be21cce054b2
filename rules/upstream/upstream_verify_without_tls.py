"""A backend's certificate is to be verified, but the backend is spoken to without TLS.

`proxy_ssl_verify on` takes effect where `proxy_pass` says `https://`. Behind `http://` (`grpc://`, a plain
`uwsgi_pass`, in stream `proxy_ssl off`) there is no TLS, so that no certificate is asked for and everything
goes in the clear: the line promises what does not happen, and `nginx -t` says nothing.

It is fine where the setting stands in a block around places of both kinds, and takes effect in some of them;
then nothing is said. At the `http` level it is taken for a default, and nothing is said either.

Write `https://` in front of the backend (in stream `proxy_ssl on`), or delete the line.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass http://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
    }
}
```
```nginx
events {}
stream {
    server {
        listen 12345;
        proxy_pass 192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    proxy_ssl_verify              on;
    proxy_ssl_trusted_certificate /pki/root.pem;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_name app.example.com;
    }
    location /status {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_verify
- https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_ssl
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
    listed,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-verify-without-tls",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each `*_ssl_verify on` of a server or location that takes effect nowhere."""
    takers: dict[Directive, list[UpstreamPass]] = {}
    for passing in ctx.upstream_passes:
        directive = passing.verify.directive
        if directive is not None and passing.verify.is_on and not _is_default(configuration, directive):
            takers.setdefault(directive, []).append(passing)
    for directive, passes in takers.items():
        if any(passing.tls is not False for passing in passes):
            continue
        written = listed(tuple(dict.fromkeys(passing.written for passing in passes)), 3)
        first = passes[0]
        local = all(map(_is_local, passes))
        yield Finding(
            f"{directive.name} is on for {written} in {passes_in_words(passes)}, but TLS is not spoken there"
            f" ({_why(first)}): no certificate is verified, and requests go on in the clear",
            directive.span,
            _remedy(first),
            tuple(Related(passing.span, "without TLS") for passing in passes),
            severity=Severity.INFO if local else None,
            confidence=Confidence.LIKELY if configuration.tree.is_fragment else None,
        )


def _is_default(configuration: Configuration, directive: Directive) -> bool:
    """Whether it stands at the level of http or stream."""
    return any(directive in scope.find(directive.name) for scope in configuration.scopes.values())


def _is_local(passing: UpstreamPass) -> bool:
    return all(target.is_here for target in passing.targets)


def _why(passing: UpstreamPass) -> str:
    if passing.location is None:
        return "proxy_ssl is off"
    wanted = {"proxy_": "https://", "grpc_": "grpcs://", "uwsgi_": "suwsgi://"}[passing.prefix]
    return f"{passing.directive.name} does not say {wanted}"


def _remedy(passing: UpstreamPass) -> str:
    if passing.location is None:
        return "write `proxy_ssl on;` where the backend speaks TLS, or delete the line"
    return "let the backend speak TLS and say so in the address, or delete the line"
