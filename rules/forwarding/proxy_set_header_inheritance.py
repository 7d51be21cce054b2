"""A location's own proxy_set_header drops the outer ones, and with them the identity of the client.

`proxy_set_header` is inherited only by blocks that have none of their own: a single one in a location, for
`Host` or `Upgrade`, drops all those of the server. A header that carries the client's identity is then not
set any more, and what the client itself sends under that name reaches the backend, which takes it for the
word of nginx. The same goes for `grpc_set_header`, and for `fastcgi_param`, `uwsgi_param` and `scgi_param`
with names that begin with `HTTP_`.

It is fine where the inner block repeats the header or sets it to `""`, and where the client's headers are
not passed on (`proxy_pass_request_headers off;`).

Repeat the outer headers in the inner block, for instance from one included file.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    proxy_set_header X-Client-DN $ssl_client_s_dn;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location /socket {
        proxy_set_header Host $host;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    proxy_set_header X-Client-DN $ssl_client_s_dn;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location /socket {
        proxy_set_header Host        $host;
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header
- RFC 9440 section 2.4
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Forgery,
    Related,
    Severity,
    VirtualServer,
    find_forgeries,
    listed,
    rule,
    witness_of,
)


@rule(
    id="proxy-set-header-inheritance",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9440 2.4",),
    needs=("proxy_set_header", "grpc_set_header", "fastcgi_param", "uwsgi_param", "scgi_param"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each block that drops such headers, with one of the paths on which they are missed."""
    found: dict[tuple[VirtualServer, Directive], list[Forgery]] = {}
    for forgery in find_forgeries(ctx, displaced=True):
        displacing = forgery.path.displacing
        if displacing is None:
            continue
        if forgery.doubt is not None:
            reason = f"whether clients can forge {listed(forgery.names)}: {forgery.doubt}"
            ctx.not_evaluated(displacing.span, reason)
        elif forgery.door is not None:
            found.setdefault((forgery.path.server, displacing), []).append(forgery)
    for (_, displacing), forgeries in found.items():
        forgeries.sort(key=lambda one: not one.by_anyone)
        yield _finding(displacing, forgeries, fragment=configuration.tree.is_fragment)


def _finding(displacing: Directive, forgeries: list[Forgery], *, fragment: bool) -> Finding:
    forgery = forgeries[0]
    names = listed(forgery.names)
    return Finding(
        f"`{displacing.text}` drops every {displacing.name} of the outer block, {names} among them:"
        f" {forgery.path.label} passes on what clients send in {'them' if len(forgery.names) > 1 else 'it'},"
        f" and {forgery.claim}",
        displacing.span,
        f"repeat {names} in this block",
        related=(
            *(Related(one.forwarded.directive.span, "dropped") for one in forgery.carriers),
            *(Related(one.path.directive.span, "passed on without it") for one in forgeries),
        ),
        witness=witness_of(forgery.door),
        confidence=Confidence.LIKELY if fragment else None,
    )
