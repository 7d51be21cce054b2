"""An intermediate certificate is missing from the server's certificate file.

nginx sends what is in the file and nothing else. Clients know roots, not intermediates: if the server does
not send the intermediate that issued its certificate, clients cannot build the chain (`unable to get local
issuer certificate`). `nginx -t` says nothing. Browsers hide the fault, because they remember or fetch
intermediates; webhooks, curl and other servers do not.

This is certain when the intermediate stands in another file of the configuration, and likely when the
certificate tells where its issuer's certificate can be fetched, as those of public CAs do.

If the file holds an intermediate already, the issuer of that one counts as a root. A certificate alone whose
issuer is in no file of the configuration is reported as not evaluated: it may be a root.

Append the intermediate to the file, behind the server certificate (many CAs call the result "full chain").

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server-leaf-only.pem;
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
- https://nginx.org/en/docs/http/configuring_https_servers.html#chains
- CIS NGINX Benchmark 3.0.0, 4.1.2
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Missing,
    ServerCertificate,
    Severity,
    rule,
    servers_in_words,
)


@rule(
    id="cert-chain-incomplete",
    severity=Severity.ERROR,
    since="0.1",
    controls=("CIS NGINX 3.0.0 4.1.2",),
    needs=("ssl_certificate",),
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    if chain is None or chain.top is None or not ctx.presenters(pair) or chain.missing is Missing.NO:
        return
    if chain.missing is Missing.UNKNOWN and len(chain.path) > 1:
        return
    top = chain.top
    where = f'{pair.certificate.written} ends with "{top.display_name}"'
    if chain.missing is Missing.UNKNOWN:
        reason = f'{where}; whether its issuer "{top.issuer}" is a root that clients have is not known here'
        ctx.not_evaluated(pair.certificate.span, reason)
        return
    refused = f"clients of {servers_in_words(pair.presenters)} that do not have it refuse the connection"
    if chain.missing_issuer is not None:
        issuer = chain.missing_issuer.display_name
        yield Finding(
            f'{where} and lacks the intermediate "{issuer}", which issued it: {refused}',
            pair.certificate.span,
            f'append the intermediate "{issuer}" to the file, behind the server certificate',
        )
        return
    fetch = f" (it can be fetched from {top.ca_issuer_urls[0]})" if top.ca_issuer_urls else ""
    yield Finding(
        f'{where}, and the intermediate that issued it ("{top.issuer}") is not in it: {refused}',
        pair.certificate.span,
        f"append the intermediate to the file, behind the server certificate{fetch}",
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
    )
