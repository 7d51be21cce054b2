"""The client CA is a partner's that all of his customers trust, and he calls for each of them.

A partner who calls the servers of all his customers with certificates of one CA proves who *he* is, not for
whom he calls. Cloudflare's CA for global authenticated origin pulls is of that kind: its one client
certificate is shared by all accounts, so that another customer of Cloudflare who points a zone of his own
at this server's address gets in, past the rules of your zone. No condition on the certificate helps: it is
the same for both.

Fine: where all that matters is that the request came through the partner at all, and the server serves
nothing that another of his customers may not see.

Have the partner use a certificate for you alone, and trust its CA. At Cloudflare these are authenticated
origin pulls for a zone or for a host name.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/authenticated_origin_pull_ca.pem;
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

References:
- https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/set-up/global/
- OWASP ASVS 5.0, 12.3.4
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    FileState,
    Finding,
    Findings,
    PartnerCA,
    Severity,
    TrustFile,
    rule,
    servers_in_words,
    shared_ca,
    shared_ca_file,
)


@rule(
    id="ca-shared-partner",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.4",),
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report the shared CAs of a file, or a file that has the name of one and is not there."""
    file = ctx.file(trust.reference)
    if file is None or trust.may_be_for_stapling:
        return
    by_name = shared_ca_file(file.path) if file.state is FileState.ABSENT else None
    known = [] if by_name is not None else ctx.of_file(trust.reference, _shared) or []
    for shared in dict.fromkeys([by_name] if by_name is not None else known):
        holds = "has the name of" if by_name is not None else "holds"
        yield Finding(
            f"{trust.reference.written} {holds} {shared.whose}, which all of its customers trust:"
            f" {shared.enters} can have requests sent to {servers_in_words(trust.servers)}",
            trust.reference.span,
            shared.instead,
            confidence=Confidence.POSSIBLE if by_name is not None else None,
        )


def _shared(certificates: tuple[Certificate, ...], _: Context) -> list[PartnerCA]:
    """The CAs that all customers of somebody trust."""
    return [shared for one in dict.fromkeys(certificates) if (shared := shared_ca(one)) is not None]
