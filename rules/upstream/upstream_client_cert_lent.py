"""Everybody who reaches a listener acts with nginx's client certificate at a backend.

nginx presents a client certificate to the backend, and the backend lets nginx in because of it. In front, the
listener asks for nothing: no client certificate, no password, no address. Whoever can connect to it gets what
the certificate opens, without having one: nginx lends its own to anybody.

That is how a "mutual TLS proxy" looks that was made to let programs of this machine speak to a partner, and
that listens on all addresses. A plain listener is a warning. A listener with TLS is a note only, because a
public web site often has a backend that takes requests from this nginx alone (authenticated origin pulls),
and whose application knows its users by other means.

Nothing is said of listeners on loopback addresses and Unix sockets, where clients must have a certificate,
where `auth_basic`, `auth_request` or another module asks who they are, and where `allow` and `deny` let in
some addresses only. Where another server requires certificates for the same content,
same-app-without-client-certificate says so.

Let the listener be for this machine (`listen 127.0.0.1:8080`), or ask clients for a certificate, too.

Bad:
```nginx
server {
    listen 8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```

Good:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```
```nginx
server {
    listen 8443 ssl;
    server_name gateway.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- CWE-441 (unintended proxy, confused deputy)
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Destination,
    Door,
    Finding,
    Findings,
    Related,
    Scope,
    Severity,
    Socket,
    UpstreamPass,
    VirtualServer,
    Visitor,
    asks,
    content_places,
    destination,
    listen_span,
    repeats_another,
    rule,
    server_addresses,
    server_passes,
    witness_of,
)

_ASKING = (
    *("auth_request", "auth_jwt", "auth_oidc", "auth_ldap", "auth_pam", "auth_gss"),
    *("auth_digest", "auth_require", "js_access"),
    *("access_by_lua", "access_by_lua_block", "access_by_lua_file"),
)
"""Directives by which nginx asks clients who they are, or lets a program decide."""


@rule(
    id="upstream-client-cert-lent",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.LIKELY,
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    # Servers that ask, or that were meant to, are those of the family enforcement.
    if asks(server) or server.scope.find("ssl_client_certificate") or server.module == "mail":
        return
    if server.setting("ssl_reject_handshake").is_on:
        return
    passes = server_passes(ctx.configuration, server)
    lending = [one for one in passes if one.tls and one.certificate is not None and one.key is not None]
    for socket in server.sockets if lending else ():
        if socket.key.is_local or repeats_another(socket):
            continue
        found = (
            _of_http(server, socket, lending, ctx)
            if server.module == "http"
            else _of_stream(server, socket, lending, ctx)
        )
        if found is not None:
            yield _finding(server, socket, *found)
            return


def _of_stream(
    server: VirtualServer, socket: Socket, lending: list[UpstreamPass], ctx: Context
) -> tuple[UpstreamPass, None] | None:
    one = next((one for one in lending if not _restricts_addresses(one.scope)), None)
    if one is not None and not server.complete:
        reason = "whether anybody may use nginx's certificate: part of the server is not given"
        ctx.not_evaluated(listen_span(socket, server), reason)
        return None
    return (one, None) if one is not None else None


def _of_http(
    server: VirtualServer, socket: Socket, lending: list[UpstreamPass], ctx: Context
) -> tuple[UpstreamPass, Door] | None:
    """The first place that hands anybody's request on with a certificate."""
    by_place = {(one.directive.span.source, one.directive.span.start): one for one in lending}
    protected = _protected_elsewhere(server, ctx)
    doubt = None
    for place in content_places(ctx.configuration, server, socket, ctx.now):
        one = by_place.get((place.span.source, place.span.start))
        if one is None or _asks_otherwise(place.scope):
            continue
        there = destination(ctx.configuration, place)
        if there is not None and any(other.same_as(there) for other in protected):
            continue  # same-app-without-client-certificate
        if place.doubts or not server.complete:
            doubt = doubt or (place.doubts[0] if place.doubts else "part of the server is not given")
            continue
        return one, Door(socket, place)
    if doubt is not None:
        reason = f"whether anybody may use nginx's certificate: {doubt}"
        ctx.not_evaluated(listen_span(socket, server), reason)
    return None


def _finding(server: VirtualServer, socket: Socket, one: UpstreamPass, door: Door | None) -> Finding:
    written = one.certificate.written if one.certificate is not None else ""
    places = [Related(one.span, "what everybody's requests are handed on by")]
    if one.certificate is not None:
        places.insert(0, Related(one.certificate.span, "the certificate of nginx"))
    return Finding(
        f"everybody who reaches {server.label} on {socket.key} acts with nginx's client certificate {written}"
        f" at {one.written}: the listener asks nobody who they are",
        listen_span(socket, server),
        "listen on a loopback address, or require client certificates or other credentials here, too",
        tuple(places),
        witness_of(door),
        severity=Severity.INFO if socket.ssl else None,
        confidence=Confidence.POSSIBLE if socket.ssl else None,
    )


def _asks_otherwise(scope: Scope) -> bool:
    """Whether clients have to say who they are, or come from certain addresses."""
    settings = map(scope.setting, _ASKING)
    return any(one.is_set and one.lower != "off" for one in settings) or _restricts_addresses(scope)


def _restricts_addresses(scope: Scope) -> bool:
    """Whether nobody gets in but from some addresses; ``allow`` and ``deny`` are inherited together."""
    level: Scope | None = scope
    while level is not None and not level.find("allow") and not level.find("deny"):
        level = level.outer
    rows = [one for one in level.directives if one.name in {"allow", "deny"}] if level is not None else []
    for_all = next((one for one in rows if one.args[:1] == ("all",)), None)
    return for_all is not None and for_all.name == "deny"


def _protected_elsewhere(server: VirtualServer, ctx: Context) -> list[Destination]:
    """What other servers hand on for clients with a certificate, to backends of this one."""
    configuration = ctx.configuration
    own = server_addresses(configuration, server)
    found = []
    for other in configuration.servers_of("http"):
        if other is server or other.verify_client == "off" or not other.tls_sockets:
            continue
        if own & server_addresses(configuration, other):
            known = Visitor(ctx.trusted_client(other))
            places = content_places(configuration, other, other.tls_sockets[0], ctx.now, known)
            found += [there for place in places if (there := destination(configuration, place)) is not None]
    return found
