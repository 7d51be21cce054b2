"""Several CAs are trusted, and a client's name counts whichever of them has issued its certificate.

A name means something only together with the CA that vouches for it. Where clients of two CAs are accepted,
and an `if` or a `map` looks at `$ssl_client_s_dn` alone, the second CA can make a certificate with the name
of a client of the first (by intent, by mistake, or because it has an alice of its own), and that one gets in.

Fine: several CAs in one hand, and the old and the new CA at the time of a change. CAs whose names show that
(one organisation, `Acme CA G1` and `Acme CA G2`) are no finding. Public CAs have a rule of their own
(`ca-public-root`).

Compare `$ssl_client_i_dn` as well, or give each CA's clients a server of their own.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/two-roots.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn != "CN=alice,O=Acme") {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:
```nginx
map "$ssl_client_i_dn|$ssl_client_s_dn" $known {
    default                                   0;
    "CN=Example Root CA|CN=alice,O=Acme"      1;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_i_dn
- OWASP ASVS 5.0, 12.1.3
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
    is_client_name,
    receiving_servers,
    rule,
    unread_cas,
    witness_of,
)


@rule(
    id="issuer-unchecked",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("ssl_verify_client",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, once for a server, the test of a name that takes the clients of two CAs for the same."""
    judged = set()
    for server in receiving_servers(configuration):
        reception = Reception(ctx, server)
        unread_cas(reception, is_client_name)
        double = next(doubles(reception, by_serial=False), None)
        if double is None or double.test.block in judged:
            continue
        judged.add(double.test.block)
        door = reception.door(double.impostor, double.place)
        name = double.holder.facts.subject
        one, other = double.holder.issuer, double.impostor.issuer
        yield Finding(
            f"the name alone is compared, and {server.label} accepts clients of several CAs: a certificate"
            f" for `{name}` from `{other.name}` gets in as the one from `{one.name}` does",
            double.test.span,
            "compare $ssl_client_i_dn as well, or give the clients of each CA a server of their own",
            related=(
                Related(other.reference.span, f"`{other.name}` is trusted by this"),
                *behind(door, "served to both"),
            ),
            witness=witness_of(door),
            confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        )
