"""An intermediate CA in the client CA file is signed with SHA-1 or MD5.

Signatures with SHA-1 or MD5 can be forged, and with them a CA. OpenSSL from security level 1 on (the usual
level is 2) refuses every client below such an intermediate (`CA signature digest algorithm too weak`);
`nginx -t` says nothing.

Fine: the signature of a self-signed root. It proves nothing, and OpenSSL does not rate it.

Have the intermediate signed again with SHA-256 or better. Its key, and the client certificates below it, can
stay.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-sha1-intermediate.pem;
    ssl_verify_client       on;
}
```

Good:
```nginx
# The root's own signature may be SHA-1.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-sha1-root.pem;
    ssl_verify_client       on;
}
```

References:
- RFC 9325, section 4.5
- RFC 9155 (MD5 and SHA-1 are deprecated)
- https://docs.openssl.org/3.3/man3/SSL_CTX_set_security_level/
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    ends_chain,
    rule,
    servers_in_words,
    weak_signature,
    why_useless,
)


@rule(
    id="ca-weak-signature",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 4.5",),
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    for certificate, weakness in ctx.of_file(trust.reference, _weak) or ():
        if trust.may_be_for_stapling:
            continue
        yield Finding(
            f'the intermediate CA "{certificate.display_name}" in {trust.reference.written} is signed too'
            f" weakly: {weakness}; from OpenSSL's security level 1 on its clients are refused by"
            f" {servers_in_words(trust.servers)}",
            trust.reference.span,
            "have the intermediate signed again with SHA-256 or better; its key can stay",
        )


def _weak(certificates: tuple[Certificate, ...], ctx: Context) -> list[tuple[Certificate, str]]:
    """The intermediate CAs whose signature is weak, and what makes it so."""
    return [
        (certificate, weakness)
        for certificate in dict.fromkeys(certificates)
        if (weakness := weak_signature(certificate)) is not None
        and not ends_chain(certificate)
        and not why_useless(certificate)
        and certificate.not_after >= ctx.now
    ]
