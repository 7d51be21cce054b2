"""The CRL file is not there, or not what nginx can read.

nginx opens `ssl_crl` in every server with a TLS context when it starts or reloads. If the file does not
exist, or holds no CRL in PEM form (but is empty, in DER form, a certificate, damaged), `nginx -t` fails,
nginx does not start, and a reload keeps the old configuration: with the old CRL.

Below nginx 1.27.2 a file of certificates is taken as well, and those are trusted for clients. A path that
is missing counts only where its neighbours are present, as for `ca-file-missing`.

Convert the file to PEM (`openssl crl -inform der -in ca.crl -out ca.pem`), or correct the path. What
fetches CRLs should write a new file and rename it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/empty.pem;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/no-such-crl.pem;
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
    ssl_crl                 /pki/crl.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- nginx: ngx_ssl_crl in src/event/ngx_event_openssl.c
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    FileState,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    crl_file_defect,
    is_named,
    reference_to,
    rule,
    servers_in_words,
)


@rule(id="crl-file-unusable", severity=Severity.ERROR, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    users: dict[Directive, list[VirtualServer]] = {}
    for server in configuration.servers:
        directive = server.setting("ssl_crl").directive
        if directive is not None and is_named(directive) and server.has_ssl_context:
            users.setdefault(directive, []).append(server)
    for directive, servers in users.items():
        reference = reference_to(configuration, directive)
        file = ctx.file(reference)
        if file is None:
            continue
        if file.state is FileState.ABSENT and ctx.is_missing(reference):
            defect: str | None = "it does not exist"
        elif file.state is not FileState.READ and not file.is_directory:
            ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
            continue
        else:
            defect = "it is a directory" if file.is_directory else crl_file_defect(file, ctx.version)
        if defect is not None:
            yield Finding(
                f"nginx cannot read a CRL from {reference.path}: {defect}; nginx refuses to start because of"
                f" {servers_in_words(servers)}",
                reference.span,
                "name a file with the CRLs as PEM (-----BEGIN X509 CRL-----)",
                fatal=True,
            )
