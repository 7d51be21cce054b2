"""One place presents a client certificate to a backend, and another place presents none to the same backend.

`proxy_ssl_certificate` stands in one location and was forgotten in another, or another server block. If the
backend requires the certificate, everything below the second one fails (400 where the backend is nginx, else
502). If it does not, the certificate of the first proves nothing.

It is fine where the backend wants a certificate for some of its paths only. Write `proxy_ssl_certificate "";`
(from 1.23.0 on) in the place that presents none, and nothing is said.

Where the two share their TLS sessions, as they do unless that is switched off, upstream-client-certs-mixed
says what that leads to, and nothing is said here.

Set the certificate at a level that both places inherit it from.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    proxy_ssl_session_reuse off;
    location /orders/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
    location /invoices/ {
        proxy_pass https://192.0.2.10:8443;
    }
}
```

Good:
```nginx
server {
    listen 127.0.0.1:8080;
    proxy_ssl_certificate     /pki/client.pem;
    proxy_ssl_certificate_key /pki/client.key;
    location /orders/ {
        proxy_pass https://192.0.2.10:8443;
    }
    location /invoices/ {
        proxy_pass https://192.0.2.10:8443;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
- CIS NGINX Benchmark 3.0.0, 4.1.9
"""

from itertools import chain

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Sharing,
    Target,
    UpstreamPass,
    passes_in_words,
    rule,
    sharings,
)


@rule(
    id="upstream-client-cert-missing-here",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.LIKELY,
    controls=("CIS NGINX 3.0.0 4.1.9",),
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report, once for each backend, the places that present no certificate to it."""
    mixed = {
        one.directive
        for sharing in sharings(ctx.upstream_passes)
        if _presents(sharing)
        for one in sharing.passes
    }
    behind: dict[tuple[Target, ...], frozenset[str]] = {}
    backends: dict[tuple[str, frozenset[str]], list[UpstreamPass]] = {}
    for one in ctx.upstream_passes:
        if not one.tls:
            continue
        if one.targets not in behind:
            behind[one.targets] = frozenset(chain.from_iterable(target.addresses for target in one.targets))
        if behind[one.targets]:
            backends.setdefault((one.server.module, behind[one.targets]), []).append(one)
    for passes in backends.values():
        presenting = [one for one in passes if one.certificate is not None]
        lacking = [one for one in passes if presenting and _presents_none(one, ctx)]
        lacking = [one for one in lacking if one.directive not in mixed]
        if lacking:
            yield _finding(presenting, lacking)


def _presents(sharing: Sharing) -> bool:
    """Whether some place presents a certificate."""
    return any(one.certificate is not None for one in sharing.passes)


def _presents_none(one: UpstreamPass, ctx: Context) -> bool:
    setting = one.setting("ssl_certificate")
    if setting.unknown is not None:
        ctx.not_evaluated(one.span, setting.unknown.reason)
        return False
    # A key without its certificate is upstream-client-key-without-cert.
    return not setting.is_set and one.key is None


def _finding(presenting: list[UpstreamPass], lacking: list[UpstreamPass]) -> Finding:
    certificate = presenting[0].certificate
    named = certificate.written if certificate is not None else "a client certificate"
    places = [Related(one.span, "no certificate is presented here either") for one in lacking[1:6]]
    if certificate is not None:
        places.insert(0, Related(certificate.span, f"presented by {passes_in_words(presenting)}"))
    return Finding(
        f"{passes_in_words(lacking)} presents no client certificate to {lacking[0].written}, and"
        f" {passes_in_words(presenting)} presents {named} to the same backend: if it requires one, what is"
        " handed on here fails",
        lacking[0].span,
        f"set {lacking[0].name_of('ssl_certificate')} and its key here, too, or where both inherit from",
        tuple(places),
    )
