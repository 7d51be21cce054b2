"""No server of the configuration asks for a client certificate.

Whoever runs this tool expects mutual TLS somewhere, and there is none: not one server has
`ssl_verify_client` with a value other than `off` (or `ssl_conf_command VerifyMode`). Every client is served
without a certificate. Often the directive was meant to be in a file that is not included, or was removed
for a test.

Nothing is said where nginx itself is the client that has a certificate, for a backend. And this is fine for a
configuration that needs no client certificates at all: then ignore this rule. It is said
once for each configuration, because a single server without client certificates is normal. Name the servers
that must ask for one with `--require NAME`, and each is checked for itself.

Bad:
```nginx
events {}
http {
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_certificate     /pki/server.pem;
        ssl_certificate_key /pki/server.key;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

Good:
```nginx
events {}
http {
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#ssl_verify_client
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    asks,
    rule,
    servers_in_words,
    upstream_certificates,
)


@rule(
    id="client-certificates-never-requested",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    servers = [*configuration.servers_of("http"), *configuration.servers_of("stream")]
    # With --require, required-name-unprotected says it of each name; CAs without a check are
    # mtls-not-enforced, CRLs and OCSP without one revocation-without-verification.
    if not servers or ctx.settings.require or any(map(asks, servers)) or _means_to_ask(servers):
        return
    if upstream_certificates(configuration):
        return  # mutual TLS with a backend
    tls = [server for server in servers if server.tls_sockets]
    first = tls[0] if tls else servers[0]
    unread = [problem for problem in configuration.tree.problems if not problem.harmless]
    if unread:
        ctx.not_evaluated(
            first.span, f"whether some server asks for client certificates: {unread[0].message}"
        )
        return
    if configuration.tree.is_fragment and not any(server.directive is not None for server in tls):
        ctx.not_evaluated(first.span, "whether a server asks for client certificates: no TLS server is given")
        return
    yield Finding(
        f"no server asks for a client certificate ({_counted(servers)}): everybody is served without one,"
        " and mutual TLS is in force nowhere",
        first.span,
        "write `ssl_verify_client on;` and `ssl_client_certificate` where clients must have a certificate;"
        " if none must, ignore this rule",
        confidence=Confidence.LIKELY if configuration.tree.is_fragment else None,
    )


def _means_to_ask(servers: list[VirtualServer]) -> bool:
    return any(
        server.tls_sockets
        and (
            server.setting("ssl_client_certificate").value
            or (server.has_ssl_context and server.setting("ssl_crl").value)
            or (server.has_ssl_context and server.setting("ssl_ocsp").lower in {"on", "leaf"})
        )
        for server in servers
    )


def _counted(servers: list[VirtualServer]) -> str:
    return (
        f"{servers_in_words(servers)}: ssl_verify_client is off in all of them"
        if len(servers) > 1
        else (f"{servers_in_words(servers)}: ssl_verify_client is off")
    )
