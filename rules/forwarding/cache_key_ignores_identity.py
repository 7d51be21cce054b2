"""Answers to one client are kept in a cache, and served to others.

`proxy_cache` finds an answer again by its key, which is `$scheme$proxy_host$request_uri` unless
`proxy_cache_key` says otherwise. The client's certificate is not part of it. Where the backend is told who
the client is and answers accordingly, the next client that asks for the same URI gets what was meant for
the first one, and the backend is not even asked.

Where another server uses the same zone with the same key, its clients get these answers, too: without a
certificate, if it asks for none. That is an error; the rest is a warning, because backends can forbid to
keep an answer (`Cache-Control: private`, `Set-Cookie`) or let it depend on a header (`Vary`).

It is fine where every client gets the same. Then do not send the backend who it is.

Put the identity into the key (`proxy_cache_key "$scheme$proxy_host$request_uri$ssl_client_fingerprint";`),
or keep nothing where a certificate is needed.

Bad:
```nginx
proxy_cache_path cache keys_zone=app:1m;
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_cache app;
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
proxy_cache_path cache keys_zone=app:1m;
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_cache app;
        proxy_cache_key $scheme$proxy_host$request_uri$ssl_client_fingerprint;
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_key
- RFC 9440 section 2.4 (answers that depend on the certificate are not to be kept for others)
"""

from collections.abc import Iterator

from mtls_lint.api import (
    Cache,
    Confidence,
    Configuration,
    Context,
    Directive,
    Door,
    Finding,
    Findings,
    ForwardingPath,
    Related,
    Severity,
    VirtualServer,
    asks,
    cache_of,
    doors,
    forwarding_paths,
    rule,
    witness_of,
)

_BY_URI = frozenset(
    {"request_uri", "uri", "document_uri", "args", "is_args", "query_string", "request_method"}
)
"""Variables that are the same for the same request to another server."""


