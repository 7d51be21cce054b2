"""The pass phrases of private keys can be read by others than root.

An encrypted key is as safe as its pass phrase: with the file of `ssl_password_file` open to others,
encryption adds nothing, and people take less care of the key. The master process reads the file as root;
nobody else needs to.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/encrypted.key;
    ssl_password_file   /pki/readable-passwords.txt;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/encrypted.key;
    ssl_password_file   /pki/passwords.txt;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_password_file
"""

from mtls_lint.api import PASSWORDS, Configuration, Context, Finding, Findings, Severity, rule


@rule(
    id="password-file-exposed",
    severity=Severity.ERROR,
    since="0.1",
    needs=(
        "ssl_password_file",
        "proxy_ssl_password_file",
        "grpc_ssl_password_file",
        "uwsgi_ssl_password_file",
    ),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report password files that others can open."""
    for use, related in ctx.files(PASSWORDS):
        found = ctx.readers(use.reference)
        if found is not None:
            yield Finding(
                f"the pass phrases in {use.reference.written} can be read by {found.who} (mode {found.mode});"
                " only root needs to, and the keys they open are as open as the file",
                use.reference.span,
                "let root own it and nobody else read it (chmod 600), and change the pass phrases",
                related,
                severity=found.severity,
            )
