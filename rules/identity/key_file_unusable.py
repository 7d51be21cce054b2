"""A key file is not what nginx can read: a certificate, DER, PKCS#12, empty, damaged.

nginx reads private keys from PEM files only. If there is none in the file, or it is damaged, `nginx -t`
fails, nginx does not start, and a reload keeps the old configuration.

Often `ssl_certificate` and `ssl_certificate_key` are swapped. A file with the certificate *and* the key is
fine for both directives.

Convert the key to PEM, or name the right file.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.pem;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/garbage.pem;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.pem;
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
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server-with-key.pem;
    ssl_certificate_key /pki/server-with-key.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate_key
"""

from mtls_lint.api import (
    Context,
    FileReference,
    FileState,
    Finding,
    Findings,
    KeyPair,
    Severity,
    command_for_pem,
    load_failure,
    rule,
)


@rule(
    id="key-file-unusable",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    reference = pair.key
    file = ctx.file(reference) if reference is not None else None
    if reference is None or file is None:
        return
    if file.state is not FileState.READ and not file.is_directory:
        ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
        return
    defect = "it is a directory" if file.is_directory else file.key_defect
    if defect is None:
        return
    yield Finding(
        f"nginx cannot read a private key from {reference.path}: {defect}; {load_failure(pair)}",
        reference.span,
        _remedy(reference, defect),
        fatal=not pair.loaded_late,
    )


def _remedy(reference: FileReference, defect: str) -> str:
    command = command_for_pem(defect, reference.written, key=True)
    if command is not None:
        return f"convert it, and name the new file: {command}"
    if "only a certificate" in defect:
        return "name the private key here; this file belongs to ssl_certificate"
    return "name a PEM file with the private key (-----BEGIN PRIVATE KEY-----)"
