"""The backend is told a name from a certificate that nobody has verified, and not that it was not.

With `optional_no_ca` nginx lets a certificate pass that no CA vouches for; `$ssl_client_s_dn` and its kin
then hold what the client has written into a certificate of its own making. Only `$ssl_client_verify` tells
it from a good one. A backend that gets the name without that lets everybody in under any name.

Under `optional` that is no danger: a certificate that does not verify is refused, and without a certificate
the name is empty. It is fine, too, where the backend gets the whole certificate and no name: it may check
that itself, as OAuth does with self-signed certificates (RFC 8705).

Write `ssl_verify_client optional;` if a CA vouches for your clients; else send `$ssl_client_verify` along,
and let the backend look at it first.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_verify_client       optional_no_ca;
    location / {
        proxy_set_header X-Client-DN $ssl_client_s_dn;
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
    location / {
        proxy_set_header X-Client-DN     $ssl_client_s_dn;
        proxy_set_header X-Client-Verify $ssl_client_verify;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_verify
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Door,
    Finding,
    Findings,
    Forwarded,
    ForwardingPath,
    Related,
    Severity,
    VirtualServer,
    forwarding_paths,
    listed,
    names_without_verify,
    rule,
    unverified_doors,
    witness_of,
)


@rule(
    id="dn-without-verify-forwarded",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("proxy_set_header", "grpc_set_header", "fastcgi_param", "uwsgi_param", "scgi_param"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, once for a server and a header, that a client writes its own name into it."""
    found: dict[tuple[VirtualServer, Directive], tuple[ForwardingPath, Door]] = {}
    for path in forwarding_paths(configuration):
        unsure = names_without_verify(path.told.facts)
        names = [one for one in path.identity.values() if one.facts & unsure] if unsure else []
        if not names or (path.server, names[0].directive) in found:
            continue
        doubt = path.doubt
        for door in unverified_doors(ctx, path):
            if not door.doubts and path.doubt is None:
                found[path.server, names[0].directive] = path, door
                break
            doubt = doubt or door.doubts[0]
        else:
            if doubt is not None:
                ctx.not_evaluated(names[0].directive.span, f"whether names can be made up: {doubt}")
            continue
        yield _finding(path, names, door)


def _finding(path: ForwardingPath, names: list[Forwarded], door: Door) -> Finding:
    mode = path.server.setting("ssl_verify_client")
    headers = listed([one.name for one in names])
    subject = door.certificate.subject if door.certificate is not None else ""
    return Finding(
        f"{headers} {'tell' if len(names) > 1 else 'tells'} the backend names from certificates that nobody"
        f" has verified, and $ssl_client_verify is not sent: a client that makes its own ({subject}) is"
        " whoever it likes",
        names[0].directive.span,
        "let a CA vouch for clients (`ssl_verify_client optional;`), or send $ssl_client_verify along",
        related=(
            *((Related(mode.span, "no CA has to vouch for clients"),) if mode.span is not None else ()),
            Related(path.directive.span, "sent on here"),
        ),
        witness=witness_of(door),
    )
