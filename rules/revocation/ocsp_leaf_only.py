"""OCSP is asked about the client's certificate only, not about the intermediates above it.

`ssl_ocsp leaf` leaves the intermediates out. When the root withdraws an intermediate, because its key was
stolen, everybody who holds that key can still issue clients that get in: the thief's responder, or one that
was not told, says that they are good.

Fine where `ssl_crl` lists what the root has withdrawn, and where clients are issued by the root itself.

Write `ssl_ocsp on;` if the intermediates name a responder; otherwise take a withdrawn intermediate out of the
CA file, and keep its root from bringing it back: as long as the root is trusted, a client may send it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ocsp-intermediate-bundle.pem;
    ssl_verify_client       on;
    ssl_ocsp                leaf;
    ssl_ocsp_cache          shared:ocsp:1m;
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
    ssl_client_certificate  /pki/ocsp-intermediate-bundle.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
    ssl_ocsp_cache          shared:ocsp:1m;
    resolver                127.0.0.53;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
"""

from mtls_lint.api import (
    Certificate,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    listed,
    ocsp_servers,
    passing_intermediates,
    rule,
    servers_in_words,
)


@rule(id="ocsp-leaf-only", severity=Severity.INFO, since="0.1", needs=("ssl_ocsp",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the intermediates of the CA files that nobody is asked about."""
    for directive, servers in ocsp_servers(configuration).items():
        if directive.args[0].lower() != "leaf":
            continue
        found: dict[tuple[Certificate, ...], list[VirtualServer]] = {}
        for server in servers:
            if not server.setting("ssl_crl").value and (unasked := passing_intermediates(server, ctx)):
                found.setdefault(unasked, []).append(server)
        for certificates, members in found.items():
            names = listed([f'"{certificate.display_name}"' for certificate in certificates])
            yield Finding(
                f"ssl_ocsp leaf does not ask about {names}: if that intermediate is withdrawn, its clients"
                f" still get into {servers_in_words(members)}",
                directive.arg_span(0),
                "write `ssl_ocsp on;` if the intermediates name a responder, or add ssl_crl",
            )
