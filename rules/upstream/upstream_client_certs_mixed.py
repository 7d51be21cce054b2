"""Places with different client certificates share their TLS sessions with one backend.

nginx keeps a TLS session with the backend, and the next handshake with it resumes it: that of any other place
that leads to the same `upstream`, or to the same host and port, in whatever location, server or module it
stands. A resumed session belongs to the client certificate it was made with. So a location without a
certificate, or with another one, acts at the backend with the certificate of whichever place connected first,
and nothing in the logs of nginx says so. `proxy_ssl_certificate "";` does not help. Open connections that
`keepalive` keeps in an `upstream` (without `local`, which is from 1.29.7 on) are shared in the same way.

A gateway that speaks for several tenants, each with a certificate of its own, mixes them up; a public
location next to a privileged one gets its rights.

It is fine where the backend resumes no sessions, or does not tell the certificates apart. An address with a
variable in it has no sessions that are kept.

Give each certificate an `upstream` of its own, or set `proxy_ssl_session_reuse off;` in all of these places
(and `keepalive 32 local;` in the `upstream`).

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location /tenant-a/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
    location /tenant-b/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /pki/stranger.pem;
        proxy_ssl_certificate_key /pki/stranger.key;
    }
}
```

Good:
```nginx
upstream tenant-a {
    server 192.0.2.10:8443;
}
upstream tenant-b {
    server 192.0.2.10:8443;
}
server {
    listen 127.0.0.1:8080;
    location /tenant-a/ {
        proxy_pass https://tenant-a;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
    location /tenant-b/ {
        proxy_pass https://tenant-b;
        proxy_ssl_certificate     /pki/stranger.pem;
        proxy_ssl_certificate_key /pki/stranger.key;
    }
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    proxy_ssl_session_reuse off;
    location /tenant-a/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
    location /tenant-b/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /pki/stranger.pem;
        proxy_ssl_certificate_key /pki/stranger.key;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_session_reuse
- https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Sharing,
    UpstreamPass,
    passes_in_words,
    rule,
    sharings,
)


@rule(
    id="upstream-client-certs-mixed",
    severity=Severity.ERROR,
    since="0.1",
    confidence=Confidence.LIKELY,
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each backend once."""
    seen: set[tuple[str, str]] = set()
    for sharing in sharings(ctx.upstream_passes):
        backend = (sharing.passes[0].server.module, sharing.backend)
        known = [one for one in sharing.passes if backend not in seen and _is_known(one, ctx)]
        presenting = next((one for one in known if one.certificate is not None), None)
        others = [one for one in known if presenting and _identity(one) != _identity(presenting)]
        if presenting is not None and others:
            seen.add(backend)
            yield _finding(sharing, presenting, others)


def _is_known(one: UpstreamPass, ctx: Context) -> bool:
    for name in ("ssl_certificate", "ssl_session_reuse"):
        setting = one.setting(name)
        if setting.unknown is not None and not setting.is_set:
            ctx.not_evaluated(one.span, setting.unknown.reason)
            return False
    return True


def _identity(one: UpstreamPass) -> str | None:
    """What tells its client certificate from others; None without one."""
    return (one.certificate.path or one.certificate.written) if one.certificate is not None else None


def _finding(sharing: Sharing, presenting: UpstreamPass, others: list[UpstreamPass]) -> Finding:
    # What has no certificate, and should perhaps have none, comes first.
    first = next((one for one in others if one.certificate is None), others[0])
    forgotten = all(one.certificate is None and not one.setting("ssl_certificate").is_set for one in others)
    shared = "open connections" if sharing.connections else "TLS sessions"
    switch = f"{first.name_of('ssl_session_reuse')} off in all of these places"
    return Finding(
        f"{passes_in_words([first])} ({_words(first)}) and {passes_in_words([presenting])}"
        f" ({_words(presenting)}) share their {shared} with {sharing.backend}: what either hands on goes with"
        " the certificate of the one that connected first",
        first.span,
        "give each certificate an upstream of its own"
        + (", or add `local` to keepalive" if sharing.connections else f", or set {switch}"),
        (
            Related(presenting.span, f"goes with {_words(presenting)}"),
            *(Related(one.span, f"goes with {_words(one)}") for one in others[:6] if one is not first),
        ),
        severity=Severity.WARNING if forgotten else None,
    )


def _words(one: UpstreamPass) -> str:
    return one.certificate.written if one.certificate is not None else "no client certificate"
