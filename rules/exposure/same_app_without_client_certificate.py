"""Another server hands the same content to clients without a certificate.

One server requires client certificates, and another one passes the same requests to the same backend, or
serves the same files, and asks nobody for a certificate: a second port, an old server block, the default
server, a plain listener. Whoever finds it walks around the requirement. The same is so when the name of the
first server is answered by another one on the same port over IPv6, or on an address of its own: which server
answers then depends on the way the client takes.

Compared are backend addresses (those of an `upstream` count, not its name) together with the URI that
arrives there. A server that only passes other URIs on is not meant, nor one on a loopback address.

It is fine when the backend tells the two ways apart. Where the first server sends it what nginx knows of the
certificate, this is a warning only; where the second one lets clients forge that, it is for
identity-header-not-overwritten to say so.

Require the certificate there too, or pass on only what everybody may have.

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
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen 80;
    server_name old-api.example.com;
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
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen [::]:443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    location / {
        proxy_pass http://127.0.0.1:8081;
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
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen 80;
    server_name www.example.com;
    location /public/ {
        proxy_pass http://127.0.0.1:8081;
    }
    location / {
        return 301 https://$host$request_uri;
    }
}
```

References:
- https://nginx.org/en/docs/http/request_processing.html
- https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
- OWASP ASVS 5.0, 12.1.3
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from msgspec import Struct

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Destination,
    Door,
    Finding,
    Findings,
    Related,
    Served,
    Severity,
    Socket,
    VirtualServer,
    Visitor,
    backend_is_told,
    content_places,
    destination,
    lets_forge,
    listen_span,
    repeats_another,
    rule,
    server_addresses,
    uris_of,
    witness_of,
)

_MOST = 50
"""URIs of protected places to ask an open server for: enough to find one, where there is one."""


class Protected(Struct, frozen=True):
    """A place of a server that clients reach with a certificate only."""

    server: VirtualServer
    served: Served
    destination: Destination | None


class _Places:
    """Protected places by what leads to them: a backend and a URI there, or a name."""

    def __init__(self, protected: Iterable[Protected]) -> None:
        backends: dict[Destination, Protected] = {}
        self._by_name: dict[tuple[str, int], list[Protected]] = {}
        for place in protected:
            there = place.destination
            if there is not None:
                backends.setdefault(Destination(there.addresses, there.uri, ""), place)
            for key in _names(place.server, place.server.tls_sockets):
                self._by_name.setdefault(key, []).append(place)
        self._by_address: dict[str, dict[str, Protected]] = {}
        for there, place in backends.items():
            for address in there.addresses:
                self._by_address.setdefault(address, {}).setdefault(there.uri, place)
        self._uris: dict[frozenset[str], tuple[str, ...]] = {}
        self._behind: dict[tuple[frozenset[str], str], Protected | None] = {}

    def called(self, server: VirtualServer, socket: Socket) -> Protected | None:
        """A place of a server with the same name that is on other sockets with this port."""
        named = (p for name in server.names for p in self._by_name.get((name.text, socket.key.port), ()))
        return next((place for place in named if socket not in place.server.sockets), None)

    def uris(self, addresses: frozenset[str]) -> tuple[str, ...]:
        """Some of the URIs by which these backends are protected; none where they are not."""
        if addresses not in self._uris:
            known = (self._by_address.get(address, ()) for address in addresses)
            self._uris[addresses] = tuple(islice(dict.fromkeys(chain.from_iterable(known)), _MOST))
        return self._uris[addresses]

    def behind(self, addresses: frozenset[str], uri: str) -> Protected | None:
        """A place that leads to one of these backends with this URI."""
        if (addresses, uri) not in self._behind:
            known = (self._by_address.get(address, {}).get(uri) for address in addresses)
            self._behind[addresses, uri] = next(filter(None, known), None)
        return self._behind[addresses, uri]


@rule(
    id="same-app-without-client-certificate",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, once for each socket of an open server, that it serves what another one protects."""
    servers = configuration.servers_of("http")
    open_servers = [server for server in servers if _is_open(server)]
    # Only what the open servers can lead to is worth a decision.
    shown = frozenset[str]().union(*{server_addresses(configuration, server) for server in open_servers})
    called = {key for server in open_servers for key in _names(server, server.sockets)}
    places = _Places(
        place
        for server in servers
        if server.verify_client != "off" and server.tls_sockets
        if not shown.isdisjoint(server_addresses(configuration, server))
        or not called.isdisjoint(_names(server, server.tls_sockets))
        for place in _protected(server, ctx)
    )
    for server in open_servers:
        for socket in server.sockets:
            if not socket.key.is_local and not repeats_another(socket):
                yield from _compare(server, socket, places, ctx)


