"""An intermediate CA names no OCSP responder, so that `ssl_ocsp on` refuses its clients.

`ssl_ocsp on` asks about every certificate of the client's chain but the root: about the client's own and
about each intermediate. The responder for an intermediate is the one its *own* certificate names (the
root's responder). Many intermediates name none, or one by https, which nginx does not ask; then every
client below them is refused with `certificate status request failed`, and `nginx -t` says nothing.

Fine: `ssl_ocsp_responder`, which is asked instead, if it answers for the intermediates as well; and
`ssl_ocsp leaf`, which asks about the client's certificate only.

Write `ssl_ocsp leaf;` and check the intermediates against a CRL of the root, or have them issued anew with a
responder.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/chain-bundle.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
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
    ssl_client_certificate  /pki/chain-bundle.pem;
    ssl_verify_client       on;
    ssl_ocsp                leaf;
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
    ssl_client_certificate  /pki/ocsp-intermediate-bundle.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
    ssl_ocsp_cache          shared:ocsp:1m;
    resolver                127.0.0.53;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
- nginx: ngx_ssl_ocsp_validate_next in src/event/ngx_event_openssl_stapling.c
- RFC 5280, section 4.2.2.1
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
    usable_responder,
)


@rule(id="ocsp-intermediate-without-responder", severity=Severity.ERROR, since="0.1", needs=("ssl_ocsp",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the intermediates of the CA files that nginx cannot ask about."""
    for directive, servers in ocsp_servers(configuration).items():
        if directive.args[0].lower() != "on":
            continue
        found: dict[tuple[Certificate, ...], list[VirtualServer]] = {}
        for server in servers:
            if server.setting("ssl_ocsp_responder").value:
                continue
            mute = tuple(c for c in passing_intermediates(server, ctx) if not usable_responder(c.ocsp_urls))
            if mute:
                found.setdefault(mute, []).append(server)
        for certificates, members in found.items():
            names = listed([f'"{certificate.display_name}"' for certificate in certificates])
            yield Finding(
                f"ssl_ocsp on asks about intermediates too, and {names} names no OCSP responder by"
                f" http:// for itself: every client below it is refused by {servers_in_words(members)}"
                " (certificate status request failed)",
                directive.arg_span(0),
                "write `ssl_ocsp leaf;` and add ssl_crl, or have the intermediates issued with a responder",
            )
