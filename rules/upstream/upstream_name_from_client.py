"""Clients choose the name that the backend's certificate has to have.

`proxy_ssl_name $host` (or `$http_host`, `$ssl_server_name`, a header, an argument) makes nginx look for what
the client wrote into its request. The backend is fixed, its name is not: a certificate for *any* name from
the CAs in `proxy_ssl_trusted_certificate` will do, if only the request asks for that name. Whoever gets in
between, and has a certificate of one of these CAs for a name of his own, sends such a request, and is taken
for the backend. With the CAs of the web in the file that may be everybody: the finding is an error then.

It is fine where nginx answers nothing but names that are written down: a server whose `server_name` has exact
names alone, and which is no default server, gets no others in `$host`.

Write the name of the backend, or `$proxy_host`, which is the host in `proxy_pass`.

Bad:
```nginx
server {
    listen 80 default_server;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                $host;
        proxy_ssl_server_name         on;
    }
}
```

Good:
```nginx
server {
    listen 80 default_server;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
        proxy_ssl_server_name         on;
    }
}
```
```nginx
# Only these two names lead here.
server {
    listen 80 default_server;
    return 444;
}
server {
    listen 80;
    server_name a.example.com b.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                $host;
        proxy_ssl_server_name         on;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_name
- RFC 9525, section 6.1
"""

from mtls_lint.api import (
    Configuration,
    Context,
    ExpectedName,
    Finding,
    Findings,
    NameKind,
    NameSource,
    Related,
    Severity,
    UpstreamPass,
    names_of,
    passes_in_words,
    public_cas,
    rule,
    verifying,
)


@rule(
    id="upstream-name-from-client",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9525 6.1",),
    needs=("proxy_ssl_name", "grpc_ssl_name", "uwsgi_ssl_name"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each `*_ssl_name` that lets a client choose."""
    found: dict[object, list[tuple[UpstreamPass, ExpectedName]]] = {}
    for passing in verifying(ctx):
        for expected in names_of(passing):
            if expected.source is not NameSource.DIRECTIVE or expected.is_known:
                continue
            chosen = set(expected.variables_of_client)
            if chosen and not (chosen == {"host"} and _is_pinned(passing)):
                found.setdefault(expected.span, []).append((passing, expected))
            elif not chosen:
                ctx.not_evaluated(expected.span, f"which name {expected.text} stands for is not known")
    for places in found.values():
        yield _finding(places, ctx)


def _finding(places: list[tuple[UpstreamPass, ExpectedName]], ctx: Context) -> Finding:
    passing, expected = places[0]
    trusted = passing.trusted
    certificates = (ctx.certificates(trusted) if trusted is not None else None) or ()
    public = bool(public_cas(certificates))
    whose = "whoever has a certificate of " + ("a public CA" if public else "these CAs")
    variables = ", ".join(f"${name}" for name in expected.variables_of_client)
    where = passes_in_words([one for one, _ in places])
    return Finding(
        f"{passing.name_of('ssl_name')} lets the client choose ({variables}) which name the certificate of"
        f" {passing.written} has to have, in {where}: {whose} and gets in between is taken for the backend",
        expected.span,
        f"write the backend's own name into {passing.name_of('ssl_name')}",
        (Related(trusted.span, "the CAs"),) if trusted is not None else (),
        severity=Severity.ERROR if public else None,
    )


def _is_pinned(passing: UpstreamPass) -> bool:
    """Whether only names that are written down lead to the server, so that $host is one of them."""
    server = passing.server
    exact = all(name.kind is NameKind.EXACT for name in server.names)
    default = any(socket.default_server is server for socket in server.sockets)
    return bool(server.names) and exact and server.complete and not default
