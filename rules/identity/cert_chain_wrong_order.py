"""The server's own certificate is not the first in its file.

nginx takes the first certificate of the file for the server's own and compares its key with
`ssl_certificate_key`. If an intermediate or the root comes first, that comparison fails (`key values
mismatch`): `nginx -t` fails, nginx does not start, and a reload keeps the old configuration. If the
intermediate's key is of another kind (RSA, EC) than the server's, nginx starts and every handshake fails.

The order behind the first certificate does not matter to nginx.

Put the server certificate first, then the intermediate that issued it, then the next one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server-chain-reversed.pem;
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
- RFC 9846, section 4.5.1 (the order of certificates)
- CIS NGINX Benchmark 3.0.0, 4.1.2
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    Finding,
    Findings,
    ServerCertificate,
    Severity,
    load_failure,
    rule,
    servers_in_words,
)


@rule(
    id="cert-chain-wrong-order",
    severity=Severity.ERROR,
    since="0.1",
    controls=("CIS NGINX 3.0.0 4.1.2",),
    needs=("ssl_certificate",),
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    certificates = ctx.certificates(pair.certificate) or ()
    if len(certificates) < 2:
        return
    first = certificates[0]
    key = ctx.key(pair)
    leaf: Certificate | None
    if key is not None and (fits := key.matches(first)) is not None:
        leaf = None if fits else next((c for c in certificates[1:] if key.matches(c)), None)
        certain = True
    else:
        chain = ctx.chain(pair)
        leaf = chain.misplaced_leaf if chain is not None else None
        certain = False
    if leaf is None:
        return
    same_kind = first.key_algorithm == leaf.key_algorithm
    consequence = (
        load_failure(pair)
        if same_kind
        else f"nginx starts all the same, and every handshake with {servers_in_words(pair.servers)} fails"
    )
    yield Finding(
        f'in {pair.certificate.written} the certificate "{first.display_name}" comes first, and the one of'
        f' the server, "{leaf.display_name}", behind it: {consequence}',
        pair.certificate.span,
        f'move "{leaf.display_name}" (line {leaf.line}) to the top of the file',
        fatal=certain and same_kind and not pair.loaded_late,
        confidence=None if certain else Confidence.LIKELY,
    )
