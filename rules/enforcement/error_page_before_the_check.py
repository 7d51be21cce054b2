"""An error page hands requests that nginx refuses before it looks at the certificate to the backend.

nginx reads the head of a request first and asks for the certificate afterwards. What is wrong with the head
is answered before: 400 (a Host that is not valid, two of them, a broken header), 405 (TRACE), 414 and 494
(too long), 421 (Host and SNI differ), 501 and 505. An `error_page` for one of these codes is followed like
any other, and when it leads to a location that passes the request on, a client without a certificate gets
content by sending, for instance, `Host: not..valid`. A named location (`@app`) keeps the URI and opens
everything; with TRACE, what the backend makes of that method.

A static page or a redirect is fine, and so is an error page for codes that come after the check: 403, 404,
413 and the 5xx of a backend.

Point the error page to a static page, or take these codes out of it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    error_page 400 404 = @app;
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
    error_page 404 = @app;
    error_page 400 /400.html;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location @app {
        proxy_pass http://127.0.0.1:8080;
    }
    location = /400.html {
        root /usr/share/nginx/html;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors
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

_HEADS = {
    400: "with a Host that is not valid",
    405: "with the method TRACE",
    414: "with a request line that is too long",
    421: "with a Host that differs from the SNI",
    494: "with a header that is too long",
    501: "with a Transfer-Encoding that nginx does not know",
    505: "with a version of HTTP that nginx does not speak",
}


@rule(
    id="error-page-before-the-check",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("error_page",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report error pages that answer a refused head with a backend's content, one finding for a page."""
    if server.verify_client == "off":
        return
    told: set[object] = set()
    for opening in find_openings(ctx.configuration, server, ctx.now).of(Cause.EARLY):
        served = opening.door.served
        page, code = served.decision.error_page, served.decision.error
        if page is None or code is None or page in told or not passes_on(served):
            continue
        told.add(page)
        # What a backend makes of TRACE is its own affair: most refuse it.
        everything = code != 405 and keeps_request(page) and leads_to_app(ctx.configuration, opening)
        yield Finding(
            f"`{page.text}` answers before nginx looks at the certificate: a request {_HEADS[code]} gets"
            f" {'content of the backend, and everybody gets in' if everything else 'something of a backend'}",
            page.span,
            "let the error page be a static page or a redirect, or take 400, 405, 414, 421, 494, 501 and 505"
            " out of it",
            related=behind(opening.door, "served without a certificate"),
            witness=witness_of(opening.door),
            severity=None if everything else Severity.WARNING,
        )
