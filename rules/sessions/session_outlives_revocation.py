r"""A revoked client comes back by resuming its TLS session, though a new CRL has been loaded.

A resumed session brings the verdict on the client's certificate with it; `ssl_crl` is asked in full
handshakes only. A reload, which reads the new CRL, ends resumption where nginx starts with new keys. It does
not where something outlasts it:

- `ssl_session_cache shared:...` keeps sessions, and from 1.23.2 on also the keys of session tickets, in
  memory that a reload hands on;
- `ssl_session_ticket_key` reads the same key again.

A session lasts as long as `ssl_session_timeout` of the *default server* of the address and port says: 5
minutes unless set, a day in widespread recommendations, and 2 hours for tickets where it is 0. Before nginx
1.23.2 each resumption of a TLS 1.3 session starts that time again, so a client that comes back often enough
is never verified again. In the same way a session outlives the end of the certificate's own validity, and
where `ssl_trusted_certificate` loses a CA, the sessions of its clients.

Fine where the time is short beside that in which your CA publishes revocations: up to an hour this is a
remark. `ssl_ocsp` is asked on resumption, too, so it makes up for it.

Either let nothing outlast a reload (no shared `ssl_session_cache`, no `ssl_session_ticket_key`; tickets then
still work between reloads), or set a short `ssl_session_timeout`, or end resumption altogether with
`ssl_session_tickets off;` and no cache. When somebody must be locked out at once, restart nginx: that empties
a shared cache; with a ticket key in a file, replace the key first. To see it, while `client.pem` is in order:

```console
$ ask() { printf "GET / HTTP/1.0\nHost: api.example.com\n\n" | openssl s_client -quiet -connect :443 "$@"; }
$ ask -cert client.pem -key client.key -servername api.example.com -sess_out s.pem
$ ask -cert client.pem -key client.key -servername api.example.com -sess_in s.pem
```

Put the certificate on the CRL and reload nginx between the two.

Bad:

```nginx version=1.31.3
ssl_session_cache   shared:SSL:10m;
ssl_session_timeout 1d;
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
}
```

Good:

```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_timeout, CHANGES 1.23.2
- RFC 9325 sections 3.4 (session resumption) and 7.5 (certificate revocation)
- PCI DSS 4.0.1 requirement 4.2.1 (certificates are confirmed not to be revoked)
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    Survival,
    Unknown,
    VirtualServer,
    asks_ocsp,
    is_named,
    lasting,
    reference_to,
    rule,
    servers_in_words,
    survival,
)

_SHORT = 3600
"""Seconds that no CA's way of publishing revocations beats."""

_Found = dict[tuple[Survival, Directive], list[VirtualServer]]


@rule(
    id="session-outlives-revocation",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9325 3.4", "RFC 9325 7.5", "PCI DSS 4.0.1 4.2.1"),
    needs=("ssl_crl",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report once for each CRL and what outlasts its reload, with all servers that have both."""
    found: _Found = {}
    for server in configuration.servers:
        crl = _crl(server)
        if crl is None:
            continue
        longest = _longest(server, ctx)
        if longest is not None:
            found.setdefault((longest, crl), []).append(server)
    for (longest, crl), servers in found.items():
        yield _finding(longest, crl, servers, ctx)


def _crl(server: VirtualServer) -> Directive | None:
    """The CRL that full handshakes ask, where resumed ones ask nothing."""
    if server.verify_client == "off" or not server.has_ssl_context or asks_ocsp(server):
        return None
    directive = server.setting("ssl_crl").directive
    return directive if directive is not None and is_named(directive) else None


def _longest(server: VirtualServer, ctx: Context) -> Survival | None:
    answers = [survival(server, socket) for socket in server.sockets if socket.ssl or server.starts_tls]
    for answer in answers:
        if isinstance(answer, Unknown):
            ctx.not_evaluated(server.span, f"how long sessions last: {answer.reason}")
            return None
    found = [answer for answer in answers if isinstance(answer, Survival)]
    if not found and any(
        server.setting(name).assumed for name in ("ssl_session_cache", "ssl_session_timeout")
    ):
        ctx.not_evaluated(
            server.span, "whether sessions outlast a reload: the configuration around this may set it"
        )
    return max(found, key=lambda one: float("inf") if one.seconds is None else one.seconds, default=None)


def _finding(longest: Survival, crl: Directive, servers: list[VirtualServer], ctx: Context) -> Finding:
    interval = _interval(crl, ctx)
    if longest.seconds is None:
        severity = Severity.ERROR
        how_long = (
            "for as long as it resumes again in time (TLS 1.3 before nginx 1.23.2 starts the time anew)"
        )
    else:
        beyond = interval is not None and longest.seconds > interval
        short = longest.seconds <= _SHORT
        severity = Severity.ERROR if beyond else Severity.INFO if short else Severity.WARNING
        how_long = f"for up to {lasting(longest.seconds)} after its last full handshake"
        if beyond and interval is not None:
            how_long += f", longer than the CRL itself is valid ({lasting(interval)})"
    timeouts = [
        socket.default_server.setting("ssl_session_timeout") for one in servers for socket in one.sockets
    ]
    timeout = next((setting.directive for setting in timeouts if setting.directive is not None), None)
    related = [Related(crl.span, "the CRL that resumed sessions pass by")]
    if timeout is not None:
        related.append(Related(timeout.span, "how long a session lasts"))
    return Finding(
        f"`{longest.kept_by.text}` brings TLS sessions through the reload that reads a new {crl.args[0]}: a"
        f" client that is revoked gets into {servers_in_words(servers)} {how_long}",
        longest.kept_by.span,
        "shorten `ssl_session_timeout`, or leave out what outlasts a reload (a shared `ssl_session_cache`,"
        " `ssl_session_ticket_key`), or end resumption with `ssl_session_tickets off` and no cache",
        related=tuple(related),
        severity=severity,
        confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
    )


def _interval(crl: Directive, ctx: Context) -> int | None:
    """The seconds for which the shortest-lived CRL of the file is good; None where it is not at hand."""
    reference = reference_to(ctx.configuration, crl)
    file = ctx.file(reference) if reference.path is not None else None
    spans = [
        int((one.next_update - one.last_update).total_seconds())
        for one in (file.crls if file is not None else ())
        if one.next_update is not None
    ]
    return min(spans, default=None)
