"""A server certificate file holds certificates that have nothing to do with the server's.

nginx sends all of them in every handshake. They help no client, make the handshake longer, and usually show
that the file was put together wrongly: the intermediate of an old certificate, or of another CA.

Fine: several copies of an issuer (cross-signed ones, for example): clients choose.

Remove them, and check that the right intermediate is in the file.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server-chain-stray.pem;
    ssl_certificate_key /pki/server-chain.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server-chain.pem;
    ssl_certificate_key /pki/server-chain.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    listed,
    rule,
    servers_in_words,
)


@rule(id="cert-chain-unrelated", severity=Severity.WARNING, since="0.1", needs=("ssl_certificate",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    if chain is None or chain.leaf is None or not chain.unrelated or not ctx.presenters(pair):
        return
    key = ctx.key(pair)
    if key is not None and any(key.matches(certificate) for certificate in chain.unrelated):
        return  # the server's certificate is there, in the wrong place: cert-chain-wrong-order
    names = listed([f'"{c.display_name}" (line {c.line})' for c in chain.unrelated])
    yield Finding(
        f'{pair.certificate.written} also holds {names}, which did not issue "{chain.leaf.display_name}":'
        f" {servers_in_words(pair.presenters)} sends that in every handshake for nothing",
        pair.certificate.span,
        "remove what does not belong to the chain, and check that the right intermediate is there",
    )
