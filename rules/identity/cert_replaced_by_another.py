"""Two certificates of a server are for keys of one kind: clients never see the first.

A server may have several certificates, one for each kind of key: one RSA, one EC, one Ed25519. Of two of one
kind the last replaces the first, without a word from nginx or `nginx -t`: the names that only the first one
covers have no certificate any more. The curve makes no other kind: P-256 and P-384 are both EC.

nginx does not choose a certificate by its names. Give each name a server of its own with its certificate, or
have one certificate issued for all names, and delete the other.

Fine: an RSA certificate beside an EC one for the same names.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_certificate     /pki/other-name.pem;
    ssl_certificate_key /pki/other-name.key;
}
```
```nginx
# Nothing is lost yet, but the first one is there for nothing.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/expiring.pem;
    ssl_certificate_key /pki/expiring.key;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_certificate     /pki/rsa.pem;
    ssl_certificate_key /pki/rsa.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
server {
    listen 443 ssl;
    server_name other.example.net;
    ssl_certificate     /pki/other-name.pem;
    ssl_certificate_key /pki/other-name.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
- https://docs.openssl.org/3.3/man3/SSL_CTX_use_certificate/
"""

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    Related,
    ServerCertificate,
    Severity,
    covers,
    listed,
    rule,
    servers_in_words,
)


@rule(id="cert-replaced-by-another", severity=Severity.WARNING, since="0.1", needs=("ssl_certificate",))
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    """Report the first of two; it is an error where a name of a server is lost with it."""
    replacing = ctx.replacement(pair) if pair.presenters else None
    if replacing is None:
        return
    own, other = ctx.leaf(pair.certificate), ctx.leaf(replacing)
    if own is None or other is None or own == other:
        return
    names = [name.text for server in pair.presenters if server.module != "mail" for name in server.names]
    lost = [name for name in dict.fromkeys(names) if covers(own, name) and not covers(other, name)]
    consequence = (
        f"clients that ask for {listed(lost)} find no such name in it and refuse the connection"
        if lost
        else "clients never see it"
    )
    yield Finding(
        f"{replacing.written} replaces {pair.certificate.written} in {servers_in_words(pair.presenters)},"
        f" because both have {own.key_algorithm} keys: {consequence}",
        pair.certificate.span,
        "give each name a server of its own with its certificate, or one certificate for all names"
        if lost
        else "delete the one that is not wanted, with its key",
        related=(Related(replacing.span, "the certificate that stays"),),
        severity=Severity.ERROR if lost else None,
    )
