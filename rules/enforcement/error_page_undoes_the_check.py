"""An error page serves the content that a check of the client's certificate has just refused.

`if ($ssl_client_verify != SUCCESS) { return 403; }` refuses, and `error_page 403 = @app` answers: nginx goes
on in `@app` with the URI, method and arguments of the refused request, and the rewrite directives of the
server are not run again. The client gets what the check was to keep from it. So does one whose certificate is
in order, where the check is for another name.

A static page or a redirect is fine. So is an error page with an address (`/403.html`): the checks of the
server are made again for it. What another backend than the server's own answers is a warning only.

Point the error page to a static page, or use another code for the refusal.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       optional;
    error_page 403 = @app;
    if ($ssl_client_verify != SUCCESS) {
        return 403;
    }
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
    ssl_verify_client       optional;
    error_page 403 @refused;
    if ($ssl_client_verify != SUCCESS) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location @refused {
        return 403 "A client certificate is needed here.";
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
- https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return
"""

from mtls_lint.api import (
    Cause,
    Context,
    Finding,
    Findings,
    Related,
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


@rule(
    id="error-page-undoes-the-check",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("error_page",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report error pages that answer a check's refusal with content of a backend."""
    for opening in find_openings(ctx.configuration, server, ctx.now).of(Cause.UNDONE):
        served = opening.door.served
        page = served.decision.error_page
        if opening.check is None or page is None or not passes_on(served):
            continue
        everything = keeps_request(page) and leads_to_app(ctx.configuration, opening)
        yield Finding(
            f"`if {opening.check.condition}` refuses the client, but `{page.text}` then serves"
            f" {'it what it asked for' if everything else 'it something of a backend'}:"
            f" {opening.whoever} {'gets in' if everything else 'gets that'}",
            page.span,
            "let the error page be a static page or a redirect, or refuse with another code",
            related=(
                Related(opening.check.directive.span, "this check is undone"),
                *behind(opening.door, "served all the same"),
            ),
            witness=witness_of(opening.door),
            severity=None if everything else Severity.WARNING,
        )
