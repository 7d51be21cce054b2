"""A server switches off the check of client certificates that all others inherit.

`ssl_verify_client` at the `http` (or `stream`) level makes every server below it ask for a certificate. A
single `ssl_verify_client off` in a server wins over that, and this server lets everybody in. It is easily
left behind after a test, and nobody who reads the `http` level would expect it. Requests reach it through
other names of the same socket as well: nginx decides by the Host of each request.

It is fine in a server that serves no content to strangers: one that only redirects, refuses, answers health
checks and ACME challenges, or has `ssl_reject_handshake on`. If the server is meant to be public, keep it
out of the configuration that verifies clients, or ignore this finding with the reason beside it.

Delete the line, or give the public part a server that has nothing else in it.

Bad:
```nginx
events {}
http {
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    server {
        listen 443 ssl;
        server_name www.example.com;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_verify_client off;
        location / {
            proxy_pass http://127.0.0.1:8081;
        }
    }
}
```

Good:
```nginx
events {}
http {
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    server {
        listen 443 ssl;
        server_name www.example.com;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
    server {
        listen 443 ssl;
        server_name example.com;
        ssl_verify_client off;
        return 301 https://www.example.com$request_uri;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/http/request_processing.html
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    behind,
    delete_directive,
    find_door,
    fix,
    rule,
    witness_of,
)


@rule(
    id="verify-client-off-override",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    verify = server.setting("ssl_verify_client")
    outer = next((directive for directive in verify.overrides if directive.args), None)
    if verify.lower != "off" or verify.directive is None or outer is None or outer.args[0].lower() == "off":
        return
    if not server.tls_sockets or server.module == "mail" or server.setting("ssl_reject_handshake").is_on:
        return
    door = None
    if server.module == "http":
        door = find_door(ctx.configuration, server, server.tls_sockets, ctx.now)
        if not server.complete or (door is not None and door.doubts):
            reason = door.doubts[0] if door is not None and door.doubts else "part of the server is not given"
            ctx.not_evaluated(verify.directive.span, f"what {server.label} serves to everybody: {reason}")
            return
        if door is None:
            return
    yield Finding(
        f"ssl_verify_client off in {server.label} wins over `{outer.text}` around it: this server asks"
        " nobody for a certificate and lets everybody in",
        verify.directive.arg_span(0),
        "delete this line, or leave nothing in this server that strangers must not see",
        related=(
            Related(outer.span, "all other servers inherit this"),
            *behind(door, "served without a certificate"),
        ),
        witness=witness_of(door),
        fix=fix("delete `ssl_verify_client off`", delete_directive(verify.directive)),
    )
