"""Client certificates are optional, and nothing checks whether one was sent.

With `optional` a client without a certificate is let through, with `optional_no_ca` also one whose
certificate nobody vouches for: nginx only fills in `$ssl_client_verify`. Unless something in the
configuration looks at it, everybody gets in.

It is fine where the backend decides: then `$ssl_client_verify` or the certificate must reach it in a header,
and this rule only warns, because what the backend does with it is not known here. It is fine for servers
that only redirect.

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
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    backend_is_told,
    behind,
    find_door,
    rule,
    witness_of,
)


@rule(
    id="verify-client-optional-unchecked",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3", "DISA STIG V-278400"),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report servers whose optional check lets a client without a certificate reach content."""
    verify = server.setting("ssl_verify_client")
    if server.module != "http" or verify.directive is None or not verify.lower.startswith("optional"):
        return
    if not server.tls_sockets or server.setting("ssl_reject_handshake").is_on:
        return
    door = find_door(ctx.configuration, server, server.tls_sockets, ctx.now)
    if door is None:
        return
    if door.doubts or not server.complete:
        reason = door.doubts[0] if door.doubts else "part of the server is not given"
        ctx.not_evaluated(verify.directive.span, f"whether something checks $ssl_client_verify: {reason}")
        return
    told = backend_is_told(ctx.configuration, door.served.scope)
    then = (
        "whether it gets in is up to the backend, which is told of the certificate in a header"
        if told
        else "everybody gets in"
    )
    yield Finding(
        f"ssl_verify_client is {verify.lower}, and nothing in nginx refuses a client without a certificate"
        f" that asks for {door.served.request.uri}: {then}",
        verify.directive.arg_span(0),
        "write `ssl_verify_client on;`, or in the server block"
        " `if ($ssl_client_verify != SUCCESS) { return 403; }`",
        related=behind(door, "served without a certificate"),
        witness=witness_of(door),
        severity=Severity.WARNING if told else None,
        confidence=Confidence.POSSIBLE if told else None,
    )
