"""A self-signed client certificate is pinned in the CA file, and `ssl_crl` keeps it out.

A self-signed client certificate in `ssl_client_certificate` is accepted as it is: that is how single clients
are pinned. With `ssl_crl` it needs a CRL like any other certificate, one signed *by itself*, which nobody has
(`unable to get certificate CRL`), and which would not count either unless its key usage has cRLSign. So every
pinned client is refused; `nginx -t` says nothing.

Put pinned clients into a server of their own without `ssl_crl` (to revoke one, take it out of the file), or
give them certificates of a CA.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root-and-pinned.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/self-signed-client.pem;
    ssl_verify_client       on;
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
    ssl_crl                 /pki/crl.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    VerifyError,
    VirtualServer,
    checked_clients,
    crl_files,
    listed,
    rule,
    servers_in_words,
)

_DATES = {VerifyError.CRL_HAS_EXPIRED, VerifyError.CRL_NOT_YET_VALID, VerifyError.CERT_REVOKED}


@rule(id="pinned-client-with-crl", severity=Severity.ERROR, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the pinned clients that the CRLs of a file keep out."""
    for crl_file in crl_files(configuration):
        found: dict[tuple[str, str], list[VirtualServer]] = {}
        for group in checked_clients(crl_file, ctx):
            pinned = [one for one in group.pinned_out(ctx.now) if one.error not in _DATES]
            if pinned:
                names = listed(list(dict.fromkeys(f'"{one.ca.display_name}"' for one in pinned)))
                texts = listed(list(dict.fromkeys(one.error.text for one in pinned)))
                found.setdefault((names, texts), []).extend(group.servers)
        for (names, texts), servers in found.items():
            given = servers[0].setting("ssl_client_certificate").span
            yield Finding(
                f"ssl_crl keeps out the self-signed client {names}, which the CA file pins: it would need a"
                f" CRL signed by itself, and is refused by {servers_in_words(servers)} ({texts})",
                crl_file.reference.span,
                "pin clients in a server without ssl_crl, or give them certificates of a CA",
                related=(Related(given, "pinned here"),) if given is not None else (),
            )
