"""An error page for a missing or bad certificate hands the request to the backend.

`ssl_verify_client` answers 400, with nginx's own codes 496 (no certificate), 495 (a bad one) and 497 (plain
HTTP on the TLS port). An `error_page` for these codes replaces that answer. When its target is a location
that passes the request on, the client gets content without a certificate. A named location (`@app`) keeps the
original URI, method and arguments, and so opens everything; a fixed address opens that one page of the
backend, and a backend of its own perhaps nothing that matters: these are warnings.

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
    Cause,
    Context,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    behind,
    find_openings,
    keeps_request,
    leads_to_app,
    passes_on,
    rule,
    witness_of,
)

_GATE = {"495", "496", "497"}
_WHO = {
    495: "a client with a certificate that nobody vouches for",
    496: "a client without a certificate",
    497: "a client that speaks plain HTTP to the TLS port",
}


@rule(
    id="error-page-opens-the-door",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("error_page",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report servers that refuse a client and answer the refusal with a backend's content."""
    verify = server.setting("ssl_verify_client")
    pages = [d for d in server.setting("error_page").directives if _GATE & set(d.args)]
    if not pages or verify.lower == "off":
        return
    openings = find_openings(ctx.configuration, server, ctx.now)
    opening = next((one for one in openings.of(Cause.ERROR_PAGE) if passes_on(one.door.served)), None)
    if opening is None:
        if openings.doubt is not None and verify.lower == "on":
            ctx.not_evaluated(pages[0].span, f"what the error page serves: {openings.doubt}")
        return
    decision = opening.door.served.decision
    page = decision.error_page or pages[0]
    everything = keeps_request(page) and leads_to_app(ctx.configuration, opening)
    yield Finding(
        f"ssl_verify_client is {verify.lower}, but `{page.text}` answers {_WHO[decision.error or 496]} with"
        f" {'content of the backend: everybody gets in' if everything else 'something of a backend'}",
        page.span,
        "let the error page be a static page or a redirect, or delete it",
        related=behind(opening.door, "served without a proper certificate"),
        witness=witness_of(opening.door),
        severity=None if everything else Severity.WARNING,
    )
