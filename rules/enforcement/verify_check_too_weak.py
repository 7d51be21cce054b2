"""A check of the client's certificate lets clients without a proper one pass.

With `ssl_verify_client optional` or `optional_no_ca` an `if` has to do the refusing, and only
`$ssl_client_verify != SUCCESS` refuses everybody it should. The variable holds `SUCCESS`, `NONE` when no
certificate was sent, and `FAILED:` with a reason when it did not verify. So

- `= NONE` lets a self-made certificate pass under `optional_no_ca`;
- `= FAILED` is never true, and `!~ FAILED` lets clients without a certificate pass;
- `if ($ssl_client_verify)` is always true with TLS;
- a comparison in the wrong case (`none`) is never true, because `=` tells case apart;
- a map whose default means yes lets everybody pass who is not listed;
- the names in a certificate that nobody verified (`$ssl_client_s_dn`) are what the client wrote into it.

The check is sound, and no finding, where nginx itself refuses such clients before: `= NONE` with `optional`
on a TLS port, for there a certificate that does not verify is answered with 400.

Write `if ($ssl_client_verify != SUCCESS) { return 403; }` at the level of the server.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional_no_ca;
    if ($ssl_client_verify = NONE) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
map $ssl_client_verify $refused {
    default 0;
    FAILED  1;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional;
    if ($refused) {
        return 403;
    }
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
    ssl_verify_client       optional_no_ca;
    if ($ssl_client_s_dn != "CN=partner,O=Example") {
        return 403;
    }
    location / {
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
    if ($ssl_client_verify = NONE) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
map $ssl_client_verify $refused {
    default 1;
    SUCCESS 0;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional_no_ca;
    if ($refused) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_verify
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if
"""

from mtls_lint.api import (
    Cause,
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
    find_openings,
    rule,
    witness_of,
)


@rule(
    id="verify-check-too-weak",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("if",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report the checks that a client passes whom they should refuse, one finding for a check."""
    verify = server.setting("ssl_verify_client")
    for opening in find_openings(ctx.configuration, server, ctx.now).of(Cause.WEAK):
        if opening.check is None:
            continue
        scope = opening.door.served.scope
        told = backend_is_told(ctx.configuration, scope) and not backend_is_misled(ctx.configuration, scope)
        mode = (Related(verify.span, "clients are asked by this"),) if verify.span is not None else ()
        yield Finding(
            f"`if {opening.check.condition}` does not refuse {_who(opening)}: it gets"
            f" {opening.door.served.request.uri}{_meaning(opening)}",
            opening.check.directive.span,
            "write `if ($ssl_client_verify != SUCCESS) { return 403; }`",
            related=(*mode, *behind(opening.door, "served all the same")),
            witness=witness_of(opening.door),
            severity=Severity.WARNING if told else None,
        )


def _who(opening: Opening) -> str:
    certificate = opening.door.certificate
    if certificate is None:
        return "a client without a certificate"
    return f"a client that made its certificate ({certificate.subject}) itself"


def _meaning(opening: Opening) -> str:
    """What $ssl_client_verify holds for that client, which is what the check overlooks."""
    said = opening.door.served.decision.client_verify
    return f" ($ssl_client_verify is `{said}`)" if said else ""
