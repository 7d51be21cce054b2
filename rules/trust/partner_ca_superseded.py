r"""A partner's calls are refused: his certificates come from another CA by now.

Partners who call your server with a client certificate change the CA behind it now and then, and who has
followed an old page of theirs then refuses all of their calls, with 400 and no word about it in an ordinary
log:

- Meta (WhatsApp, Instagram and other webhooks) went over to a CA of its own on 2026-03-31. The last
  certificate below DigiCert High Assurance EV Root CA expired on 2026-04-15.
- PagerDuty's certificates are below DigiCert Global Root G2 instead of DigiCert Global Root CA, since
  2024-12-18 at the latest.

The partner is known by his name in a condition or map, the old CA by its key, or by the name of a file that
is not there. The old root goes on vouching for the certificates of all other customers of that public CA,
too.

It is fine where another CA in the file vouches for the partner: of a private one that is taken for granted.

Trust the CA that the partner names now, and it alone.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name hooks.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/DigiCertHighAssuranceEVRootCA.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
    if ($ssl_client_s_dn !~ "^CN=client\.webhooks\.fbclientcerts\.com,") {
        return 403;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name hooks.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/meta-outbound-api-ca-2025-12.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
    if ($ssl_client_s_dn !~ "^CN=client\.webhooks\.fbclientcerts\.com,") {
        return 403;
    }
}
```

References:
- https://developers.facebook.com/docs/graph-api/webhooks/getting-started#mtls-for-webhooks
- https://github.com/PagerDuty/developer-docs/pull/118
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    FileState,
    Finding,
    Findings,
    IdentityTest,
    Partner,
    Related,
    Severity,
    VirtualServer,
    client_trust,
    partner_cas,
    partners_compared,
    public_cas,
    rule,
)


@rule(id="partner-ca-superseded", severity=Severity.ERROR, since="0.1", needs=("if",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the old CAs of partners that servers go on waiting for."""
    for server in configuration.servers_of("http"):
        # With optional_no_ca nobody is refused for a CA that is not known.
        if server.verify_client in {"on", "optional"} and server.tls_sockets:
            for partner, test in partners_compared(configuration, server):
                yield from _of_partner(partner, test, server, ctx)


def _of_partner(partner: Partner, test: IdentityTest, server: VirtualServer, ctx: Context) -> Findings:
    found = [one for one in partner_cas(ctx, server) if one.partner == partner]
    old = next((one for one in found if one.ca.left is not None), None)
    if (
        old is None
        or old.ca.left is None
        or len({one.ca for one in found}) > 1
        or _may_hold_another(server, ctx)
    ):
        return
    past = old.ca.left <= ctx.now.date()
    effect = "its calls are refused" if past else "its calls will be refused then"
    holds = "has the name of" if old.by_name else "holds"
    current = " or ".join(ca.whose for ca in partner.current)
    yield Finding(
        f"{old.reference.written} {holds} {old.ca.whose}, and the certificates of {partner.name} come from"
        f" {current} from {old.ca.left} on: {effect}",
        old.reference.span,
        f"trust {current} alone; where to get it: {partner.source}",
        related=(Related(test.span, f"calls of {partner.name} are expected here"),),
        severity=None if past else Severity.WARNING,
        confidence=Confidence.LIKELY if old.by_name or ctx.configuration.tree.is_fragment else None,
    )


def _may_hold_another(server: VirtualServer, ctx: Context) -> bool:
    """Whether a private CA is trusted beside: that may be the partner's new one."""
    for reference in client_trust(ctx.configuration, server):
        file = ctx.file(reference)
        certificates = file.certificates if file is not None and file.state is FileState.READ else ()
        if set(certificates) - set(public_cas(certificates)):
            return True
    return False
