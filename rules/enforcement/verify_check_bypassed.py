r"""A check of the client's certificate is not reached by every request it is meant for.

`if`, `return` and `rewrite` work where they stand. A check inside `location /admin` is made for requests that
this very location answers, and for no others: a regular expression (`~ \.php$`), a nested location, which
inherits no `if`, or a longer prefix takes `/admin/x.php` away from it. A check at the level of the server is
skipped when a `rewrite ... last` or `break` before it ends the run. And for the methods that a `limit_except`
block is for, nginx takes that block's settings and runs no `if` of the location around it. Locations tell
`/admin` from `/ADMIN`, which the backend behind both may not: that is a warning.

The same holds for checks of who the client is: with `ssl_verify_client on` everybody whom a trusted CA knows
gets past an `if ($ssl_client_s_dn != ...)` that is not reached.

It is fine when what is served there may be seen by everybody: so files from the disk, and prefixes that are
spelt out, are warnings only.

Put the check at the level of the server, before any `rewrite`, or repeat it in the location that takes the
request.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional;
    location /admin {
        if ($ssl_client_verify != SUCCESS) {
            return 403;
        }
        proxy_pass http://127.0.0.1:8080;
    }
    location ~ \.php$ {
        fastcgi_pass 127.0.0.1:9000;
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
    rewrite ^/old/(.*)$ /new/$1 last;
    if ($ssl_client_verify != SUCCESS) {
        return 403;
    }
    location /old/ {
        proxy_pass http://127.0.0.1:8080;
    }
    location /new/ {
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
    ssl_verify_client       on;
    location /admin {
        if ($ssl_client_s_dn != "CN=alice,O=Acme") {
            return 403;
        }
        proxy_pass http://127.0.0.1:8080;
        location /admin/reports {
            proxy_pass http://127.0.0.1:8080;
        }
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
    location / {
        limit_except GET {
            auth_basic off;
        }
        if ($ssl_client_verify != SUCCESS) {
            return 403;
        }
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
    rewrite ^/old/(.*)$ /new/$1 last;
    location /admin {
        proxy_pass http://127.0.0.1:8080;
    }
    location ~ \.php$ {
        fastcgi_pass 127.0.0.1:9000;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#location
- https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
"""

from mtls_lint.api import (
    Cause,
    Check,
    Confidence,
    Context,
    Finding,
    Findings,
    Location,
    Opening,
    Severity,
    VirtualServer,
    behind,
    find_openings,
    is_inside,
    passes_on,
    rule,
    witness_of,
)


@rule(
    id="verify-check-bypassed",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("if",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report the checks that a request slips by, one finding for a check."""
    for opening in find_openings(ctx.configuration, server, ctx.now).of(Cause.BYPASSED):
        if opening.check is None:
            continue
        served = opening.door.served
        harmless = _spelt_out(opening.check, served.location) or not passes_on(served) or opening.by_case
        asked = f"{served.request.method} {served.request.uri}".removeprefix("GET ")
        yield Finding(
            f"`if {opening.check.condition}` {_where(opening.check)} is not reached by a request for"
            f" {asked}: {_why(opening, opening.check)}, {_then(opening)}",
            opening.check.directive.span,
            "put the check at the level of the server, before any rewrite",
            related=behind(opening.door, "served without the check"),
            witness=witness_of(opening.door),
            severity=Severity.WARNING if harmless else None,
            confidence=_confidence(opening, harmless=harmless),
        )


def _confidence(opening: Opening, *, harmless: bool) -> Confidence | None:
    if opening.by_case:
        return Confidence.POSSIBLE
    return Confidence.LIKELY if harmless else None


def _then(opening: Opening) -> str:
    if opening.by_case:
        return "and a backend that tells no case apart serves the same"
    return f"and {opening.whoever} gets in"


def _where(check: Check) -> str:
    return "of the server" if check.location is None else f"in {_named(check.location)}"


def _why(opening: Opening, check: Check) -> str:
    location = opening.door.served.location
    method = opening.door.served.request.method
    if method != "GET" and location is check.location:
        return f"limit_except is for {method}, and the location's if is not run"
    if check.location is None or location is check.location:
        return "a rewrite or break before it ends the run"
    if location is None:
        return "no location takes it"
    if opening.by_case:
        return f"{_named(location)} takes what is written in other letters"
    if is_inside(location, check.location):
        return f"{_named(location)} inside takes it, and inherits no if"
    return f"{_named(location)} takes it"


def _spelt_out(check: Check, location: Location | None) -> bool:
    """Whether somebody wrote a location for this very address, and so may have meant it to be open."""
    if location is None or check.location is None or is_inside(location, check.location):
        return False
    return location.modifier in {"", "=", "^~"}


def _named(location: Location) -> str:
    return " ".join(filter(None, ("location", location.modifier, location.pattern)))
