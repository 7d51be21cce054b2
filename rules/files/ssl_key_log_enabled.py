"""The secrets of TLS sessions are written to a file.

`ssl_key_log` and its kin for upstreams write the secrets of every session to a file, for Wireshark. Whoever
has that file and a recording of the traffic reads all of it, client certificates and what was protected by
them included: forward secrecy is gone. It is a tool for an hour of debugging on a test system.

Delete the directive, and the file it wrote.

Bad:
```nginx nginx=no
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_key_log         /var/log/nginx/keys.log;
}
```
```nginx nginx=no
location / {
    proxy_pass         https://192.0.2.10;
    proxy_ssl_key_log  /var/log/nginx/upstream-keys.log;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_key_log
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_key_log
"""

from mtls_lint.api import (
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    delete_directive,
    fix,
    rule,
)


@rule(
    id="ssl-key-log-enabled",
    severity=Severity.ERROR,
    since="0.1",
    directives=("ssl_key_log", "proxy_ssl_key_log", "grpc_ssl_key_log", "uwsgi_ssl_key_log"),
)
def check(directive: Directive, ctx: Context) -> Findings:
    """Report every key log; ``ctx`` has nothing to add."""
    del ctx
    path = str(directive.args[0]) if directive.args else ""
    if path:
        yield Finding(
            f"`{directive.name}` writes the secrets of all sessions to {path}: whoever has it can decrypt"
            " recorded traffic, forward secrecy or not",
            directive.span,
            f"delete the directive, and {path}",
            fix=fix(f"delete `{directive.name}`", delete_directive(directive), safe=True),
        )
