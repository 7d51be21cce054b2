"""The header Client-Cert is set to something else than RFC 9440 says.

`Client-Cert` and `Client-Cert-Chain` are names with a meaning: RFC 9440 wants the certificate in DER,
base64 without line breaks, between two colons. nginx has no variable in this form:
`$ssl_client_escaped_cert` is PEM with percent signs. A backend that follows the RFC cannot read it, and one
that expects PEM there goes by nobody's standard.

It is fine where a script (njs) makes the value. Use a name of your own, such as `X-Client-Cert`, for what
nginx sends, or make the value with njs.

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
        proxy_set_header Client-Cert $ssl_client_escaped_cert;
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
        proxy_set_header Client-Cert   "";
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- RFC 9440 section 2.1 (the form), 2.4 (what comes from clients is removed)
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_escaped_cert
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    forwarding_paths,
    rule,
    variables_in,
)

_NAMES = frozenset({"client-cert", "client-cert-chain"})


@rule(
    id="client-cert-header-not-rfc9440",
    severity=Severity.INFO,
    since="0.1",
    controls=("RFC 9440 2.1",),
    needs=("proxy_set_header", "grpc_set_header"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report each directive that sets such a header from nginx's own variables."""
    found: dict[Directive, str] = {}
    for path in forwarding_paths(configuration):
        if not path.has_headers or _NAMES.isdisjoint(path.told.identity):
            continue
        for forwarded in path.identity.values():
            named = forwarded.facts & variables_in(forwarded.value)
            if named and forwarded.name.lower() in _NAMES:
                found.setdefault(forwarded.directive, min(named))
    for directive, variable in found.items():
        yield Finding(
            f"{directive.args[0]} is to hold a certificate as RFC 9440 writes it (base64 of DER between"
            f" colons), but ${variable} is not of that form: a backend that follows the RFC cannot read it",
            directive.arg_span(0),
            "choose another name for the header, or make the value with njs",
        )
