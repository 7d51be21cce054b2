"""The key of session tickets comes from one file, so that nothing changes it: who reads it is any client.

A session ticket holds the session, with the client's certificate and the verdict on it, encrypted with the
key in `ssl_session_ticket_key`. nginx believes what it decrypts. Who has the key writes tickets: without a
certificate, and without any client's private key, a request then comes with `$ssl_client_verify` SUCCESS
and the subject of anybody whose certificate is known (seen on 1.22.1 and 1.31.3). It also opens recordings
of TLS 1.2, which forward secrecy was to protect. Keys that nginx makes itself live in memory and end with
the process, or are changed by it (`ssl_session_cache shared:...`, from 1.23.2 on).

Fine where several machines behind one balancer have to know each other's sessions, and something replaces
the file and reloads nginx, every day or so. Name the key before it as well: the first one encrypts, the
others decrypt what is still about, and this rule is silent.

Delete the directive where one machine serves; else change the key regularly. Keep the file readable by root
alone.

Bad:

```nginx nginx=no
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_session_ticket_key  /etc/nginx/ticket.key;
}
```

Good:

```nginx nginx=no
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_session_ticket_key  /etc/nginx/ticket-today.key;
    ssl_session_ticket_key  /etc/nginx/ticket-yesterday.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_ticket_key
- RFC 9325 section 3.4 (keys of tickets are changed, for example every week, and destroyed)
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
    VirtualServer,
    asks,
    is_named,
    rule,
    servers_in_words,
    tickets_on,
)


@rule(
    id="ticket-key-static",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.POSSIBLE,
    controls=("RFC 9325 3.4",),
    needs=("ssl_session_ticket_key",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each key that stands alone, with the servers whose clients it makes."""
    found: dict[Directive, dict[VirtualServer, None]] = {}
    for server in configuration.servers:
        if not asks(server) or not server.has_ssl_context:
            continue
        for socket in server.sockets if server.starts_tls else server.tls_sockets:
            # Its keys are those of the whole socket (docs/evidence.md: resumption).
            keys = socket.default_server.setting("ssl_session_ticket_key")
            if keys.unknown is not None:
                ctx.not_evaluated(server.span, f"which keys session tickets have: {keys.unknown.reason}")
            elif len(keys.directives) == 1 and is_named(keys.directives[0]) and tickets_on(server):
                found.setdefault(keys.directives[0], {})[server] = None
    for directive, servers in found.items():
        verify = next(iter(servers)).setting("ssl_verify_client").span
        yield Finding(
            f"session tickets of {servers_in_words(list(servers))} have one key, {directive.args[0]}, and no"
            " key before it: if nothing changes it, whoever gets to read it once comes in as any client,"
            " without a certificate",
            directive.arg_span(0),
            "delete it, so that nginx makes and changes keys itself; or change it regularly, and name the key"
            " before it as the second",
            related=() if verify is None else (Related(verify, "clients are verified here"),),
        )
