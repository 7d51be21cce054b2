"""The certificate that nginx presents to a backend may not be used by a client.

A certificate can limit what it is for. If it has an extended key usage without `clientAuth` (a server
certificate, for example), or a key usage that does not allow to sign (`digitalSignature`), nginx presents it
all the same and `nginx -t` says nothing; a backend that requires a client certificate refuses it (`unsuitable
certificate purpose`). Where the backend is nginx, too, every request is answered with 400.

Often the certificate of the web server is used for backends as well. Public CAs put `clientAuth` into their
certificates no longer, so that this breaks with a renewal.

Have a certificate issued with extended key usage `clientAuth` and key usage `digitalSignature`, by the CA
that the backend trusts.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/server.pem;
        proxy_ssl_certificate_key /pki/server.key;
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

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
- RFC 5280, sections 4.2.1.3 and 4.2.1.12
- RFC 9846, section 4.5.1.2
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    UpstreamCertificate,
    presented,
    refusal,
    rule,
)


@rule(
    id="upstream-client-cert-wrong-usage",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9846 4.5.1.2",),
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: UpstreamCertificate, ctx: Context) -> Findings:
    leaf = ctx.leaf(pair.certificate)
    if leaf is None or not ctx.presenters(pair):
        return
    if leaf.malformed:
        ctx.not_evaluated(pair.certificate.span, f"{pair.certificate.written}: {leaf.malformed}")
        return
    for fault in _faults(leaf):
        yield Finding(
            f'the certificate "{leaf.display_name}" in {pair.certificate.written}, which {presented(pair)},'
            f" {fault}: {refusal(pair)}",
            pair.certificate.span,
            "have a certificate issued for a client: extended key usage clientAuth, key usage"
            " digitalSignature",
        )


def _faults(leaf: Certificate) -> list[str]:
    """What OpenSSL refuses in a client's certificate (docs/evidence.md: trust)."""
    faults = []
    extended, usage = leaf.extended_key_usage, leaf.key_usage
    if extended is not None and "clientAuth" not in extended:
        faults.append(f"has the extended key usage {', '.join(sorted(extended))} and not clientAuth")
    if usage is not None and not usage & {"digitalSignature", "keyAgreement"}:
        faults.append(f"has the key usage {', '.join(sorted(usage)) or '(none)'} and not digitalSignature")
    return faults
