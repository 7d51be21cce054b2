"""The CA file holds an intermediate CA without its root, so that its clients are refused.

nginx (OpenSSL) accepts a client's chain only when it ends at a *self-signed* certificate of the CA file. An
intermediate alone, however trustworthy, ends no chain: every client below it gets 400, the log says `unable
to get issuer certificate`, and `nginx -t` says nothing. That the client sends the root along does not help.

Other programs (Go, Java, Python's `cryptography`) accept an intermediate as an anchor: a file that works
there can fail here.

Add the root to the file, or to `ssl_trusted_certificate` if it should not be announced to clients. To admit
only clients of one intermediate, keep the root and compare `$ssl_client_i_dn` after the check. From nginx
1.27.2 on a `BEGIN TRUSTED CERTIFICATE` block with trust for clientAuth makes the intermediate an anchor:
`openssl x509 -in intermediate.pem -addtrust clientAuth -trustout`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/intermediate.pem;
    ssl_verify_client       on;
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
}
```
```nginx
# The root is trusted without being announced.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/intermediate.pem;
    ssl_trusted_certificate /pki/root.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- https://docs.openssl.org/3.3/man1/openssl-verification-options/ (Certificate Chain Building, Trust Settings)
"""

from mtls_lint.api import (
    Certificate,
    ClientTrust,
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    VirtualServer,
    listed,
    reference_to,
    rule,
    servers_in_words,
)


@rule(
    id="ca-intermediate-only",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    intermediates = ctx.of_file(trust.reference, _intermediates)
    if not intermediates:
        return
    dead: dict[Certificate, None] = {}
    touched: list[VirtualServer] = []
    locked: list[VirtualServer] = []
    certain = True
    for server in trust.servers:
        store = ctx.client_trust(server)
        if store is None or _said_elsewhere(trust, server, store, ctx):
            continue
        unanchored = [c for c in intermediates if _is_dead(c, store)]
        if unanchored:
            dead.update(dict.fromkeys(unanchored))
            touched.append(server)
            certain &= store.complete
        if unanchored and not store.anchors:
            locked.append(server)
    if not dead or (trust.may_be_for_stapling and not locked):
        return
    names = listed([f'"{certificate.display_name}"' for certificate in dead])
    roots = listed(sorted({certificate.issuer for certificate in dead}))
    if locked:
        found = f"{trust.reference.written} holds the intermediate {names} and no self-signed root"
        consequence = f"every client of {servers_in_words(locked)} is refused"
    else:
        found = f"{trust.reference.written} holds the intermediate {names} without its root"
        consequence = f"its clients are refused by {servers_in_words(touched)}"
    yield Finding(
        f"{found}: nginx ends a chain only at a self-signed certificate, so that {consequence}"
        " (unable to get issuer certificate)",
        trust.reference.span,
        f"add the root to the file (issuer: {roots})",
        severity=Severity.ERROR if locked else Severity.WARNING,
        confidence=None if certain else Confidence.LIKELY,
    )


def _intermediates(certificates: tuple[Certificate, ...], _: Context) -> list[Certificate]:
    """The certificates that end no chain; none where no CA is among them."""
    found = [one for one in dict.fromkeys(certificates) if not one.self_signed]
    return found if any(one.is_ca for one in found) else []


def _is_dead(certificate: Certificate, store: ClientTrust) -> bool:
    return certificate.is_ca and not store.reaches_anchor(certificate)


def _said_elsewhere(trust: TrustFile, server: VirtualServer, store: ClientTrust, ctx: Context) -> bool:
    """Whether the server's other file lacks its root as well: one root cures both, and one finding does."""
    first = server.setting("ssl_client_certificate").directive
    if first is None or first is trust.directive:
        return False
    certificates = ctx.certificates(reference_to(ctx.configuration, first))
    return any(_is_dead(certificate, store) for certificate in certificates or ())
