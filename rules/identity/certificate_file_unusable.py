"""A certificate file is not what nginx can read: DER, PKCS#12, a key or a request, empty, damaged.

nginx reads certificates from PEM files only, and one damaged block spoils the whole file, even behind good
ones. Then `nginx -t` fails, nginx does not start, and a reload keeps the old configuration.

Often `ssl_certificate` and `ssl_certificate_key` are swapped, or the file is the request (CSR) that was
sent to the CA rather than the certificate that came back.

Convert the file to PEM, or name the right one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/csr.pem;
    ssl_certificate_key /pki/server.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/ca.der;
    ssl_certificate_key /pki/server.key;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/garbage.pem;
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

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- RFC 7468 (the textual form of certificates)
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
    id="certificate-file-unusable",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    reference = pair.certificate
    file = ctx.file(reference)
    if file is None:
        return
    if file.state is not FileState.READ and not file.is_directory:
        ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
        return
    defect = "it is a directory" if file.is_directory else file.certificate_defect
    if defect is None:
        return
    yield Finding(
        f"nginx cannot read a certificate from {reference.path}: {defect}; {load_failure(pair)}",
        reference.span,
        _remedy(reference, defect),
        fatal=not pair.loaded_late,
    )


def _remedy(reference: FileReference, defect: str) -> str:
    command = command_for_pem(defect, reference.written)
    if command is not None:
        return f"convert it, and name the new file: {command}"
    if "only a certificate request" in defect:
        return "name the certificate that the CA issued for this request"
    if "only a private key" in defect:
        return "name the certificate here; this file belongs to ssl_certificate_key"
    return "name a PEM file with the certificate first and its intermediates behind it"
