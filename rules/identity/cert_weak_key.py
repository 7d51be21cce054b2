"""A certificate that nginx presents, or one sent with it, has a key that is too weak.

RSA keys below 2048 bits and EC keys below 224 bits are too weak for TLS (RFC 9325, 4.5): who breaks the key
can pose as the server. OpenSSL at its usual security level 2 does not even load such a certificate (`ee key
too small`, `ca key too small`): `nginx -t` fails and nginx does not start. Where the level is lower, by the
build or by `@SECLEVEL=1` or `0` in `ssl_ciphers`, nginx starts and clients decide.

Get a certificate for a key of RSA 2048 bits or more, P-256, P-384 or Ed25519.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/weak-rsa.pem;
    ssl_certificate_key /pki/weak-rsa.key;
}
```
```nginx
# A lower security level lets nginx start; the key stays weak.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/weak-rsa.pem;
    ssl_certificate_key /pki/weak-rsa.key;
    ssl_ciphers         HIGH:!aNULL:@SECLEVEL=1;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/weak-rsa.pem;
        proxy_ssl_certificate_key /pki/weak-rsa.key;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```
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
- https://docs.openssl.org/3.3/man3/SSL_CTX_set_security_level/
"""

from mtls_lint.api import (
    LEVEL_BITS,
    Context,
    Finding,
    Findings,
    KeyPair,
    Severity,
    key_security_bits,
    load_failure,
    loading_level,
    refusal,
    rule,
    weak_key,
)


@rule(
    id="cert-weak-key",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 4.5",),
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    certificates = ctx.certificates(pair.certificate) or ()
    for certificate in dict.fromkeys([each for each in certificates if weak_key(each)]):
        bits = key_security_bits(certificate)
        refused = [s for s in pair.holders if bits is not None and bits < LEVEL_BITS[loading_level(s)]]
        if not refused and not ctx.presenters(pair):
            continue
        consequence = (
            f"at OpenSSL's usual security level 2 {load_failure(pair, refused)}"
            if refused
            else f"whoever breaks it can pose as its owner, and {refusal(pair)}"
        )
        yield Finding(
            f'the key of "{certificate.display_name}" in {pair.certificate.written} is too weak:'
            f" {weak_key(certificate)}; {consequence}",
            pair.certificate.span,
            "get a certificate for a key of RSA 2048 bits or more, P-256, P-384 or Ed25519",
            fatal=bool(refused) and not pair.loaded_late,
        )
