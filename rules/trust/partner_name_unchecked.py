r"""A partner's CA is trusted, and certificates of it with other names get in as well.

The recipes of Meta, PagerDuty, Adobe Workfront, Slack and DocuSign have two steps: verify the chain, and
compare the name in the certificate. Without the second, nginx lets in whatever the CA behind the partner
has issued. With Meta's own example the second step does nothing of the kind: `if ($ssl_client_s_dn ~
"CN=client...") { return 200; }` answers Meta's calls itself, which then never reach the application, and
lets everybody else pass.

The partner is known by his name in a condition or map, or by the file that his recipe has you install.

With a public CA anybody can have such a certificate: that is an error. With a CA of the partner's own it is a
warning.

It is fine where the backend compares the name: where it is told the name, the rule is silent. It is so, too,
where the name is compared in some places and these alone are the partner's.

Refuse every other name, for the whole server: `!~` with `^` and an end, and `return 403`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name hooks.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/meta-outbound-api-ca-2025-12.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
    if ($ssl_client_s_dn ~ "CN=client.webhooks.fbclientcerts.com") {
        return 200 "$ssl_client_s_dn";
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
server {
    listen 443 ssl;
    server_name hooks.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/connect_root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
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
    if ($ssl_client_s_dn !~ "^CN=client\.webhooks\.fbclientcerts\.com(,|$)") {
        return 403;
    }
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://developers.facebook.com/docs/graph-api/webhooks/getting-started#mtls-for-webhooks
- https://github.com/PagerDuty/developer-docs/blob/main/docs/webhooks/03-Mutual-TLS.md
- https://www.docusign.com/blog/dsdev-configuring-nginx-mutual-tls
- https://api.slack.com/docs/verifying-requests-from-slack
- OWASP ASVS 5.0, 12.3.4
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    IdentityTest,
    Issuer,
    Partner,
    Reception,
    Related,
    Severity,
    Span,
    asks,
    backend_learns_identity,
    behind,
    client_trust,
    identity_check,
    partner_cas,
    partners_compared,
    public_cas,
    rule,
    servers_in_words,
    witness_of,
)


@rule(
    id="partner-name-unchecked",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.4",),
    needs=("ssl_verify_client", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, for each server that a partner calls, that another certificate of his CA gets content."""
    for server in configuration.servers_of("http"):
        if not asks(server) or not server.tls_sockets or not client_trust(configuration, server):
            continue
        if backend_learns_identity(configuration, server) is not None:
            continue
        if not any((*partners_compared(configuration, server), *partner_cas(ctx, server))):
            continue
        reception = Reception(ctx, server)
        meant = _meant(reception)
        if meant is not None:
            yield from _of_server(reception, *meant)


def _meant(reception: Reception) -> tuple[Partner, Span, str] | None:
    """The partner who calls this server and whose name counts for nothing; the place, and what is there."""
    server, ctx = reception.server, reception.ctx
    for partner, test in partners_compared(ctx.configuration, server):
        if partner.asks_for_name and not _counts(test, reception):
            return partner, test.span, f"the name of {partner.name} is looked for"
    if identity_check(ctx.configuration, server, ctx.now) is not None:
        return None  # what it looks for is somebody else's name, or his fingerprint
    for found in partner_cas(ctx, server):
        file = ctx.file(found.reference)
        public = public_cas(file.certificates if file is not None else ())  # that is what ca-public-root says
        if found.partner.asks_for_name and found.ca.left is None and not public:
            return found.partner, found.reference.span, f"{found.reference.written} is {found.ca.whose}"
    return None


def _counts(test: IdentityTest, reception: Reception) -> bool:
    """Whether the name gives the partner something that other certificates of his CA do not get."""
    return any(reception.privileged(test, value) for value in test.passing[:1])


def _of_server(reception: Reception, partner: Partner, span: Span, what: str) -> Findings:
    server, ctx = reception.server, reception.ctx
    issuer = _issuer(partner, reception)
    if issuer is None:
        ctx.not_evaluated(span, f"which of the trusted CAs is that of {partner.name} is not known")
        return
    holder = reception.anybody(issuer)
    given = reception.given(holder.client)
    if not given:
        doubt = reception.doubt(holder.client)
        if doubt is not None:
            ctx.not_evaluated(span, f"what other certificates of {partner.name}'s CA get: {doubt}")
        return
    door = reception.door(holder, given[min(given)])
    name = partner.names[0] if partner.names else None
    wanted = f"`CN={name}`" if name else f"the name of {partner.name}"
    public = issuer.certificate is not None and bool(public_cas((issuer.certificate,)))
    yield Finding(
        f"{what}, and a certificate of its CA with any other name gets into {servers_in_words((server,))}:"
        f" {partner.name} has {wanted} compared",
        span,
        f'refuse all others, for the whole server: if ($ssl_client_s_dn !~ "^CN={_escaped(name)}(,|$)")'
        " { return 403; }",
        related=(*_accepting(issuer, span), *behind(door, "served to any of them")),
        witness=witness_of(door),
        severity=Severity.ERROR if public else None,
        confidence=Confidence.LIKELY,
    )


def _issuer(partner: Partner, reception: Reception) -> Issuer | None:
    """The partner's own CA among those that a server trusts; where there is but one, that one."""
    for issuer in reception.issuers:
        held = (issuer.certificate,) if issuer.certificate is not None else ()
        path = issuer.reference.path or ""
        if any(ca.is_in(held) or (ca.key is None and ca.is_called(path)) for ca in partner.cas):
            return issuer
    return reception.issuers[0] if len(reception.issuers) == 1 else None


def _accepting(issuer: Issuer, shown: Span) -> tuple[Related, ...]:
    span = issuer.reference.span
    return (Related(span, "certificates of these CAs are accepted"),) if span != shown else ()


def _escaped(name: str | None) -> str:
    return name.replace(".", "\\.") if name is not None else "..."
