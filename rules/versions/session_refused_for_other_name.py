"""Clients that bring a TLS 1.3 session along for another name are turned away.

The fix of CVE-2025-23419 (1.26.3, 1.27.4, and older versions of distributions) answers with the alert
access_denied when a session comes back with another name (SNI) and the server of that name verifies
clients. That includes two names of one server, `a.example.com` and `b.example.com` of `*.example.com`. From
1.29.2 on nginx does a full handshake instead.

Browsers keep sessions by name and notice nothing. Clients that keep them by address do: some proxies,
connection pools and libraries. They fail now and then, and nothing in the configuration says why; nginx's
error log does, at the level `info`.

Update nginx to 1.29.2 or later, or end resumption with `ssl_session_tickets off;` and without
`ssl_session_cache`.

Bad:
```nginx version=1.28.0
server {
    listen 443 ssl;
    server_name api.example.com partners.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

Good:
```nginx version=1.29.2
server {
    listen 443 ssl;
    server_name api.example.com partners.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```
```nginx version=1.28.0
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
- https://nginx.org/en/CHANGES (1.27.4, 1.29.2)
- RFC 9846 section 4.7.1 (a session belongs to the name it was made for)
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    listen_span,
    refused_session,
    repeats_another,
    rule,
)


@rule(
    id="session-refused-for-other-name",
    severity=Severity.INFO,
    since="0.1",
    controls=("RFC 9846 4.7.1",),
    needs=("ssl_verify_client",),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report, once for a socket, a pair of names between which sessions end in an alert."""
    if not ctx.settings.version_told or repeats_another(socket):
        return
    pair = refused_session(socket, ctx)
    if pair is None:
        return
    build = ctx.settings.build
    yield Finding(
        f"nginx {ctx.version} turns a client away (TLS alert access_denied) that brings a TLS 1.3 session"
        f" made for {pair.made} along for {pair.named} on {socket.key}: clients that keep sessions by address"
        " fail now and then",
        listen_span(socket),
        "update nginx to 1.29.2 or later, which does a full handshake instead",
        related=(Related(pair.server.span, f"{pair.named} leads here, where clients are verified"),),
        confidence=Confidence.LIKELY if build is None else None,
    )
