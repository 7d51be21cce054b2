"""The server's own certificate would be let in as a client's: its CA makes no difference between the two.

The CA that the clients are verified by has issued the server's certificate as well, and that certificate
may be used by a client: its extendedKeyUsage lists clientAuth, or there is none. So every server with such
a certificate gets in, and whoever steals the key of one of them, this one included.

Fine: server certificates with extendedKeyUsage serverAuth alone, which nginx refuses from clients although
the CA is the same; or services that call each other with one certificate for both ends, and are told apart
by name.

Issue server certificates for serverAuth alone, or clients from a CA of their own; or compare
`$ssl_client_s_dn`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server-any-use.pem;
    ssl_certificate_key     /pki/server-any-use.key;
    ssl_client_certificate  /pki/root.pem;
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
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server-any-use.pem;
    ssl_certificate_key     /pki/server-any-use.key;
    ssl_client_certificate  /pki/other-root.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- RFC 5280, section 4.2.1.12
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    FileReference,
    Finding,
    Findings,
    Related,
    ServerCertificate,
    Severity,
    VirtualServer,
    backend_learns_identity,
    client_trust,
    identity_check,
    public_cas,
    rule,
    server_certificates,
    servers_in_words,
)


@rule(id="ca-issues-servers-too", severity=Severity.WARNING, since="0.1", needs=("ssl_verify_client",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each file of client CAs by which certificates of its servers pass, with the first of these."""
    shown: dict[Directive, tuple[FileReference, ServerCertificate, list[VirtualServer]]] = {}
    for pair in server_certificates(configuration):
        for server in pair.presenters:
            if server.verify_client == "off" or identity_check(configuration, server, ctx.now) is not None:
                continue
            references = client_trust(configuration, server)
            if references and _passes(pair, server, ctx):
                entry = shown.setdefault(references[0].directive, (references[0], pair, []))
                entry[2].append(server)
    for reference, pair, servers in shown.values():
        leaf = ctx.leaf(pair.certificate)
        usage = None if leaf is None else leaf.extended_key_usage
        why = "it has no extendedKeyUsage" if usage is None else "it has clientAuth"
        told = all(backend_learns_identity(configuration, server) is not None for server in servers)
        yield Finding(
            f"the CAs in {reference.written} let the server's own certificate in as a client's,"
            f" {pair.certificate.written} ({why}): every such server certificate of that CA gets into"
            f" {servers_in_words(tuple(dict.fromkeys(servers)))}",
            reference.span,
            "issue server certificates for serverAuth alone, or clients from a CA of their own",
            related=(Related(pair.certificate.span, "the server's certificate"),),
            severity=Severity.INFO if told else None,
            confidence=Confidence.LIKELY if configuration.tree.is_fragment else None,
        )


def _passes(pair: ServerCertificate, server: VirtualServer, ctx: Context) -> bool:
    """Whether the certificate, sent by a client, ends at a CA of the server that is not public."""
    chain = ctx.certificates(pair.certificate)
    # A self-signed certificate in both files is that one certificate, and no CA.
    if not chain or chain[0].self_signed:
        return False
    chain_check = ctx.chain_check(server)
    if chain_check is None or not chain_check.may_pass(chain):
        return False
    verdict = chain_check.without_crls.verify(chain, ctx.now)
    return verdict.ok and not public_cas(verdict.chain)
