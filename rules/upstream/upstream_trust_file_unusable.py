"""The file of CAs or CRLs for backends cannot be read, and nginx refuses to start.

With `proxy_ssl_verify on` nginx opens `proxy_ssl_trusted_certificate` and `proxy_ssl_crl` when it starts, and
stops where one of them is missing or does not hold what it should as PEM. (Without the verification they are
not opened, and a missing file goes unnoticed until it is switched on.)

A file that is absent is reported where its neighbours are there: in a copy of the configuration without its
certificates it says nothing.

Name a file with the certificates, or the CRLs, as PEM.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/ca.der;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_crl                 /pki/crl.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_trusted_certificate
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_crl
"""

from mtls_lint.api import (
    Configuration,
    Context,
    FileReference,
    FileState,
    Finding,
    Findings,
    PemFile,
    Related,
    Severity,
    UpstreamPass,
    command_for_pem,
    crl_file_defect,
    passes_in_words,
    rule,
    verifying,
)


@rule(
    id="upstream-trust-file-unusable",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each file of CAs or CRLs for backends that nginx opens and cannot use."""
    found: dict[tuple[str, bool], list[tuple[FileReference, UpstreamPass]]] = {}
    for passing in verifying(ctx):
        for reference, is_crl in ((passing.trusted, False), (passing.crl, True)):
            if reference is not None:
                key = (reference.path or reference.written, is_crl)
                found.setdefault(key, []).append((reference, passing))
    for (_path, is_crl), places in found.items():
        reference = places[0][0]
        file = ctx.file(reference)
        if file is None:
            continue
        defect = "it is missing" if ctx.is_missing(reference) else _defect(file, ctx, is_crl=is_crl)
        if defect is None:
            if file.state is not FileState.READ:
                ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
            continue
        command = command_for_pem(defect, reference.written)
        spans = dict.fromkeys(other.span for other, _ in places)
        yield Finding(
            f"nginx cannot read {'CRLs' if is_crl else 'CA certificates'} for backends from"
            f" {reference.written}: {defect}; it refuses to start because of"
            f" {passes_in_words([passing for _, passing in places])}",
            reference.span,
            f"convert it, and name the new file: {command}" if command else "name the right file, as PEM",
            tuple(Related(span, "also used here") for span in spans if span != reference.span),
            # Text that was not read may decide whether TLS is spoken in stream.
            fatal=any(passing.tls is not None or passing.location is not None for _, passing in places),
        )


def _defect(file: PemFile, ctx: Context, *, is_crl: bool) -> str | None:
    if file.is_directory:
        return "it is a directory"
    if file.state is not FileState.READ:
        return None
    if is_crl:
        return crl_file_defect(file, ctx.version)
    if file.certificate_defect is not None and file.crl_defect is None and ctx.version < (1, 27, 2):
        return None  # a file of CRLs alone loads there (docs/evidence.md: trust)
    return file.certificate_defect
