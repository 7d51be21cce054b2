r"""A partner who calls this server speaks only a version of TLS that it does not.

PagerDuty's webhooks speak TLS 1.2 and nothing else. In a server that was hardened to TLS 1.3 alone, every
delivery fails in the handshake, before nginx looks at the certificate.

The partner is known by his name in a condition or map.

Let this server speak a version of the partner's; others keep theirs. Before nginx 1.29.2 the versions are
those of the default server of the socket.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name hooks.example.com;
    ssl_protocols           TLSv1.3;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn !~ "^CN=webhooks\.pagerduty\.com,") {
        return 403;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name hooks.example.com;
    ssl_protocols           TLSv1.2 TLSv1.3;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    if ($ssl_client_s_dn !~ "^CN=webhooks\.pagerduty\.com,") {
        return 403;
    }
}
```

References:
- https://github.com/PagerDuty/developer-docs/blob/main/docs/webhooks/03-Mutual-TLS.md
"""

from mtls_lint.api import (
    LEGACY,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    asks,
    in_order,
    listed,
    partners_compared,
    rule,
    servers_in_words,
    spoken_protocols,
)


@rule(id="partner-protocol-missing", severity=Severity.ERROR, since="0.1", needs=("if",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report servers and partners without a version of TLS in common."""
    for server in configuration.servers_of("http"):
        setting = server.setting("ssl_protocols")
        if not asks(server) or not server.tls_sockets:
            continue
        spoken = spoken_protocols(server)
        for partner, test in partners_compared(configuration, server):
            if not partner.protocols or not spoken.isdisjoint(partner.protocols):
                continue
            if spoken <= LEGACY:  # tls-legacy-only: nobody at all gets through
                continue
            if setting.unknown is not None:
                ctx.not_evaluated(test.span, f"whether {partner.name} gets through: {setting.unknown.reason}")
                continue
            yield Finding(
                f"{servers_in_words((server,))} speaks {listed(in_order(spoken))} alone, and calls of"
                f" {partner.name} speak {listed(partner.protocols)}: every handshake of theirs fails",
                setting.span or test.span,
                f"add {partner.protocols[-1]} to the ssl_protocols of this server",
                related=(Related(test.span, f"calls of {partner.name} are expected here"),),
                confidence=Confidence.LIKELY if setting.assumed else None,
            )
