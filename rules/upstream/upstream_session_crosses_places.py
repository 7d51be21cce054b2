"""TLS sessions with one backend are shared by places that verify it differently.

nginx keeps the last TLS session with each member of an upstream, and resumes it (`proxy_ssl_session_reuse` is
on by default). All places that lead to the same upstream block, or to the same host and port, share it. A
resumed session is not verified again: it brings the verdict of the place that made it along. Only the name is
compared each time.

- Where both verify, with other CAs, CRLs or another depth, the first one's verdict counts for both: a
  backend that only one of the files of CAs vouches for, or that the other place's CRL revokes, gets through.
- Where one does not verify at all, its sessions are "not verified" for the other one, which answers 502 as
  long as they are resumed.

Write the same settings for all of them (best once, in the `server` or `http` block), or set
`proxy_ssl_session_reuse off;` where the check is the stricter one.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    proxy_ssl_verify              on;
    proxy_ssl_trusted_certificate /pki/root.pem;
    proxy_ssl_name                app.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
    }
    location /orders/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_crl /pki/crl.pem;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    proxy_ssl_verify              on;
    proxy_ssl_trusted_certificate /pki/root.pem;
    proxy_ssl_crl                 /pki/crl.pem;
    proxy_ssl_name                app.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
    }
    location /orders/ {
        proxy_pass https://192.0.2.10:8443;
    }
}
```
```nginx
server {
    listen 80;
    server_name www.example.com;
    proxy_ssl_verify              on;
    proxy_ssl_trusted_certificate /pki/root.pem;
    proxy_ssl_name                app.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
    }
    location /orders/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_crl           /pki/crl.pem;
        proxy_ssl_session_reuse off;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_session_reuse
- https://docs.openssl.org/3.3/man3/SSL_get_verify_result/
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
    id="upstream-session-crosses-places",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each backend whose places part about its verification, once."""
    for sharing in sharings(ctx.upstream_passes):
        pair = None if sharing.connections else next(_pairs(sharing.passes), None)
        if pair is not None:
            # Where both verify they are alike, and the later one is shown.
            one, other = sorted(pair, key=sharing.passes.index) if pair[1].verify.is_on else pair
            yield _finding(sharing.backend, one, other, ctx)


def _pairs(passes: tuple[UpstreamPass, ...]) -> Iterator[tuple[UpstreamPass, UpstreamPass]]:
    """Places that verify, each with one that does not, or does otherwise."""
    strict = [one for one in passes if one.verify.is_on and one.verify.unknown is None]
    return ((one, other) for other in passes for one in strict if parting(one, other, connections=False))


def _finding(backend: str, one: UpstreamPass, other: UpstreamPass, ctx: Context) -> Finding:
    parts = parting(one, other, connections=False)
    if other.verify.is_on:
        consequence = (
            "a session that one of them has made and verified is resumed by the other, whose own CAs, CRLs"
            " and depth are not asked"
        )
    else:
        consequence = (
            f"{one.label} gets sessions that nobody verified, and answers 502 as long as they are resumed"
        )
    return Finding(
        f"{one.label} and {other.label} share the TLS sessions with {backend}, but part about"
        f" {listed(parts)}: {consequence}",
        other.span,
        f"write the same settings for both, or set `{one.name_of('ssl_session_reuse')} off;`",
        (Related(one.span, "the other place"),),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        path=other.server.logical_path,
    )
