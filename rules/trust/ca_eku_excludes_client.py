"""A CA's extended key usage leaves clients out, so that all of its clients are refused.

OpenSSL asks for clientAuth not only in the client's certificate but in every CA above it, the root in the
file included: an extendedKeyUsage in one of them that does not list clientAuth refuses each client below it
(`unsuitable certificate purpose`). anyExtendedKeyUsage does not count as clientAuth. CAs for servers have
such a limit more and more often, because browsers demand it of public ones. `nginx -t` says nothing.

Fine: a CA without extendedKeyUsage, which is the usual form for a root, or one that lists clientAuth.

Have the CA certificate issued again without extendedKeyUsage or with clientAuth in it (the key can stay),
or issue the clients from another CA.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-server-eku.pem;
    ssl_verify_client       on;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-any-eku.pem;
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
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
```

References:
- https://docs.openssl.org/3.3/man1/openssl-verification-options/ (Extensions: extended key usage)
- RFC 5280, section 4.2.1.12
"""

from mtls_lint.api import (
    Barrier,
    Certificate,
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    VerifyError,
    VirtualServer,
    is_said_elsewhere,
    lets_anybody_in,
    listed,
    rule,
    servers_in_words,
)


@rule(
    id="ca-eku-excludes-client",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report each CA whose extended key usage refuses the clients of some CA of the file."""
    if trust.may_be_for_stapling:
        return
    shut: dict[Certificate, dict[Certificate, None]] = {}
    refusing: dict[Certificate, dict[VirtualServer, bool]] = {}
    for chain_check, servers in ctx.chain_checks(trust).items():
        found = ctx.barriers(trust.reference, chain_check)
        anybody = lets_anybody_in(chain_check, ctx.now) if found else True
        for barrier in found:
            for culprit in _culprits(barrier):
                shut.setdefault(culprit, {})[barrier.ca] = None
                refusing.setdefault(culprit, {}).update(dict.fromkeys(servers, anybody))
    for culprit, cas in shut.items():
        servers_of = refusing[culprit]
        others = listed([f'"{ca.display_name}"' for ca in cas])
        yield Finding(
            f'the CA "{culprit.display_name}" is for {_purposes(culprit)} by its extendedKeyUsage, without'
            f" clientAuth: every client of {others if tuple(cas) != (culprit,) else 'it'} is refused by"
            f" {servers_in_words(tuple(servers_of))} (unsuitable certificate purpose)",
            trust.reference.span,
            "have the CA certificate issued again without extendedKeyUsage or with clientAuth, or issue the"
            " clients from another CA",
            severity=Severity.WARNING if all(servers_of.values()) else None,
            confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        )


def _culprits(barrier: Barrier) -> list[Certificate]:
    if is_said_elsewhere(barrier):
        return []
    found = [culprit for error, culprit in barrier.failures if error is VerifyError.INVALID_PURPOSE]
    return [culprit for culprit in found if _leaves_clients_out(culprit)]


def _leaves_clients_out(certificate: Certificate) -> bool:
    return certificate.extended_key_usage is not None and "clientAuth" not in certificate.extended_key_usage


def _purposes(certificate: Certificate) -> str:
    names = {"any": "anyExtendedKeyUsage"}
    return listed([names.get(name, name) for name in sorted(certificate.extended_key_usage or ())])
