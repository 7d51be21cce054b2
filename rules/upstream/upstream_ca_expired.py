"""A CA by which backends are verified has expired, or is not valid yet.

nginx verifies its backends as it verifies clients: OpenSSL looks at the dates of every certificate of the
chain, the root in `proxy_ssl_trusted_certificate` included. From the day it expires no backend below it is
accepted: every request ends with 502, and the log says `upstream SSL certificate verify error:
(10:certificate has expired)`. `nginx -t` says nothing.

It is fine where a renewed certificate for the same name and key stands in the file as well: OpenSSL takes
that one. Where other CAs of the file are in order, backends below those pass, and this is a warning; nothing
is said of a bundle of the web's roots, where some are always old.

Put the CA that issues the backend's certificate today into the file, and reload nginx.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/ca-expired.pem;
        proxy_ssl_name                app.example.com;
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
- RFC 5280, sections 4.1.2.5 and 6.1
"""

from mtls_lint.api import (
    Certificate,
    Configuration,
    Context,
    FileReference,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    checked_upstreams,
    day,
    expired_on,
    is_bundle,
    lets_anybody_in,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-ca-expired",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each CA of such a file whose time is over, or has not come."""
    found: dict[tuple[str, Certificate], list[UpstreamPass]] = {}
    nobody: set[tuple[str, Certificate]] = set()
    spans: dict[tuple[str, Certificate], FileReference] = {}
    for group in checked_upstreams(ctx):
        anybody = lets_anybody_in(group.check, ctx.now)
        if anybody and is_bundle(group.check.store):
            continue
        file = group.reference.path or group.reference.written
        for ca in dict.fromkeys(group.check.store):
            over = not ca.not_before <= ctx.now < ca.not_after
            if not over or not (ca.is_ca or ca.self_signed) or group.check.trust.valid_copy(ca, ctx.now):
                continue
            found.setdefault((file, ca), []).extend(group.passes)
            spans.setdefault((file, ca), group.reference)
            if not anybody:
                nobody.add((file, ca))
    for key, passes in found.items():
        _file, ca = key
        reference = spans[key]
        expired = ca.not_after <= ctx.now
        when = f"expired on {expired_on(ca.not_after, ctx.now)}"
        when = when if expired else f"is not valid before {day(ca.not_before)}"
        who = "no backend passes" if key in nobody else "no backend below it passes"
        yield Finding(
            f'"{ca.display_name}" in {reference.written} {when}: {who} in {passes_in_words(passes)}, and'
            f" requests end with 502 (certificate {'has expired' if expired else 'is not yet valid'})",
            reference.span,
            "put the CA into the file that issues the backend's certificate today, and reload nginx",
            severity=None if key in nobody else Severity.WARNING,
        )
