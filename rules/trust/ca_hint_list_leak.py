"""Everybody who connects is told the names of all client CAs.

The subject of each certificate in `ssl_client_certificate` goes to every client in the handshake, also to
one without a certificate. It helps a browser to choose. Where each partner has a CA of his own, the list
tells any visitor who the partners are, and it makes each handshake longer.

Looked for are ten names or more. Before nginx 1.27.2 there is no way around the list, and nothing is said.

Fine: CAs whose names are no secret, and clients that choose by the list.

Put the CAs into `ssl_trusted_certificate` and leave `ssl_client_certificate` out: they are trusted all the
same, and no names are sent.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/many-roots.pem;
    ssl_verify_client       on;
}
```

Good:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_trusted_certificate /pki/many-roots.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_trusted_certificate
- RFC 9846, section 4.3.4
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    ca_names,
    is_bundle,
    rule,
    servers_in_words,
)

_MANY = 10
_TOO_LONG = 65_485
"""Above it ca-name-list-too-long says that no handshake succeeds."""


@rule(id="ca-hint-list-leak", severity=Severity.INFO, since="0.1", needs=("ssl_client_certificate",))
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report a file by which ten names or more are sent."""
    if trust.directive.name != "ssl_client_certificate" or ctx.version < (1, 27, 2):
        return
    told = ctx.of_file(trust.reference, _told)
    if told is None:
        return
    number, length = told
    one = len(trust.servers) == 1
    yield Finding(
        f"{servers_in_words(trust.servers)} tell{'s' if one else ''} everybody who connects the names of the"
        f" {number} CAs in {trust.reference.written} ({length} bytes in each handshake)",
        trust.reference.span,
        "if the names are nobody's business, put the CAs into ssl_trusted_certificate and leave"
        " ssl_client_certificate out",
    )


def _told(certificates: tuple[Certificate, ...], ctx: Context) -> tuple[int, int] | None:
    """How many names are sent, and their bytes; None where they are few, too many, or those of the web."""
    names = ca_names(certificates, ctx.version)
    length = sum(len(name) + 2 for name in names)
    if len(names) < _MANY or length > _TOO_LONG or is_bundle(certificates):
        return None
    return len(names), length
