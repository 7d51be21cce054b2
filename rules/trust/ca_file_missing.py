"""A CA file that the configuration names does not exist.

nginx opens `ssl_client_certificate` wherever it asks for client certificates, and `ssl_trusted_certificate`
in every server with a certificate. If one of them is not there, `nginx -t` fails, nginx does not start, and
a reload keeps the old configuration. Relative paths count from the directory of the main configuration
file, not from that of the file they stand in.

A file counts as missing only where its neighbours are present: when another certificate or key of the
configuration stands in the same directory, or when the configuration is linted in the place the path points
into. In a repository without any certificates this is reported as not evaluated instead.

Put the file there, or correct the path.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/no-such-ca.pem;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_trusted_certificate
"""

from mtls_lint.api import (
    Configuration,
    Context,
    FileState,
    Finding,
    Findings,
    Severity,
    opened_ca_files,
    rule,
    servers_in_words,
)


@rule(
    id="ca-file-missing",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    for trust in opened_ca_files(configuration):
        reference = trust.reference
        file = ctx.file(reference)
        if file is None or file.state is not FileState.ABSENT:
            continue
        if not ctx.is_missing(reference):
            ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
            continue
        lacks = "the file" if file.directory_exists else "the directory of the file"
        yield Finding(
            f"{lacks} {reference.path} does not exist, and nginx opens it for"
            f" {servers_in_words(trust.servers)}: nginx refuses to start",
            reference.span,
            "put the CA certificates there as PEM, or correct the path (a relative one counts from the"
            " directory of the main configuration file)",
            fatal=True,
        )
