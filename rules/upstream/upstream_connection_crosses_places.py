"""A place that verifies its backend uses connections of one that does not.

With `keepalive` in an `upstream` block nginx keeps connections open, and hands them to the next request for
that block, whichever location or server it comes through. A connection is verified when it is opened, by the
settings of the place that opens it, and never again. So a location with `proxy_ssl_verify on` sends its
requests through a connection that another location, without verification, has opened to whoever answered, and
nothing is in the log. The same goes for places that verify with other CAs, CRLs, another depth or another
name: what the first one accepts, all use.

It is fine from nginx 1.29.7 on with `keepalive 32 local;`, and where no requests are kept alive: those of
HTTP/1.0, the default before 1.29.7, and with `Connection: close`.

Write the same settings for all places that lead to the block, best once at the level of `http`, or give those
with settings of their own an upstream block of their own.

Bad:
```nginx
events {}
http {
    upstream app {
        server 192.0.2.10:8443;
        keepalive 16;
    }
    proxy_http_version            1.1;
    proxy_set_header              Connection "";
    proxy_ssl_trusted_certificate /pki/root.pem;
    proxy_ssl_name                app.example.com;
    server {
        listen 80;
        location /orders/ {
            proxy_pass       https://app;
            proxy_ssl_verify on;
        }
        location /status {
            proxy_pass       https://app;
            proxy_ssl_verify off;
        }
    }
}
```

Good:
```nginx
events {}
http {
    upstream app {
        server 192.0.2.10:8443;
        keepalive 16;
    }
    proxy_http_version            1.1;
    proxy_set_header              Connection "";
    proxy_ssl_verify              on;
    proxy_ssl_trusted_certificate /pki/root.pem;
    proxy_ssl_name                app.example.com;
    server {
        listen 80;
        location /orders/ {
            proxy_pass https://app;
        }
        location /status {
            proxy_pass https://app;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_verify
- OWASP ASVS 5.0, 12.3.2
"""

from collections.abc import Iterator

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    UpstreamPass,
    listed,
    parting,
    rule,
    sharings,
)


@rule(
    id="upstream-connection-crosses-places",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.2",),
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each block whose kept connections are verified in one place and used in another."""
    for sharing in sharings(ctx.upstream_passes):
        pairs = sorted(_pairs(sharing.passes), key=lambda pair: pair[1].verify.is_on)
        if pairs and sharing.connections:
            yield _finding(sharing.backend, *pairs[0], ctx)


def _pairs(passes: tuple[UpstreamPass, ...]) -> Iterator[tuple[UpstreamPass, UpstreamPass]]:
    """Places that verify, each with one that does not, or does otherwise."""
    strict = [one for one in passes if one.verify.is_on and one.verify.unknown is None]
    return ((one, other) for one in strict for other in passes if parting(one, other, connections=True))


def _finding(backend: str, one: UpstreamPass, other: UpstreamPass, ctx: Context) -> Finding:
    parts = listed(parting(one, other, connections=True))
    difference = f"verifies it otherwise ({parts})" if other.verify.is_on else "does not verify it"
    return Finding(
        f"{one.label} verifies {backend}, but also uses the connections to it that {other.label} has opened,"
        f" which {difference}: keepalive keeps them for all places, and none is verified again",
        one.span,
        "write the same settings for both, give one of them an upstream block of its own, or (from 1.29.7 on)"
        " add `local` to keepalive",
        (Related(other.span, "opens connections, too"),),
        severity=Severity.WARNING if other.verify.is_on else None,
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        path=one.server.logical_path,
    )
