"""The CA bundle of the operating system is trusted for client certificates.

That bundle holds the roots of the web, more than a hundred, by which a program checks *servers*. As a file
of client CAs it lets everybody in who has a certificate for TLS clients from any one of them:
`ssl_verify_client on` keeps out no more than those who have not bothered to get one. nginx also sends all
of these names to each client that connects.

The bundle is known by its path, also where it cannot be read, and any file by what it holds: 20 roots of
Mozilla's list or more.

Fine: the bundle in `proxy_ssl_trusted_certificate`, where nginx checks a server on the web. For
`ssl_stapling` the chain of the server's own certificate is enough.

Name a file with the CAs of your clients alone.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/public-bundle.pem;
    ssl_verify_client       on;
}
```
```nginx nginx=no
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /etc/ssl/certs/ca-certificates.crt;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- OWASP ASVS 5.0, 12.3.4
- PCI DSS 4.0.1, requirement 4.2.1
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    FileState,
    Finding,
    Findings,
    Related,
    Severity,
    TrustFile,
    identity_check,
    is_bundle,
    is_system_bundle,
    rule,
    servers_in_words,
)


@rule(
    id="ca-system-bundle",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.4", "PCI DSS 4.0.1 4.2.1"),
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report a file of client CAs that holds the roots of the web."""
    reference = trust.reference
    file = ctx.file(reference)
    if file is None:
        return
    by_path = file.state is not FileState.READ and is_system_bundle(file.path)
    if by_path:
        what = "is where the operating system keeps the roots of the web"
    elif ctx.of_file(reference, _holds_the_web):
        what = f"holds the roots of the web ({len(set(file.certificates))} certificates)"
    else:
        return
    checks = [identity_check(ctx.configuration, server, ctx.now) for server in trust.servers]
    everywhere = all(check is not None for check in checks)
    spans = dict.fromkeys(check.directive.span for check in checks if check is not None)
    guard = ", where a condition alone looks at who it is" if everywhere else ""
    yield Finding(
        f"{reference.written} {what}: whoever has a certificate for TLS clients from any public CA gets into"
        f" {servers_in_words(trust.servers)}{guard}",
        reference.span,
        f"name a file in {trust.directive.name} that holds the CAs of your clients alone",
        related=tuple(Related(span, "looks at who the client is") for span in spans),
        severity=Severity.WARNING if everywhere else None,
        confidence=Confidence.LIKELY if by_path or ctx.configuration.tree.is_fragment else None,
    )


def _holds_the_web(certificates: tuple[Certificate, ...], _: Context) -> bool:
    return is_bundle(certificates)
