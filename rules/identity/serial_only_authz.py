"""Several CAs are trusted, and a client is known by the serial number of its certificate alone.

A serial number is unique among the certificates of one CA, and each CA has its own: many begin with 1 and
count. Where clients of two CAs are accepted, and an `if` or a `map` looks at `$ssl_client_serial` alone, the
other CA's certificate with that number gets in, whoever its holder is.

Fine: a single CA.

Compare `$ssl_client_i_dn` as well, or the client's name and its issuer instead.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/two-roots.pem;
    ssl_verify_client       on;
    if ($ssl_client_serial != 1001) {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
map "$ssl_client_i_dn|$ssl_client_serial" $known {
    default                   0;
    "CN=Example Root CA|1001" 1;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/two-roots.pem;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_serial
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Reception,
    Related,
    Severity,
    behind,
    doubles,
    is_serial,
    receiving_servers,
    rule,
    unread_cas,
    witness_of,
)


@rule(id="serial-only-authz", severity=Severity.WARNING, since="0.1", needs=("ssl_verify_client",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, once for a server, the test of a serial number that certificates of two CAs pass."""
    judged = set()
    for server in receiving_servers(configuration):
        reception = Reception(ctx, server)
        unread_cas(reception, is_serial)
        double = next(doubles(reception, by_serial=True), None)
        if double is None or double.test.block in judged:
            continue
        judged.add(double.test.block)
        door = reception.door(double.impostor, double.place)
        one, other = double.holder.issuer, double.impostor.issuer
        yield Finding(
            f"the serial number alone is compared, and {server.label} accepts clients of several CAs: whoever"
            f" has the certificate {double.impostor.facts.serial} of `{other.name}` gets in as the holder of"
            f" that of `{one.name}` does",
            double.test.span,
            "compare $ssl_client_i_dn as well",
            related=(
                Related(other.reference.span, f"`{other.name}` is trusted by this"),
                *behind(door, "served to both"),
            ),
            witness=witness_of(door),
            confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        )
