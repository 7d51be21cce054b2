"""A server certificate file also holds the root certificate.

Clients use the root that they already have and ignore the one that is sent: it makes every handshake
longer, and nothing else. It does no harm.

Remove the root from the file; keep the intermediates.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server-with-root.pem;
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
- RFC 9846, section 4.5.1
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    rule,
    servers_in_words,
)


@rule(id="cert-chain-with-root", severity=Severity.INFO, since="0.1", needs=("ssl_certificate",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    if chain is None or chain.root is None or not ctx.presenters(pair):
        return
    yield Finding(
        f'{pair.certificate.written} ends with the root "{chain.root.display_name}" (line {chain.root.line}):'
        f" {servers_in_words(pair.presenters)} sends it in every handshake, and clients ignore it",
        pair.certificate.span,
        "remove the root from the file; keep the intermediates",
    )
