"""Who gets in is decided by `$ssl_client_fingerprint`, which is a SHA-1 digest.

nginx offers no other fingerprint. SHA-1 is broken where an attacker makes both halves of a pair: whoever has
a part in making two certificates can give them one fingerprint. To find a certificate for the fingerprint of
somebody else's is beyond reach to this day, and where the chain is verified, a trusted CA would have to issue
it besides. So this is hygiene; auditors who count SHA-1 will ask.

Fine: fingerprints that are only written to a log.

Compare the name and its issuer, or leave the comparison to the backend: give it `$ssl_client_escaped_cert`,
and compare the SHA-256 digest there.

Bad:
```nginx
map $ssl_client_fingerprint $known {
    default                                  0;
    4b1c9a7a7f2d3e5c6b8a90d1e2f30415263748aa 1;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($known = 0) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
map $ssl_client_s_dn $known {
    default           0;
    "CN=alice,O=Acme" 1;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($known = 0) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_fingerprint
- RFC 9325, section 4.5 (SHA-1 in signatures)
"""

from mtls_lint.api import (
    FINGERPRINT,
    Configuration,
    Context,
    Finding,
    Findings,
    Reception,
    Severity,
    behind,
    receiving_servers,
    rule,
)


@rule(id="fingerprint-sha1", severity=Severity.INFO, since="0.1", needs=("ssl_verify_client",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each ``if`` and ``map`` once whose fingerprints let somebody in."""
    judged = set()
    for server in receiving_servers(configuration):
        reception = Reception(ctx, server)
        for test in reception.sample(lambda one: one.variable == FINGERPRINT):
            if test.block in judged:
                continue
            for value in test.passing[:1]:
                holder = reception.privileged(test, value)
                if holder is None:
                    continue
                judged.add(test.block)
                place = next(iter(reception.privileges(holder).values()))
                yield Finding(
                    f"{server.label} tells its clients apart by $ssl_client_fingerprint, a SHA-1 digest: two"
                    " certificates can be made that have the same",
                    test.span,
                    "compare $ssl_client_s_dn and $ssl_client_i_dn, or let the backend compare the SHA-256"
                    " digest of $ssl_client_escaped_cert",
                    related=behind(reception.door(holder, place), "served to whoever has that fingerprint"),
                )