@rule(
    id="cache-key-ignores-identity",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9440 2.4",),
    needs=("proxy_cache", "fastcgi_cache", "uwsgi_cache", "scgi_cache"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report caches of paths with identity: those that others get at without a certificate, then the rest."""
    cached = [
        (path, cache)
        for path in forwarding_paths(configuration)
        if (cache := cache_of(configuration, path)) is not None
    ]
    users: dict[tuple[str, str], set[VirtualServer]] = {}
    lookers: dict[tuple[str, str, str], _Lookers] = {}
    for path, cache in cached:
        users.setdefault((cache.zone, cache.key), set()).add(path.server)
        lookers.setdefault(_place(path, cache), _Lookers(ctx, cache)).paths.append((path, cache))
    shown: dict[Directive, None] = {}
    for path, cache in cached:
        if not asks(path.server) or _is_told_apart(path, cache):
            continue
        is_shared = len(users[cache.zone, cache.key]) > 1
        open_path = _served_without(ctx, path, lookers[_place(path, cache)]) if is_shared else None
        if open_path is not None:
            yield _open(path, cache, *open_path)
        elif _tells(path) and cache.directive not in shown:
            yield from _shared(ctx, path, cache)
        shown[cache.directive] = None


def _tells(path: ForwardingPath) -> frozenset[str]:
    """What the backend is told that differs from client to client."""
    required = path.server.verify_client == "on"
    return path.told.facts - {"ssl_client_verify"} if required else path.told.facts


def _is_told_apart(path: ForwardingPath, cache: Cache) -> bool:
    """Whether the key, or what bypasses the cache, tells clients apart as far as the backend does."""
    told = {name for name in cache.sources | cache.bypass if name.startswith("ssl_client_")}
    return bool(told - {"ssl_client_verify"} or (told and _tells(path) <= told))


def _place(path: ForwardingPath, cache: Cache) -> tuple[str, str, str]:
    """Paths with the same one may find each other's answers: zone, key and what that says of the backend."""
    return (cache.zone, cache.key, _host(path.directive) if "proxy_host" in cache.named else "")


class _Lookers:
    """The ``paths`` that look for answers at one place, and who gets there: asked once for all of them."""

    def __init__(self, ctx: Context, cache: Cache) -> None:
        self.paths: list[tuple[ForwardingPath, Cache]] = []
        self._ctx = ctx
        self._by_scheme = "scheme" in cache.named
        self._is_same_for_all = cache.named - _BY_URI <= {"scheme", "proxy_host"}
        self._open: dict[tuple[str, ...], tuple[list[_OpenPath], Iterator[_OpenPath]]] = {}

    def open_paths(self, uris: tuple[str, ...]) -> Iterator["_OpenPath"]:
        """Paths to one of the ``uris`` by which clients without a certificate get there.

        Of the paths to one backend there are two, of two servers: one of them is not the server that asks.
        """
        found, others = self._open.setdefault(uris, ([], self._find(uris)))
        yield from found
        for other in others:
            found.append(other)
            yield other

    def _find(self, uris: tuple[str, ...]) -> Iterator["_OpenPath"]:
        known: dict[frozenset[str], set[VirtualServer]] = {}
        for path, cache in self.paths if self._is_same_for_all else ():
            servers = known.setdefault(path.addresses, set())
            if len(servers) > 1 or path.server in servers:
                continue
            for door in doors(self._ctx, path, uris=uris):
                same = door.served.request.uri in uris and (door.socket.ssl or not self._by_scheme)
                if door.certificate is None and not door.doubts and same:
                    servers.add(path.server)
                    yield path, cache, door
                    break


_OpenPath = tuple[ForwardingPath, Cache, Door]


def _served_without(ctx: Context, path: ForwardingPath, lookers: _Lookers) -> _OpenPath | None:
    """Another path with the same zone and key, and a request without a certificate that goes there."""
    uris = _protected_uris(ctx, path)
    for other, its, door in lookers.open_paths(uris) if uris else ():
        if other.server is path.server:
            continue
        if path.addresses & other.addresses and not path.told.facts:
            continue  # same-app-without-client-certificate says that the backend itself is open
        return other, its, door
    return None


def _host(directive: Directive) -> str:
    return str(directive.args[0]).partition("://")[2].partition("/")[0] if directive.args else ""


def _protected_uris(ctx: Context, path: ForwardingPath) -> tuple[str, ...]:
    """What is served on a path with a certificate only."""
    found = [door for door in doors(ctx, path) if not door.doubts]
    anyone = {door.served.request.uri for door in found if door.certificate is None}
    return tuple(uri for door in found if (uri := door.served.request.uri) not in anyone)


def _open(path: ForwardingPath, cache: Cache, other: ForwardingPath, its: Cache, door: Door) -> Finding:
    return Finding(
        f"{path.label} keeps answers for clients with a certificate in the cache {cache.zone}, and"
        f" {other.label}, which asks nobody for one, looks there with the same key: whoever asks for"
        f" {door.served.request.uri} gets them",
        its.directive.span,
        "give each server a zone of its own, or a key with the server's name",
        related=(
            Related(cache.directive.span, "kept here"),
            Related(door.served.span, "served to everybody"),
        ),
        witness=witness_of(door),
        severity=Severity.ERROR,
        confidence=None if cache.has_times else Confidence.LIKELY,
    )


def _shared(ctx: Context, path: ForwardingPath, cache: Cache) -> Iterator[Finding]:
    doubt = path.doubt
    for door in doors(ctx, path):
        if door.doubts:
            doubt = doubt or door.doubts[0]
            continue
        told = min(_tells(path))
        yield Finding(
            f"the backend is told who the client is (${told}), but its answers are kept under the key"
            f" `{cache.key}`, without the client: what was answered to one is served to the next",
            cache.directive.span,
            "put $ssl_client_fingerprint into the key, or keep nothing where a certificate is needed",
            related=tuple(Related(one.directive.span, "told here") for one in path.identity.values()),
            witness=witness_of(door),
            confidence=Confidence.LIKELY if cache.has_times else Confidence.POSSIBLE,
        )
        return
    if doubt is not None:
        ctx.not_evaluated(cache.directive.span, f"whether answers are served to others: {doubt}")
