"""Clients are checked by OCSP, and every handshake asks the responder anew.

Without `ssl_ocsp_cache` nginx sends one OCSP request for each full handshake, and the client waits for the
answer. When the responder is slow so is every client, and when it is down nobody gets in at once, because
nginx refuses whoever it cannot ask about. With a cache an answer serves until its own end, for all workers.

Add a cache: `ssl_ocsp_cache shared:ocsp:1m;`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
    resolver                127.0.0.53;
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

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp_cache
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


@rule(id="ocsp-without-cache", severity=Severity.INFO, since="0.1", needs=("ssl_ocsp",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each `ssl_ocsp` with the servers that remember no answer."""
    for directive, servers in ocsp_servers(configuration).items():
        forgetful: list[VirtualServer] = []
        assumed = False
        for server in servers:
            cache = server.setting("ssl_ocsp_cache")
            if cache.lower not in {"", "off"}:
                continue
            if cache.unknown is not None:
                ctx.not_evaluated(directive.span, f"whether OCSP has a cache: {cache.unknown.reason}")
                continue
            forgetful.append(server)
            assumed |= cache.assumed
        if forgetful:
            yield Finding(
                f"ssl_ocsp has no cache in {servers_in_words(forgetful)}: every handshake waits for the"
                " responder, and when that is down every client is refused",
                directive.span,
                "add `ssl_ocsp_cache shared:ocsp:1m;`",
                confidence=Confidence.LIKELY if assumed else None,
            )
