"""A CA file also holds a private key.

nginx skips the key silently, so that nobody notices. A CA file is not guarded like a key: it is handed to
partners, copied into images and readable for every user. If the key is the CA's own, whoever reads it makes
client certificates that this and every other server with the CA accepts; CA keys belong nowhere near a web
server.

Remove the key from the file. If it is the CA's key and the file was readable for others, consider it stolen:
replace the CA.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-with-key.pem;
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
"""

from mtls_lint.api import (
    BlockKind,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    opened_ca_files,
    rule,
)


@rule(
    id="ca-file-with-private-key",
    severity=Severity.WARNING,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    lines: dict[str, int | None] = {}
    for trust in opened_ca_files(configuration):
        file = ctx.readable(trust.reference)
        # A file of keys alone is refused by nginx, which is another finding.
        if file is None or file.certificate_defect is not None:
            continue
        if file.path not in lines:
            lines[file.path] = next((one.line for one in file.blocks if one.kind is BlockKind.KEY), None)
        line = lines[file.path]
        if line is None:
            continue
        owner = next((c for c in file.certificates if any(key.matches(c) for key in file.keys)), None)
        if owner is not None and owner.is_ca:
            whose = f'the private key of the CA "{owner.display_name}"'
            consequence = "whoever reads the file can issue client certificates that nginx accepts"
        else:
            whose = "a private key" if owner is None else f'the private key of "{owner.display_name}"'
            consequence = "a CA file is not guarded as a key has to be"
        yield Finding(
            f"{trust.reference.written} holds {whose} (line {line}); nginx skips it without a word, but"
            f" {consequence}",
            trust.reference.span,
            "remove the key from the file, and replace what it belongs to if others could read it",
            severity=Severity.ERROR if owner is not None and owner.is_ca else Severity.WARNING,
        )
