"""A client certificate is given for a backend that is spoken to without TLS.

`proxy_ssl_certificate` has a say only where nginx speaks TLS: `proxy_pass https://`, `grpc_pass grpcs://`,
`uwsgi_pass suwsgi://`, and in stream `proxy_ssl on`. With `http://` the request goes to the backend in the
clear, nobody presents or asks for a certificate, and `nginx -t` says nothing.
Whoever wrote the directive believes that the backend knows nginx by it.

Nothing is said where the backend is to be verified as well (upstream-verify-without-tls says that there is no
TLS), and nothing of a certificate that some other place uses over TLS: at the level of `http` it may well be
set for all.

Let the backend speak TLS and write `https://`, or delete the certificate.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass http://192.0.2.10:8443;
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
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```
```nginx
# The certificate is for the partner; the files come from a server of the same machine.
server {
    listen 127.0.0.1:8080;
    proxy_ssl_certificate     /pki/client.pem;
    proxy_ssl_certificate_key /pki/client.key;
    location / {
        proxy_pass https://192.0.2.10:8443;
    }
    location /static/ {
        proxy_pass http://127.0.0.1:8081;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    FileReference,
    Finding,
    Findings,
    Related,
    Severity,
    UpstreamPass,
    listed,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-cert-unused",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each certificate that only places without TLS have."""
    holders: dict[FileReference, list[UpstreamPass]] = {}
    for one in ctx.upstream_passes:
        if one.certificate is not None:
            holders.setdefault(one.certificate, []).append(one)
    for certificate, passes in holders.items():
        # Where it is to be verified, too, upstream-verify-without-tls says that there is no TLS.
        if all(one.tls is False and not _is_to_be_verified(one) for one in passes):
            yield _finding(certificate, passes, ctx)


def _is_to_be_verified(one: UpstreamPass) -> bool:
    """Whether a server or location says so; at the level of http it is taken for a default."""
    levels = one.configuration.scopes.values()
    name = one.verify.name
    return one.verify.is_on and not any(one.verify.directive in level.find(name) for level in levels)


def _finding(certificate: FileReference, passes: list[UpstreamPass], ctx: Context) -> Finding:
    spoken = listed(tuple(dict.fromkeys(one.directive.text for one in passes)), 2)
    how = "proxy_ssl on" if passes[0].location is None else "https:// (or grpcs://)"
    return Finding(
        f"the client certificate {certificate.written} is presented to nobody: what {passes_in_words(passes)}"
        f" hands on goes without TLS ({spoken})",
        certificate.span,
        f"let the backend speak TLS and use {how}, or delete the certificate",
        tuple(Related(one.span, "spoken to without TLS") for one in passes[:5]),
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
    )
