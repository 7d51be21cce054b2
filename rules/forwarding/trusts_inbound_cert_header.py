"""Access is decided by a header that any client can send.

`if ($http_x_client_verify != SUCCESS) { return 403; }` goes by the request's header `X-Client-Verify`. That
is right behind a proxy that does TLS and sets the header; but nginx cannot see who has sent it. Whoever
reaches this listener without the proxy writes `SUCCESS` into the header and gets in. The same goes for
headers with a name or a certificate in them (`X-SSL-Client-DN`, `X-Amzn-Mtls-Clientcert-Subject`,
`X-Forwarded-Client-Cert`).

It is fine where nobody else reaches the listener: on loopback, behind `allow` and `deny`, or where nginx
itself asks for the certificate of the proxy.

Let nginx see who has sent the header: a client certificate for the proxy (`ssl_verify_client on;`), or
`allow` with its addresses and `deny all;`. Where nginx does the TLS itself, test `$ssl_client_verify`.

Bad:
```nginx
server {
    listen 80;
    server_name api.example.com;
    if ($http_x_client_verify != SUCCESS) {
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
    ssl_verify_client       on;
    if ($http_x_client_verify != SUCCESS) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 127.0.0.1:8000;
    if ($http_x_client_verify != SUCCESS) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- RFC 9440 section 2.4
- https://nginx.org/en/docs/http/ngx_http_core_module.html#var_http_
- OWASP ASVS 5.0, 4.1.3
"""

from collections.abc import Iterator
from itertools import islice, product

from mtls_lint.api import (
    Confidence,
    Context,
    Door,
    Finding,
    Findings,
    HeaderTest,
    Related,
    Severity,
    VirtualServer,
    Visitor,
    content_places,
    header_tests,
    listed,
    passing_values,
    repeats_another,
    rule,
    witness_of,
)

_MOST = 30
"""Combinations of values to try for one server."""


@rule(
    id="trusts-inbound-cert-header",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9440 2.4", "OWASP ASVS 5.0 4.1.3"),
    needs=("if",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report the first place of a server that opens by such a header, and only by it."""
    if server.module != "http":
        return
    tests = header_tests(ctx.configuration, server)
    doubt = None
    for door in _doors(server, tests, ctx) if tests else ():
        if door.doubts or not server.complete:
            doubt = doubt or (door.doubts[0] if door.doubts else "part of the server is not given")
            continue
        yield _finding(server, tests, door)
        return
    if doubt is not None:
        ctx.not_evaluated(tests[0].directive.span, f"whether a header of the client opens this: {doubt}")


def _doors(server: VirtualServer, tests: tuple[HeaderTest, ...], ctx: Context) -> Iterator[Door]:
    names = sorted({name for test in tests for name in test.variables})
    values = (passing_values(ctx.configuration, server, name) for name in names)
    headers = [name[5:].replace("_", "-").title() for name in names]
    for socket in server.sockets:
        if socket.key.is_local or repeats_another(socket):
            continue
        open_to_all = {p.request.uri for p in content_places(ctx.configuration, server, socket, ctx.now)}
        for combination in islice(product(*values), _MOST):
            visitor = Visitor(headers=tuple(zip(headers, combination, strict=True)))
            for place in content_places(ctx.configuration, server, socket, ctx.now, visitor):
                fenced = "all" in place.scope.setting("deny").words
                if place.request.uri not in open_to_all and not fenced:
                    yield Door(socket, place)


def _finding(server: VirtualServer, tests: tuple[HeaderTest, ...], door: Door) -> Finding:
    judged = {condition.directive for condition in door.served.decision.conditions}
    test = next((test for test in tests if test.directive in judged), tests[0])
    named = listed([f"${name}" for name in sorted(test.variables)])
    condition = " ".join(str(word) for word in test.directive.args)
    return Finding(
        f"`if {condition}` goes by {named}, a header of the request, which any client of {server.label} can"
        " send: whoever writes the right value into it gets in",
        test.directive.span,
        "let only the proxy that sets the header reach this listener (`ssl_verify_client on;` with its CA, or"
        " `allow` and `deny all;`)",
        related=(Related(door.served.span, "served to whoever sends the header"),),
        witness=witness_of(door),
        confidence=Confidence.LIKELY,
    )
