"""A private key, or the file of its passwords, does not exist.

nginx reads `ssl_certificate_key` and `ssl_password_file`, and their like for backends
(`proxy_ssl_certificate_key` ...), when it starts or reloads. If one of them is not there, `nginx -t` fails,
nginx does not start, and a reload keeps the old configuration. Relative paths count from the directory of the
main configuration file.

A file counts as missing only where its neighbours are present: when another certificate or key of the
configuration stands in the same directory, or when the configuration is linted in the place the path points
into. Keys are kept out of repositories for good reason: there this is reported as not evaluated instead.

Put the file there, or correct the path.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/no-such-key.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/no-such-client.key;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate_key
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_password_file
"""

from mtls_lint.api import (
    Context,
    FileReference,
    FileState,
    Finding,
    Findings,
    KeyPair,
    Severity,
    holders_in_words,
    load_failure,
    rule,
)


@rule(
    id="key-file-missing",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    yield from _check(pair, pair.key, "key file", ctx)
    yield from _check(pair, pair.passwords, "password file", ctx)


def _check(pair: KeyPair, reference: FileReference | None, what: str, ctx: Context) -> Findings:
    file = ctx.file(reference) if reference is not None else None
    if reference is None or file is None or file.state is not FileState.ABSENT:
        return
    if not ctx.is_missing(reference):
        ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
        return
    # Nothing but the certificates and their keys is put off to the handshake.
    late = pair.loaded_late and reference is not pair.passwords
    refused = f"nginx refuses to start because of {holders_in_words(pair.holders)}"
    consequence = load_failure(pair) if late else refused
    lacks = f"the {what}" if file.directory_exists else f"the directory of the {what}"
    yield Finding(
        f"{lacks} {reference.path} does not exist, and {consequence}",
        reference.span,
        "put the file there, or correct the path (a relative one counts from the directory of the main"
        " configuration file)",
        fatal=not late,
    )
