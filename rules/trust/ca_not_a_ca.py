"""A certificate in the CA file is not a CA, so that it lets nobody in.

nginx (OpenSSL) ends a client's chain only at a self-signed certificate of the CA file. A certificate that a
CA issued and that may not issue others itself (a client or server certificate, CA:FALSE, a key usage without
keyCertSign) therefore does nothing there: clients with that very certificate are refused (`unable to verify
the first certificate`), and it does not narrow the trust to that client either when its CA stands beside it:
then every client of the CA gets in.

Fine: a *self-signed* client certificate in the file. It is accepted as it is ("pinning"), CA or not.

Put the CA that issued the clients into the file. To admit single clients of a CA, compare
`$ssl_client_s_dn`, `$ssl_client_serial` or `$ssl_client_fingerprint` after the check.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/ca-not-a-ca.pem;
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
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
```
```nginx
# A self-signed client certificate, pinned.
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/self-signed-client.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- RFC 5280, sections 4.2.1.3 and 4.2.1.9
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    VirtualServer,
    lets_clients_in,
    rule,
    servers_in_words,
    why_useless,
)


@rule(
    id="ca-not-a-ca",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    useless = ctx.of_file(trust.reference, _useless)
    if not useless or trust.may_be_for_stapling:
        return
    locked = tuple(server for server in trust.servers if _trusts_nobody(server, ctx))
    usual = (
        f"nothing else is trusted there, and every client of {servers_in_words(locked)} is refused"
        if locked
        else "clients with this certificate are not let in because of it"
    )
    for certificate, why in useless:
        wider = None if locked else _admitted_instead(certificate, trust, ctx)
        consequence = usual
        remedy = f"put the certificate of its CA ({certificate.issuer}) into the file instead"
        if wider is not None:
            consequence = (
                f'it does not narrow the trust to itself: every client of "{wider.display_name}", its CA,'
                " which is trusted beside it, gets in"
            )
            remedy = "remove it; to let that client in alone, compare $ssl_client_s_dn"
        yield Finding(
            f'the certificate "{certificate.display_name}" in {trust.reference.written} {why}; {consequence}',
            trust.reference.span,
            remedy,
            severity=Severity.ERROR if locked else Severity.WARNING,
        )


def _useless(certificates: tuple[Certificate, ...], _: Context) -> list[tuple[Certificate, str]]:
    """The certificates that are none of a CA, and why."""
    return [(one, why) for one in dict.fromkeys(certificates) if (why := why_useless(one))]


def _admitted_instead(certificate: Certificate, trust: TrustFile, ctx: Context) -> Certificate | None:
    """The CA of a certificate that was meant to be the only one let in, where the CA itself is trusted."""
    for chain_check in ctx.chain_checks(trust):
        for ca in chain_check.anchors.named_as_issuer(certificate):
            issued = ca.is_ca and ca.may_have_issued(certificate) and ca.signed(certificate)
            if issued and lets_clients_in(chain_check, ca, ctx.now):
                return ca
    return None


def _trusts_nobody(server: VirtualServer, ctx: Context) -> bool:
    """Whether nothing in the trust of the server lets a client in; not of servers that let all in."""
    if server.verify_client == "optional_no_ca":
        return False
    store = ctx.client_trust(server)
    return store is not None and all(why_useless(certificate) for certificate in store.certificates)
