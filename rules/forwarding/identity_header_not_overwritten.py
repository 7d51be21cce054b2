"""A header that tells a backend who the client is, is passed on as the client sends it on another path.

One place of the configuration sets `X-Client-DN` from the client's certificate. The backend cannot see
which way a request came: what stands in that header is the client, on every path that leads to it. nginx
passes all headers of a request on that it does not set itself, so each other server, listener and location
that hands requests to the same backend has to set the header, too, or clear it. Where one does not, whoever
gets there writes the name of somebody else into it.

FastCGI, uwsgi and SCGI carry a client's header `X-DN` as `HTTP_X_DN`: a parameter of that name has to be
set everywhere, too. A name without `HTTP_` in front, such as `SSL_CLIENT_S_DN`, cannot be forged by a
header.

It is a warning only where other URIs arrive at the backend by the open path: then it depends on what the
backend does with the header there. It is fine where the header is set to a fixed text or to `""`, where
nobody gets content, and on loopback addresses.

Set the header on every path to the backend: to the same variable, which is empty without a certificate and
then removes the client's header, or to `""`. Better still, give the backend a port of its own for what
comes without a certificate.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen 80;
    server_name intern.example.com;
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
    ssl_verify_client       on;
    location / {
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
    location /reports/ {
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
    location /reports/ {
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen 80;
    server_name intern.example.com;
    location / {
        proxy_set_header X-Client-DN "";
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- RFC 9440 section 2.4 (a proxy removes or overwrites such headers, also where it authenticates nobody)
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header
- OWASP ASVS 5.0, 4.1.3
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Fate,
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
    id="identity-header-not-overwritten",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9440 2.4", "OWASP ASVS 5.0 4.1.3"),
    needs=("proxy_set_header", "grpc_set_header", "fastcgi_param", "uwsgi_param", "scgi_param"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each server with a path that passes such headers on, with its most telling path."""
    found: dict[tuple[VirtualServer, frozenset[str]], list[Forgery]] = {}
    for forgery in find_forgeries(ctx, displaced=False):
        if forgery.doubt is not None:
            reason = f"whether clients can forge {listed(forgery.names)}: {forgery.doubt}"
            ctx.not_evaluated(forgery.path.directive.span, reason)
        elif forgery.door is not None:
            key = forgery.path.server, frozenset(one.key for one in forgery.carriers)
            found.setdefault(key, []).append(forgery)
    for forgeries in found.values():
        forgeries.sort(key=lambda one: (not one.same_uri, not one.by_anyone))
        yield _finding(forgeries[0], forgeries[1:], fragment=configuration.tree.is_fragment)


def _finding(forgery: Forgery, others: list[Forgery], *, fragment: bool) -> Finding:
    path, carrier = forgery.path, forgery.carriers[0]
    given = path.forwarded.get(carrier.key)
    many = len(forgery.names) > 1
    told = f"{listed(forgery.names)} {'tell' if many else 'tells'} {listed(sorted(path.addresses))}"
    elsewhere = "" if forgery.same_uri else ", if it goes by that there, too"
    passes = given is not None and given.fate is Fate.CLIENT
    return Finding(
        f"{told} who the client is, but {path.label} passes on what clients write into"
        f" {'them' if many else 'it'}: {forgery.claim}{elsewhere}",
        given.directive.span if passes and given is not None else path.directive.span,
        f'set {listed(forgery.names)} on this path, too, to the same value or to `""`',
        related=(
            *(Related(one.forwarded.directive.span, "set here, on another path") for one in forgery.carriers),
            *(Related(one.path.directive.span, "passed on here, too") for one in others),
        ),
        witness=witness_of(forgery.door),
        severity=None if forgery.same_uri else Severity.WARNING,
        confidence=Confidence.LIKELY if fragment or not forgery.same_uri else None,
    )
