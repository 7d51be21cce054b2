"""A session ticket key can be read by others than root.

With the key of `ssl_session_ticket_key` everybody can decrypt tickets that were seen on the wire, and with
TLS 1.2 the sessions themselves; and can make tickets of their own. A ticket carries the client's
certificate as verified: where sessions resume, a forged one replaces it.

Make a new key with `openssl rand 80`, and let only root read it. Better still, leave the directive out:
nginx then makes keys by itself, and changes them where there is a shared `ssl_session_cache`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_session_ticket_key  /pki/readable-ticket.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_session_ticket_key  /pki/ticket.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_ticket_key
- RFC 5077, 5.5
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Purpose, Severity, rule


@rule(id="ticket-key-exposed", severity=Severity.ERROR, since="0.1", needs=("ssl_session_ticket_key",))
def check(_: Configuration, ctx: Context) -> Findings:
    """Report ticket keys that others can open."""
    for use, related in ctx.files({Purpose.TICKET_KEY}):
        found = ctx.readers(use.reference)
        if found is not None:
            yield Finding(
                f"the session ticket key {use.reference.written} can be read by {found.who}"
                f" (mode {found.mode}); only root needs to, and whoever has it can read and forge tickets",
                use.reference.span,
                "make a new one with `openssl rand 80` that only root can read (chmod 600)",
                related,
                severity=found.severity,
            )
