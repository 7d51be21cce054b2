"""Clients are checked by OCSP, but nginx cannot look up the responders' names.

`ssl_ocsp` asks the responder that the client's certificate names (Authority Information Access). That is a
URL with a host name, and nginx looks it up with `resolver` alone, never with the system's. Without
`resolver` it logs `no resolver defined to resolve ...` and refuses the client (400): everybody, not only
the revoked, because nginx lets nobody in whose state it could not learn. `nginx -t` says nothing.

Fine without `resolver`: certificates that name the responder by an IP address, and `ssl_ocsp_responder`,
whose name is looked up by the system when nginx starts.

Name a resolver that you trust (its answers decide where nginx asks): `resolver 127.0.0.53;`.

Bad:
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
        ssl_ocsp                on;
        ssl_ocsp_cache          shared:ocsp:1m;
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
    ssl_ocsp                on;
    ssl_ocsp_cache          shared:ocsp:1m;
    resolver                127.0.0.53;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
    ssl_ocsp_cache          shared:ocsp:1m;
    ssl_ocsp_responder      http://127.0.0.1:8888/;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
- https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    ocsp_servers,
    rule,
    servers_in_words,
)


@rule(
    id="ocsp-without-resolver",
    severity=Severity.ERROR,
    since="0.1",
    confidence=Confidence.LIKELY,
    needs=("ssl_ocsp",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each `ssl_ocsp` with the servers that cannot look up a responder."""
    for directive, servers in ocsp_servers(configuration).items():
        helpless: list[VirtualServer] = []
        for server in servers:
            resolver, responder = server.setting("resolver"), server.setting("ssl_ocsp_responder")
            if responder.value or resolver.is_set:
                continue
            unknown = resolver.unknown or responder.unknown
            if unknown is not None:
                ctx.not_evaluated(directive.span, f"whether there is a resolver for OCSP: {unknown.reason}")
            elif resolver.assumed:
                reason = "whether there is a resolver for OCSP: the configuration around this may set it"
                ctx.not_evaluated(directive.span, reason)
            else:
                helpless.append(server)
        if helpless:
            yield Finding(
                f"ssl_ocsp needs a resolver to find the responders that certificates name, and there is none"
                f" in {servers_in_words(helpless)}: every client whose certificate names a host is refused",
                directive.span,
                "add `resolver` with the address of a DNS server you trust, or name an `ssl_ocsp_responder`",
            )
