"""`ssl_verify_depth` allows more intermediates than any PKI has.

The number bounds how many CAs may stand between a client's certificate and the root. With a root that does
not bound it itself (path length) each CA below it can make another one, and a large number accepts them
all. Nobody who knows his PKI needs more than a few: most have one or two intermediates.

Set the number of intermediates of your clients: 1 without the directive, 2 for a CA below another one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_verify_depth        100;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/chain-bundle.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_depth
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    asks,
    rule,
    servers_in_words,
    uses,
)

_SENSIBLE = 10
"""Far above what is in use; a habit of many configurations."""


@rule(id="verify-depth-too-large", severity=Severity.INFO, since="0.1", needs=("ssl_verify_depth",))
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report each directive with a larger number that some server takes which asks for certificates."""
    for use in uses(configuration, "ssl_verify_depth"):
        directive = use.directives[0]
        servers = [server for server in use.servers if asks(server)]
        value = str(directive.args[0]) if directive.args else ""
        if value.isdecimal() and int(value) > _SENSIBLE and servers:
            yield Finding(
                f"ssl_verify_depth {value} lets {servers_in_words(servers)} accept clients below {value}"
                " intermediates, far more than any chain of yours will have",
                directive.span,
                "set the number of intermediates between your clients and their root, such as 2",
            )
