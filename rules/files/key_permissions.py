"""A private key can be read by others than root.

Who has the private key of a server can stand between it and its clients; who has the client key that nginx
shows to its backends gets in there as nginx. The master process reads keys as root before the workers
start, so nobody else needs to read them, not even the workers' user: other programs often run under it.

A key that others could read is to be considered stolen: make a new one. Then `chmod 600` (or 400) and
`chown root` for its file, or keep it in a directory that only root may enter, as certbot does.

Nothing is said where a directory on the way keeps everybody out, of Debian's group `ssl-cert`, which is
there for keys, and of the group root while it has no members. In a working copy (git ...) permissions are
those of the checkout: then keys with relative paths are not evaluated.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/readable.key;
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
- https://nginx.org/en/docs/http/configuring_https_servers.html
- CIS NGINX Benchmark v2.1.0 and v3.0.0, 4.1.3
"""

from mtls_lint.api import KEYS, Configuration, Context, Finding, Findings, Severity, rule


@rule(
    id="key-permissions",
    severity=Severity.ERROR,
    since="0.1",
    controls=("CIS NGINX 3.0.0 4.1.3",),
    needs=(
        "ssl_certificate_key",
        "ssl_conf_command",
        "proxy_ssl_certificate_key",
        "grpc_ssl_certificate_key",
        "uwsgi_ssl_certificate_key",
    ),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report keys that others can open."""
    for use, related in ctx.files(KEYS):
        found = ctx.readers(use.reference)
        if found is not None:
            yield Finding(
                f"the private key {use.reference.written} can be read by {found.who} (mode {found.mode});"
                " only root needs to, and whoever has it can pose as its owner",
                use.reference.span,
                "let root own it and nobody else read it (chmod 600), and replace the key if others could"
                " have read it",
                related,
                severity=found.severity,
            )
