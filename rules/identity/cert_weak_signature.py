"""A server certificate, or an intermediate sent with it, is signed with SHA-1 or MD5.

Such signatures can be forged, and clients refuse them. OpenSSL from security level 1 on (the usual level is
2) does not even load such a certificate (`ca md too weak`): `nginx -t` fails and nginx does not start. With
`@SECLEVEL=0` in `ssl_ciphers` nginx starts, and clients decide.

Fine: the signature of a self-signed certificate. It proves nothing, and OpenSSL does not rate it.

Have the certificate issued again with SHA-256 or better.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/sha1.pem;
    ssl_certificate_key /pki/sha1.key;
}
```
```nginx
# Security level 0 lets nginx start; the signature stays weak.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/sha1.pem;
    ssl_certificate_key /pki/sha1.key;
    ssl_ciphers         HIGH:!aNULL:@SECLEVEL=0;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/sha1.pem;
        proxy_ssl_certificate_key /pki/sha1.key;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/rsa.pem;
    ssl_certificate_key /pki/rsa.key;
}
```

References:
- RFC 9325, section 4.5
- RFC 9155 (MD5 and SHA-1 are deprecated)
- https://docs.openssl.org/3.3/man3/SSL_CTX_set_security_level/
"""

from mtls_lint.api import (
    LEVEL_BITS,
    Context,
    Finding,
    Findings,
    KeyPair,
    Severity,
    load_failure,
    loading_level,
    refusal,
    rule,
    signature_security_bits,
    weak_signature,
)


@rule(
    id="cert-weak-signature",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 4.5",),
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    certificates = ctx.certificates(pair.certificate) or ()
    for certificate in dict.fromkeys([each for each in certificates if weak_signature(each)]):
        bits = signature_security_bits(certificate)
        refused = [s for s in pair.holders if bits is not None and bits < LEVEL_BITS[loading_level(s)]]
        if not refused and not ctx.presenters(pair):
            continue
        consequence = (
            f"at OpenSSL's usual security level 2 {load_failure(pair, refused)}" if refused else refusal(pair)
        )
        yield Finding(
            f'"{certificate.display_name}" in {pair.certificate.written} is signed too weakly:'
            f" {weak_signature(certificate)}; {consequence}",
            pair.certificate.span,
            "have the certificate issued again with SHA-256 or better",
            fatal=bool(refused) and not pair.loaded_late,
        )
