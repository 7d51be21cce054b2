"""A server certificate may not be used for a server.

A certificate can limit what it is for. If it has an extended key usage without `serverAuth` (a client
certificate, for example), or a key usage that does not allow to sign (`digitalSignature`), nginx presents
it all the same and `nginx -t` says nothing; clients refuse it (`unsuitable certificate purpose`).

An RSA certificate whose key usage has only `keyEncipherment` was made for the RSA key exchange of TLS 1.2,
which has no forward secrecy; TLS 1.3 and all ECDHE suites sign, and strict clients refuse the certificate
there.

A CA certificate (CA:TRUE) as server certificate works with many clients and not with others; and clients
that trust it let whoever gets the web server's key issue certificates for any name.

Have a certificate issued with key usage `digitalSignature` and extended key usage `serverAuth`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/client-only-eku.pem;
    ssl_certificate_key /pki/client-only-eku.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/no-digital-signature.pem;
    ssl_certificate_key /pki/no-digital-signature.key;
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
- RFC 5280, sections 4.2.1.3, 4.2.1.9 and 4.2.1.12
- RFC 9846, section 4.5.1.2
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    rule,
    servers_in_words,
)

_SERVER = {"serverAuth", "msSGC", "nsSGC"}


@rule(
    id="cert-wrong-usage",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9846 4.5.1.2",),
    needs=("ssl_certificate",),
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if leaf is None or not ctx.presenters(pair):
        return
    if leaf.malformed:
        ctx.not_evaluated(pair.certificate.span, f"{pair.certificate.written}: {leaf.malformed}")
        return
    for severity, fault, consequence in _faults(leaf):
        yield Finding(
            f'the certificate "{leaf.display_name}" in {pair.certificate.written}, which'
            f" {servers_in_words(pair.presenters)} presents, {fault}: {consequence}",
            pair.certificate.span,
            "have a certificate issued for a server: key usage digitalSignature, extended key usage"
            " serverAuth, CA:FALSE",
            severity=severity,
        )


def _faults(leaf: Certificate) -> list[tuple[Severity, str, str]]:
    faults = []
    extended, usage = leaf.extended_key_usage, leaf.key_usage
    if extended is not None and not extended & _SERVER:
        found = f"has the extended key usage {', '.join(sorted(extended))} and not serverAuth"
        if "any" in extended:
            faults.append((Severity.WARNING, found, "some clients, those with OpenSSL among them, refuse it"))
        else:
            faults.append((Severity.ERROR, found, "clients refuse it"))
    if usage is not None and "digitalSignature" not in usage:
        found = f"has the key usage {', '.join(sorted(usage)) or '(none)'} and not digitalSignature"
        if leaf.key_algorithm == "RSA" and "keyEncipherment" in usage:
            consequence = (
                "it fits only RSA key exchange in TLS 1.2, and strict clients refuse it for all else"
            )
            faults.append((Severity.WARNING, found, consequence))
        else:
            faults.append((Severity.ERROR, found, "it may not sign the handshake, and clients refuse it"))
    elif leaf.basic_constraints and not faults:
        consequence = "some clients refuse it, and for those that trust it the web server's key is a CA key"
        faults.append((Severity.WARNING, "is a CA certificate (CA:TRUE)", consequence))
    return faults
