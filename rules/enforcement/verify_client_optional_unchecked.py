"""Client certificates are optional, and nothing checks whether one was sent.

With `optional` a client without a certificate is let through, with `optional_no_ca` also one whose
certificate nobody vouches for: nginx only fills in `$ssl_client_verify`. Unless something in the
configuration looks at it, everybody gets in.

It is fine where the backend decides: then `$ssl_client_verify` or the certificate must reach it in a header,
and this rule only warns, because what the backend does with it is not known here. It is fine for servers
that only redirect.

It is fine, too, to leave some locations open on purpose while others check: that is a warning, for nobody
but you knows what is meant. A server of its own, with `ssl_verify_client on;`, says it better.

Write `ssl_verify_client on;`, or refuse at the server level, where no location can slip by:
`if ($ssl_client_verify != SUCCESS) { return 403; }`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional;
    location /admin {
        if ($ssl_client_verify != SUCCESS) { return 403; }
        proxy_pass http://127.0.0.1:8080;
    }
    location /api/ {
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
    ssl_verify_client       optional;
    if ($ssl_client_verify != SUCCESS) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_verify
- RFC 9846 section 4.5.1.2 (a server may go on when the client sends no certificate)
"""

from mtls_lint.api import (
    Cause,
    Confidence,
    Context,
    Finding,
    Findings,
    Opening,
    Related,
    Severity,
    VirtualServer,
    backend_is_misled,
    backend_is_told,
    behind,
    client_checks,
    find_openings,
    fix,
    rule,
    set_word,
    witness_of,
)


@rule(
    id="verify-client-optional-unchecked",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3", "DISA STIG V-278400"),
    needs=("ssl_verify_client",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report servers whose optional check lets a client without a proper certificate reach content."""
    verify = server.setting("ssl_verify_client")
    if verify.directive is None or not verify.lower.startswith("optional"):
        return
    openings = find_openings(ctx.configuration, server, ctx.now)
    opening = next(openings.of(Cause.UNCHECKED, Cause.ELSEWHERE), None)
    if opening is None:
        if openings.doubt is not None:
            reason = f"whether something checks $ssl_client_verify: {openings.doubt}"
            ctx.not_evaluated(verify.directive.span, reason)
        return
    served = opening.door.served
    if verify.lower == "optional_no_ca" and backend_is_misled(ctx.configuration, served.scope):
        return  # dn-without-verify-forwarded says what a client can make of that
    asked = f"a client without a certificate that asks for {served.request.uri}"
    elsewhere = opening.cause is Cause.ELSEWHERE
    told = backend_is_told(ctx.configuration, served.scope)
    plain = not told and not elsewhere and verify.lower == "optional"
    own = verify.directive in server.scope.directives  # further out it is meant for others, too
    required = fix("require a client certificate", set_word(verify.directive, 0, "on"))
    nothing = "no check of this server refuses" if elsewhere else "nothing in nginx refuses"
    yield Finding(
        f"ssl_verify_client is {verify.lower}, and {nothing} {asked}: {_then(opening, told=told)}",
        verify.directive.arg_span(0),
        "write `ssl_verify_client on;`, or in the server block"
        " `if ($ssl_client_verify != SUCCESS) { return 403; }`",
        related=(*behind(opening.door, "served without a certificate"), *_checks(server, ctx)),
        witness=witness_of(opening.door),
        severity=Severity.WARNING if told or elsewhere else None,
        confidence=Confidence.POSSIBLE if told else Confidence.LIKELY if elsewhere else None,
        fix=required if plain and own else None,
    )


def _then(opening: Opening, *, told: bool) -> str:
    if told:
        return "whether it gets in is up to the backend, which is told of the certificate in a header"
    if opening.cause is Cause.ELSEWHERE:
        return "everybody gets in there"
    return "everybody gets in"


def _checks(server: VirtualServer, ctx: Context) -> tuple[Related, ...]:
    checks = client_checks(ctx.configuration, server)
    return tuple(Related(c.directive.span, "this check is for other requests") for c in checks if c.refuses)
