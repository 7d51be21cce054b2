"""A public CA of the web is trusted for client certificates: its other customers get in as well.

nginx lets everybody in whose certificate the CA has issued for TLS clients. A public CA issues to whoever
asks for it, so that `ssl_verify_client on` with its root asks for a certificate, but not for one of yours.
Only the name in the certificate tells your clients from the rest of the world, and nginx compares none
unless an `if` does.

Such trust is about to be of no use besides. Public CAs leave clientAuth out of the certificates that they
issue, and nginx refuses a client with a certificate for servers alone (`unsuitable certificate purpose`):
Let's Encrypt stopped on 2026-07-08, and Chrome wants every certificate that is issued from 2027-03-15 on to
be for servers only.

Known are the roots of Mozilla's list (those it dropped lately, too), and intermediates that one of them has
signed.

Fine: nothing; but where a partner calls you with a certificate of a public CA, compare its name
(`$ssl_client_s_dn`) and refuse all others. Then this is a warning: that one comparison is all there is.

Trust a CA of your own, or one that the partner uses for you alone. A client with a public certificate can
be admitted by its name until it has a better one.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/public-root.pem;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- OWASP ASVS 5.0, 12.3.4
- PCI DSS 4.0.1, requirement 4.2.1
- Chrome Root Program Policy 1.8, section 1.3.2
"""

from collections.abc import Sequence

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    TrustFile,
    backend_learns_identity,
    ends_chain,
    identity_check,
    is_bundle,
    lets_clients_in,
    listed,
    public_cas,
    rule,
    servers_in_words,
)


@rule(
    id="ca-public-root",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.4", "PCI DSS 4.0.1 4.2.1"),
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report the public CAs of a file by which clients get in, once for the file."""
    public = ctx.of_file(trust.reference, _public)
    entered = _entered(trust, public, ctx) if public else []
    if not entered:
        return
    named = [certificate for certificate in entered if ends_chain(certificate)] or entered
    names = listed([f'"{certificate.display_name}"' for certificate in named])
    whoever = f"whoever has a certificate for TLS clients from {'it' if len(named) == 1 else 'one of them'}"
    found = (
        f"{trust.reference.written} holds the public CA{'' if len(named) == 1 else 's'} {names}: {whoever}"
    )
    remedy = (
        "trust a CA of your own, or one that issues to your clients alone"
        " (what public CAs issue from 2027-03-15 on is for servers only)"
    )
    unchecked = tuple(s for s in trust.servers if identity_check(ctx.configuration, s, ctx.now) is None)
    confidence = Confidence.LIKELY if ctx.configuration.tree.is_fragment else None
    if not unchecked:
        checks = [
            c for s in trust.servers if (c := identity_check(ctx.configuration, s, ctx.now)) is not None
        ]
        yield Finding(
            f"{found} reaches {servers_in_words(trust.servers)}, where `if {checks[0].condition}` alone"
            " looks at who it is",
            trust.reference.span,
            remedy,
            related=tuple(
                Related(span, "the only look at who the client is")
                for span in dict.fromkeys(check.directive.span for check in checks)
            ),
            severity=Severity.WARNING,
            confidence=confidence,
        )
        return
    told = [backend_learns_identity(ctx.configuration, server) for server in unchecked]
    known = [directive for directive in dict.fromkeys(told) if directive is not None]
    left = all(directive is not None for directive in told)
    yield Finding(
        f"{found} gets into {servers_in_words(unchecked)}"
        + (
            ", unless a backend turns it away by its name"
            if left
            else ", and no condition refuses those it does not know"
        ),
        trust.reference.span,
        f"{remedy}, or refuse all names but theirs: if ($ssl_client_s_dn != ...) {{ return 403; }}",
        related=tuple(Related(directive.span, "a backend learns who the client is") for directive in known),
        severity=Severity.WARNING if left else None,
        confidence=confidence,
    )


def _public(certificates: tuple[Certificate, ...], _: Context) -> tuple[Certificate, ...]:
    """The public CAs; none of a file with all of them: ca-system-bundle speaks of those."""
    return () if is_bundle(certificates) else public_cas(certificates)


def _entered(trust: TrustFile, public: Sequence[Certificate], ctx: Context) -> list[Certificate]:
    """Those by which somebody gets in: of a CA that has expired, or whose chain ends nowhere, nobody does."""
    checks = ctx.chain_checks(trust)
    if not checks:  # what else is trusted is not known
        return [ca for ca in public if ends_chain(ca) and ca.not_before <= ctx.now <= ca.not_after]
    return [ca for ca in public if any(lets_clients_in(check, ca, ctx.now) for check in checks)]
