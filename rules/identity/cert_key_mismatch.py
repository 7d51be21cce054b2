"""The private key does not belong to the certificate.

A key of the same kind (RSA for RSA, EC for EC) that belongs to another certificate makes `nginx -t` fail
(`key values mismatch`): nginx does not start, and a reload keeps the old configuration.

A key of *another* kind (an RSA key for an EC certificate) is worse: `nginx -t` is content, nginx starts,
and then every handshake fails with `handshake_failure`. Where the server has another certificate that is in
order, only clients that need this one are lost.

Usually one of the two files was renewed and the other was not, or the order of several pairs is mixed up.

Name the key that the certificate was issued for. To compare: `openssl x509 -in C -noout -pubkey` and
`openssl pkey -in K -pubout` print the same.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/expired.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/rsa.key;
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

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate_key
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Related,
    ServerCertificate,
    Severity,
    VirtualServer,
    certificates_of,
    load_failure,
    rule,
    servers_in_words,
)


@rule(id="cert-key-mismatch", severity=Severity.ERROR, since="0.1", needs=("ssl_certificate",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    if pair.key is None:
        return
    certificates = ctx.certificates(pair.certificate)
    key = ctx.key(pair) if certificates else None
    if not certificates or key is None:
        return
    leaf = certificates[0]
    fits = key.matches(leaf)
    if fits is None:
        closed = (
            "the key is encrypted and could not be opened"
            if key.encrypted
            else "the key is of an unknown kind"
        )
        ctx.not_evaluated(pair.key.span, f"{pair.key.written}: {closed}")
        return
    if fits or any(key.matches(certificate) for certificate in certificates[1:]):
        return  # the second is a matter of order (cert-chain-wrong-order)
    found = (
        f"the key {pair.key.written} ({key.algorithm}) does not belong to the certificate"
        f' "{leaf.display_name}"'
    )
    remedy = (
        "name the key that the certificate was issued for, or the certificate that was issued for the key"
    )
    related = (Related(pair.certificate.span, f"the certificate ({leaf.key_algorithm})"),)
    if key.algorithm == leaf.key_algorithm:
        yield Finding(
            f"{found} in {pair.certificate.written}: {load_failure(pair)}",
            pair.key.span,
            remedy,
            related,
            fatal=not pair.loaded_late,
        )
        return
    if ctx.replacement(pair) is not None:
        return  # cert-replaced-by-another
    lost = [server for server in pair.servers if not _has_key_for(leaf, server, ctx)]
    if not lost:
        return
    dead = [server for server in lost if not _has_other_pair(pair, server, ctx)]
    consequence = (
        f"nginx starts all the same, and every handshake with {servers_in_words(dead)} fails"
        if dead
        else f"nginx starts all the same, and {servers_in_words(lost)} never presents this certificate"
    )
    yield Finding(
        f"{found} ({leaf.key_algorithm}) in {pair.certificate.written}: {consequence}",
        pair.key.span,
        remedy,
        related,
        severity=Severity.ERROR if dead else Severity.WARNING,
    )


def _has_key_for(leaf: Certificate, server: VirtualServer, ctx: Context) -> bool:
    """Whether some other key of the server fits: OpenSSL keeps one place for each kind of key."""
    keys = [ctx.key(pair) for pair in certificates_of(ctx.configuration, server)]
    return any(key is not None and key.matches(leaf) for key in keys)


def _has_other_pair(pair: ServerCertificate, server: VirtualServer, ctx: Context) -> bool:
    """Whether the server has another certificate with a key, so that handshakes can still succeed."""
    for other in certificates_of(ctx.configuration, server):
        if other.certificate == pair.certificate or ctx.replacement(other) is not None:
            continue
        leaf, key = ctx.leaf(other.certificate), ctx.key(other)
        if leaf is None or key is None or key.matches(leaf) is not False:
            return True
    return False
