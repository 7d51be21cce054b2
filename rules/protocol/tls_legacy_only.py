"""Only TLS versions are allowed that OpenSSL refuses to speak.

`ssl_protocols TLSv1 TLSv1.1;` is in many old recipes. With OpenSSL 3 and its default security level,
nginx accepts it and starts without a word, and then every handshake fails: TLS 1.0 and 1.1 need SHA-1 and
MD5 signatures, which are below security level 1. Clients see a handshake failure or a protocol version
alert; nothing in the configuration test points to the line.

Where an older OpenSSL still speaks these versions, they are all that is spoken, and RFC 8996 forbids
them.

It is never what is wanted. `@SECLEVEL=0` in the cipher string makes the old versions work, and is worse:
it lowers the bar for certificates too.

Write `ssl_protocols TLSv1.2 TLSv1.3;`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_protocols TLSv1 TLSv1.1;
    server_name            www.example.com;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_verify_client      on;
    ssl_client_certificate /pki/root.pem;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    server_name            www.example.com;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_verify_client      on;
    ssl_client_certificate /pki/root.pem;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols
- OpenSSL: SSL_CTX_set_security_level(3)
- RFC 8996 (Deprecating TLS 1.0 and TLS 1.1), RFC 9325 section 3.1.1
"""

from mtls_lint.api import (
    SSL,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Span,
    fix,
    in_order,
    listed,
    only_legacy,
    protocol_words,
    rule,
    set_words,
    uses,
)


@rule(
    id="tls-legacy-only",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.1.1", "PCI DSS 4.0.1 4.2.1", "CIS NGINX 3.0.0 4.1.4", "DISA STIG V-278381"),
    needs=("ssl_protocols",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report a value of `ssl_protocols` that leaves no version OpenSSL 3 speaks."""
    for use in uses(configuration, "ssl_protocols"):
        if not only_legacy(use):
            continue
        first, *more = use.directives
        named = protocol_words(word for directive in use.directives for word in directive.args)
        why = "has it no longer" if named <= SSL else "refuses that at its default security level"
        yield Finding(
            f"`ssl_protocols` allows {listed(in_order(named))} only: nginx accepts this and starts, but "
            f"OpenSSL 3 {why}, so every handshake fails",
            Span(first.source, first.arg_span(0).start, first.arg_span(-1).end),
            "write `ssl_protocols TLSv1.2 TLSv1.3;`",
            related=tuple(Related(directive.span, "adds to the same value") for directive in more),
            fix=fix("allow TLSv1.2 and TLSv1.3", set_words(first, "TLSv1.2", "TLSv1.3")),
        )
