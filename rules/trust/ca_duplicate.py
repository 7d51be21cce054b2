"""A CA file holds the same certificate twice.

OpenSSL keeps one of them, so that nobody is let in or kept out by it. But who removes the CA from the file
and finds the first copy only has not removed it.

Remove all copies but one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/duplicate-root.pem;
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
    ssl_client_certificate  /pki/two-roots.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
"""

from mtls_lint.api import (
    Certificate,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    listed,
    opened_ca_files,
    rule,
)


@rule(
    id="ca-duplicate",
    severity=Severity.INFO,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each file with copies, once."""
    for trust in opened_ca_files(configuration):
        copies = ctx.of_file(trust.reference, _copies)
        if copies:
            yield Finding(
                f"{trust.reference.written} holds more than one copy of {listed(copies)}: removing one"
                " of them does not end the trust",
                trust.reference.span,
                "remove all copies but one",
            )


def _copies(certificates: tuple[Certificate, ...], _: Context) -> list[str]:
    """What is there more than once, with the lines."""
    lines: dict[Certificate, list[int]] = {}
    for certificate in certificates:
        lines.setdefault(certificate, []).append(certificate.line)
    return [
        f'"{certificate.display_name}" (lines {listed([str(line) for line in found])})'
        for certificate, found in lines.items()
        if len(found) > 1
    ]
