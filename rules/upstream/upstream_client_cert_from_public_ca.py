"""The client certificate for a backend comes from a CA of the web.

Public CAs stop issuing certificates that a client may use. Let's Encrypt left `clientAuth` out by default
from 2026-02-11 on and leaves it out of all certificates since 2026-07-08; Chrome's root policy (1.8, section
1.3.2) takes only certificates for servers from 2027-03-15 on. The certificate at hand still says
`clientAuth`: its next renewal will not, and the backend will refuse nginx (`unsuitable certificate purpose`).

A backend that trusts a public CA for its clients lets everybody in who has a certificate of that CA.

Have the client certificate issued by a private CA, and let the backend trust that one alone.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/baseline-client.pem;
        proxy_ssl_certificate_key /pki/baseline-client.key;
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
- https://letsencrypt.org/2025/05/14/ending-tls-client-authentication
- https://googlechrome.github.io/chromerootprogram/
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    UpstreamCertificate,
    comes_from_public_ca,
    presented,
    rule,
)


@rule(
    id="upstream-client-cert-from-public-ca",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: UpstreamCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.leaf if chain is not None else None
    if chain is None or leaf is None or not ctx.presenters(pair):
        return
    if "clientAuth" not in (leaf.extended_key_usage or ()):
        return  # upstream-client-cert-wrong-usage
    public = comes_from_public_ca(chain.path)
    if public is False:
        return
    yield Finding(
        f'the certificate "{leaf.display_name}" in {pair.certificate.written}, which {presented(pair)},'
        " comes from a public CA: these stop issuing certificates for clients (Let's Encrypt did in 2026,"
        " Chrome allows none from 2027-03-15 on), and after its next renewal the backend refuses nginx",
        pair.certificate.span,
        "have it issued by a private CA, and let the backend trust that one alone",
        confidence=Confidence.LIKELY if public is None else None,
    )
