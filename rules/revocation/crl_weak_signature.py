"""A CRL is signed with SHA-1 or MD5.

A signature with SHA-1 or MD5 can be forged, and a CRL usually comes over plain HTTP: whoever forges one can
give nginx an empty list, and revoked clients get in again, or list everybody, and nobody does. OpenSSL's
security level is about certificates; it accepts such a CRL at every level, so that nothing fails and nobody
notices.

Have the CA sign its CRLs with SHA-256 or better. The CA's certificate and key can stay.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/rsa-root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-sha1.pem;
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
    ssl_crl                 /pki/crl.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- RFC 9325, section 4.5
- RFC 9155 (MD5 and SHA-1 are deprecated)
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    crl_files,
    rule,
    weak_digest,
)


@rule(id="crl-weak-signature", severity=Severity.WARNING, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each CRL with a digest that can be forged."""
    for crl_file in crl_files(configuration):
        for crl in dict.fromkeys(ctx.crls(crl_file.reference) or ()):
            name = weak_digest(crl.signature_digest)
            if name is not None:
                yield Finding(
                    f'the CRL of "{crl.issuer_name}" in {crl_file.reference.written} is signed with {name},'
                    " which can be forged: who puts another list in its place decides who is revoked",
                    crl_file.reference.span,
                    "have the CA sign its CRLs with SHA-256 or better; its certificate can stay",
                )
