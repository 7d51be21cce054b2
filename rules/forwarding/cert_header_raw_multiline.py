"""The client's certificate is put into a header in several lines.

`$ssl_client_raw_cert` is a PEM text, line breaks included, and `$ssl_client_cert` the same with a tab in
front of each further line. A header is one line. What a backend makes of the others differs: nginx answers
400 to each request of a client with a certificate, and so does every strict server. Others take the second
line of `$ssl_client_raw_cert` for the end of the headers: they see the first line of the certificate, and
none of the headers behind it, such as one that says whether the certificate is in order. Over HTTP/2
(`grpc_pass`) the request is refused in any case.

In a parameter (`fastcgi_param`, `uwsgi_param`, `scgi_param`) line breaks do no harm.

Use `$ssl_client_escaped_cert` (nginx 1.13.5): it is one line, with `%0A` for each break; the backend
decodes it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_set_header X-Client-Cert $ssl_client_raw_cert;
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
    location / {
        proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_escaped_cert
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_cert (deprecated for this reason)
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    ForwardingPath,
    Severity,
    asks,
    fix,
    forwarding_paths,
    rule,
    set_word,
    variables_in,
)

_RAW, _FOLDED = "ssl_client_raw_cert", "ssl_client_cert"
_MULTILINE = frozenset({_RAW, _FOLDED})


@rule(
    id="cert-header-raw-multiline",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_set_header", "grpc_set_header"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each directive that does so on a path to a backend, where clients are asked at all."""
    found: dict[Directive, tuple[ForwardingPath, str]] = {}
    for path in forwarding_paths(configuration):
        if path.told.named.isdisjoint(_MULTILINE) or not path.has_headers or not asks(path.server):
            continue
        for forwarded in path.identity.values():
            named = variables_in(forwarded.value) & _MULTILINE
            if named:
                found.setdefault(forwarded.directive, (path, min(named)))
    for directive, (path, variable) in found.items():
        refused = path.protocol == "grpc" or variable == _RAW
        then = (
            "the backend refuses the request, or loses the headers behind it"
            if refused
            else "strict backends refuse the request of every client with a certificate"
        )
        yield Finding(
            f"${variable} goes into the header {directive.args[0]} with its line breaks, where one line is"
            f" expected: {then}",
            directive.arg_span(1),
            "use $ssl_client_escaped_cert, which the backend has to decode",
            severity=None if refused else Severity.WARNING,
            confidence=Confidence.LIKELY if not refused or configuration.tree.is_fragment else None,
            fix=fix("send the certificate in one line", set_word(directive, 1, "$ssl_client_escaped_cert"))
            if directive.args[1] == f"${variable}" and ctx.version >= (1, 13, 5)
            else None,
        )
