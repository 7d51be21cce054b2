"""Requests in TLS 1.3 early data can be repeated by anybody, with the identity of the client who sent them.

With `ssl_early_data on` a client that resumes a session may send its request in the first packet, before the
handshake is done. nginx passes it on at once, with the verdict on the certificate that the session holds. But
the server's part of the handshake has no say in these bytes: who records them on the wire can send them again
as long as the session lasts. nginx switches OpenSSL's protection against that off. The backend sees a second
request of the same verified client: a second payment. No key and no certificate is needed for it.

The setting of the *default server* of an address and port counts for all of its servers.

Fine where nothing changes by a request: behind `limit_except GET`, or for files. Fine, too, where the backend
is told: with `proxy_set_header Early-Data $ssl_early_data;` it can answer 425 (Too Early) where a repetition
would matter, and the client sends the request again when the handshake is done. Does yours?

Delete `ssl_early_data on;`, or tell the backend, or refuse in nginx: `if ($ssl_early_data) { return 425; }`.

Bad:

```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_early_data          on;
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
    ssl_early_data          on;
    location / {
        proxy_set_header Early-Data $ssl_early_data;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_early_data
- RFC 8470 sections 3 and 5.2 (Early-Data and 425)
- RFC 9325 section 3.10 (0-RTT only with a profile of the application)
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Location,
    Related,
    Setting,
    Severity,
    Socket,
    Unknown,
    VirtualServer,
    asks,
    example_name,
    fix,
    listed,
    makes_resumable_sessions,
    repeatable_places,
    rule,
    servers_in_words,
    set_word,
)


@rule(
    id="early-data-with-client-certificates",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9325 3.10",),
    needs=("ssl_early_data",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each `ssl_early_data on` once, with the servers and locations that it opens."""
    found: dict[Directive, dict[VirtualServer, list[Location]]] = {}
    for socket in configuration.sockets:
        early = socket.default_server.setting("ssl_early_data")
        if not socket.ssl or socket.module != "http" or not _is_on(early, socket, ctx):
            continue
        for server in socket.servers:
            places = list(repeatable_places(configuration, server)) if asks(server) else []
            if places and early.directive is not None and _resumes(server, socket, ctx):
                found.setdefault(early.directive, {})[server] = places
    for directive, servers in found.items():
        places = [place for group in servers.values() for place in group]
        names = listed(list(dict.fromkeys(place.directive.text for place in places)), 3)
        yield Finding(
            f"`{directive.text}` lets requests of verified clients into {servers_in_words(list(servers))}"
            " before the handshake is done: whoever records one can send it again, and the backend of"
            f" `{names}` takes it for the client's",
            directive.span,
            "delete it, or tell the backend with `proxy_set_header Early-Data $ssl_early_data;` and let it"
            " answer 425, or refuse with `if ($ssl_early_data) { return 425; }`",
            related=tuple(Related(place.span, "passes it on") for place in places[:3]),
            confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
            fix=fix("switch early data off", set_word(directive, 0, "off")),
        )


def _is_on(early: Setting, socket: Socket, ctx: Context) -> bool:
    if early.unknown is not None and any(asks(server) for server in socket.servers):
        ctx.not_evaluated(
            socket.default_server.span, f"whether early data is accepted: {early.unknown.reason}"
        )
        return False
    return early.is_on and ctx.version >= (1, 15, 3)


def _resumes(server: VirtualServer, socket: Socket, ctx: Context) -> bool:
    name = None if server is socket.default_server else example_name(server)
    answer = makes_resumable_sessions(ctx.configuration, socket, name, ctx.file)
    if isinstance(answer, Unknown):
        ctx.not_evaluated(server.span, f"whether sessions are resumed: {answer.reason}")
        return False
    return answer
