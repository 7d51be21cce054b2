"""A certificate that the configuration names for nginx does not exist.

nginx reads each `ssl_certificate`, and each `proxy_ssl_certificate` (`grpc_`, `uwsgi_`) of a place that hands
requests on by TLS, when it starts or reloads. If the file is not there, `nginx -t` fails,
nginx does not start, and a reload keeps the old configuration: also for a server that never speaks TLS, as
long as the directive is in force there. Relative paths count from the directory of the main configuration
file.

A file counts as missing only where its neighbours are present: when another certificate or key of the
configuration stands in the same directory, or when the configuration is linted in the place the path points
into. A path with a variable is read when a client connects, and is not evaluated.

Put the file there, or correct the path.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/no-such-certificate.pem;
    ssl_certificate_key /pki/server.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/no-such-client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
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
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
"""

from mtls_lint.api import (
    Context,
    FileState,
    Finding,
    Findings,
    KeyPair,
    Severity,
    load_failure,
    rule,
)


@rule(
    id="certificate-file-missing",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    reference = pair.certificate
    file = ctx.file(reference)
    if file is None or file.state is not FileState.ABSENT:
        return
    if not ctx.is_missing(reference):
        ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
        return
    lacks = "the certificate file" if file.directory_exists else "the directory of the certificate file"
    yield Finding(
        f"{lacks} {reference.path} does not exist, and {load_failure(pair)}",
        reference.span,
        "put the certificate there as PEM, or correct the path (a relative one counts from the directory of"
        " the main configuration file)",
        fatal=not pair.loaded_late,
    )