def _names(server: VirtualServer, sockets: tuple[Socket, ...]) -> Iterator[tuple[str, int]]:
    """The names with the ports they are asked for on."""
    return ((name.text, socket.key.port) for name in server.names for socket in sockets)


def _protected(server: VirtualServer, ctx: Context) -> Iterator[Protected]:
    socket = server.tls_sockets[0]
    known = Visitor(ctx.trusted_client(server))
    everybody = {p.request.uri for p in content_places(ctx.configuration, server, socket, ctx.now)}
    for place in content_places(ctx.configuration, server, socket, ctx.now, known):
        if place.request.uri not in everybody:
            yield Protected(server, place, destination(ctx.configuration, place))


def _is_open(server: VirtualServer) -> bool:
    """Whether it asks nobody, and no other rule says so already."""
    verify = server.setting("ssl_verify_client")
    if verify.lower != "off" or server.setting("ssl_reject_handshake").is_on:
        return False
    overridden = any(outer.args[:1] and outer.args[0].lower() != "off" for outer in verify.overrides)
    return not (server.tls_sockets and (overridden or server.scope.find("ssl_client_certificate")))


def _compare(server: VirtualServer, socket: Socket, places: _Places, ctx: Context) -> Findings:
    called = places.called(server, socket)
    arriving = places.uris(server_addresses(ctx.configuration, server))
    if called is None and not arriving:
        return
    doubt = None
    for place in content_places(
        ctx.configuration, server, socket, ctx.now, uris=(*uris_of(server), *arriving)
    ):
        there = destination(ctx.configuration, place)
        twin = (places.behind(there.addresses, there.uri) if there is not None else None) or called
        if twin is None or twin.server is server:
            continue
        if lets_forge(ctx.configuration, twin.served, place):
            continue  # identity-header-not-overwritten says so, or proxy-set-header-inheritance
        if place.doubts or not server.complete:
            doubt = doubt or (place.doubts[0] if place.doubts else "part of the server is not given")
            continue
        yield _finding(server, Door(socket, place), twin, ctx)
        return
    if doubt is not None:
        reason = f"whether it serves what is protected elsewhere: {doubt}"
        ctx.not_evaluated(listen_span(socket, server), reason)


def _finding(server: VirtualServer, door: Door, twin: Protected, ctx: Context) -> Finding:
    told = backend_is_told(ctx.configuration, twin.served.scope)
    there = destination(ctx.configuration, door.served)
    same = there is not None and twin.destination is not None and twin.destination.same_as(there)
    verify = twin.server.setting("ssl_verify_client").span or twin.server.span
    what = f"serves {there.text}, as {twin.server.label} does" if same and there else "answers the same name"
    return Finding(
        f"{twin.server.label} requires client certificates, but {server.label} on {door.socket.key}"
        f" {what}, and asks nobody for one: everybody gets in",
        listen_span(door.socket, server),
        "require the certificate here too, or leave only what everybody may have",
        related=(
            Related(verify, f"{twin.server.label} asks for certificates"),
            Related(twin.served.span, "served with a certificate only"),
            Related(door.served.span, "served to everybody"),
        ),
        witness=witness_of(door),
        severity=Severity.WARNING if told else None,
        confidence=Confidence.POSSIBLE if told else Confidence.LIKELY,
    )
