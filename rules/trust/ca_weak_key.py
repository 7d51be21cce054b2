"""A CA in the client CA file has a key that is too weak.

Whoever breaks the key of a CA issues client certificates for everybody it is trusted for. RSA keys below
2048 bits and EC keys below 224 bits are too weak for TLS (RFC 9325, 4.5). OpenSSL at its usual security
level 2 refuses every client below such a CA (`CA certificate key too weak`); where the level was lowered
(`@SECLEVEL=1` or `0` in `ssl_ciphers`) they get in, and so does everybody who broke the key.

Replace the CA by one with a key of RSA 2048 bits or more, P-256, P-384 or Ed25519, and issue the client
certificates anew.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-weak-rsa.pem;
    ssl_verify_client       on;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/rsa-root.pem;
    ssl_verify_client       on;
}
```

References:
- RFC 9325, section 4.5
- https://docs.openssl.org/3.3/man3/SSL_CTX_set_security_level/
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    rule,
    servers_in_words,
    weak_key,
    why_useless,
)


@rule(
    id="ca-weak-key",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 4.5",),
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    for certificate, weakness in ctx.of_file(trust.reference, _weak) or ():
        yield Finding(
            f'the key of the CA "{certificate.display_name}" in {trust.reference.written} is too weak:'
            f" {weakness}; at OpenSSL's security level 2 its clients are refused by"
            f" {servers_in_words(trust.servers)}, below it whoever breaks the key can make clients",
            trust.reference.span,
            "replace the CA by one with RSA of 2048 bits or more, P-256, P-384 or Ed25519",
        )


def _weak(certificates: tuple[Certificate, ...], ctx: Context) -> list[tuple[Certificate, str]]:
    """The CAs with a weak key, and what makes it weak."""
    return [
        (certificate, weakness)
        for certificate in dict.fromkeys(certificates)
        if (weakness := weak_key(certificate)) is not None
        and not why_useless(certificate)
        and certificate.not_after >= ctx.now
    ]
