"""An error page for a missing or bad certificate hands the request to the backend.

`ssl_verify_client on` answers 400, with nginx's own codes 496 (no certificate) and 495 (a bad one). An
`error_page` for these codes replaces that answer. When its target is a location that passes the request on,
the client gets content without a certificate. A named location (`@app`) even keeps the original URI, method
and arguments, and so opens everything.

A static page that explains the refusal is fine, and so is a redirect.

Point the error page to such a page, or delete it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    error_page 495 496 = @app;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location @app {
        proxy_pass http://127.0.0.1:8080;
    }
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
    error_page 495 496 /no-certificate.html;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location = /no-certificate.html {
        root /usr/share/nginx/html;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors
- https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    behind,
    find_door,
    passes_on,
    rule,
    witness_of,
)


@rule(
    id="error-page-opens-the-door",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report servers that require a certificate and answer its absence with a backend's content."""
    verify = server.setting("ssl_verify_client")
    pages = [d for d in server.setting("error_page").directives if {"495", "496"} & set(d.args)]
    if server.module != "http" or verify.lower != "on" or not pages or not server.tls_sockets:
        return
    door = find_door(ctx.configuration, server, server.tls_sockets, ctx.now)
    if door is None or not passes_on(door.served):
        return
    page = pages[0]
    if door.doubts or not server.complete:
        reason = door.doubts[0] if door.doubts else "part of the server is not given"
        ctx.not_evaluated(page.span, f"what the error page serves: {reason}")
        return
    yield Finding(
        f"ssl_verify_client is on, but `{page.text}` answers a client without a certificate with content of"
        " the backend: everybody gets in",
        page.span,
        "let the error page be a static page or a redirect, or delete it",
        related=behind(door, "served without a certificate"),
        witness=witness_of(door),
    )
