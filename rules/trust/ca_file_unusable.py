"""A CA file is not what nginx can read: DER, PKCS#7, a key, empty, damaged.

nginx reads CA certificates from PEM files only, and one damaged block spoils the whole file, even behind
good ones. A file that is empty, a directory, in DER or PKCS#7 form, or that holds only a key, a request or a
CRL makes `nginx -t` fail: nginx does not start, and a reload keeps the old configuration.

What else stands around the blocks (text, comments, Windows line ends, a byte order mark) does no harm.
Before nginx 1.27.2 a file of `BEGIN TRUSTED CERTIFICATE` blocks alone is refused too.

Convert the file to PEM, or name the right one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca.der;
    ssl_verify_client       on;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/broken.pem;
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
- RFC 7468 (the textual form of certificates)
"""

from mtls_lint.api import (
    BlockKind,
    Configuration,
    Context,
    FileReference,
    FileState,
    Finding,
    Findings,
    PemFile,
    Severity,
    command_for_pem,
    opened_ca_files,
    rule,
    servers_in_words,
)


@rule(
    id="ca-file-unusable",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    for trust in opened_ca_files(configuration):
        reference = trust.reference
        file = ctx.file(reference)
        if file is None:
            continue
        defect = _defect(reference, file, ctx)
        if defect is None:
            if file.state is not FileState.READ:
                ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
            continue
        yield Finding(
            f"nginx cannot read CA certificates from {reference.path}: {defect}; nginx refuses to start"
            f" because of {servers_in_words(trust.servers)}",
            reference.span,
            _remedy(reference, defect),
            fatal=True,
        )


def _defect(reference: FileReference, file: PemFile, ctx: Context) -> str | None:
    if file.is_directory:
        return "it is a directory"
    if file.state is not FileState.READ or ctx.version >= (1, 27, 2):
        return file.certificate_defect
    wants_names = reference.directive.name == "ssl_client_certificate"
    if file.certificate_defect is not None:
        kinds = {block.kind for block in file.blocks}
        # Until 1.27.1 a trusted file may hold nothing but CRLs: it is loaded as a lookup file.
        loads = kinds == {BlockKind.CRL} and not wants_names and file.crl_defect is None
        return None if loads else file.certificate_defect
    if wants_names and file.certificates and all(c.trusted_aux for c in file.certificates):
        return "there are only TRUSTED CERTIFICATE blocks in it, which nginx below 1.27.2 does not take alone"
    return None


def _remedy(reference: FileReference, defect: str) -> str:
    command = command_for_pem(defect, reference.written)
    if command is not None:
        return f"convert it, and name the new file: {command}"
    if "TRUSTED CERTIFICATE blocks" in defect:
        return f"write the certificates without trust settings: openssl x509 -in {reference.written}"
    return "name a file with the CA certificates as PEM (-----BEGIN CERTIFICATE-----)"
