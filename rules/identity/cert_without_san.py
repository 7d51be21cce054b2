"""A server certificate has no subjectAltName, so that it is for no name.

Clients compare the name they asked for with the subjectAltName and ignore the common name (RFC 9525):
browsers, Go, Python and many more refuse a certificate that has only a common name. OpenSSL's own tools,
and nginx as a client, still fall back to it, which hides the fault in tests.

Have the certificate issued again with each name as dNSName (or iPAddress) in the subjectAltName.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate     /pki/cn-only.pem;
    ssl_certificate_key /pki/cn-only.key;
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
- RFC 9525, section 4.1
"""

from mtls_lint.api import Context, Finding, Findings, ServerCertificate, Severity, rule, servers_in_words


@rule(
    id="cert-without-san",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9525 4.1",),
    needs=("ssl_certificate",),
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if leaf is None or leaf.dns_names or leaf.ip_addresses or not ctx.presenters(pair):
        return
    if leaf.malformed:
        ctx.not_evaluated(pair.certificate.span, f"{pair.certificate.written}: {leaf.malformed}")
        return
    lacks = (
        "has neither a DNS name nor an IP address in its subjectAltName"
        if leaf.extensions.has_alternative_names
        else "has no subjectAltName"
    )
    named = f", only the common name {leaf.common_name}, which they ignore" if leaf.common_name else ""
    yield Finding(
        f"the certificate in {pair.certificate.written}, which {servers_in_words(pair.presenters)} presents,"
        f" {lacks}: clients find no name in it{named}",
        pair.certificate.span,
        "have it issued again with each name of the server as subjectAltName",
    )
