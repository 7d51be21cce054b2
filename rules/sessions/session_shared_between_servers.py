r"""A TLS session made at one server opens another server that would refuse its client.

A resumed TLS session brings the verdict on the client's certificate with it: CAs, CRLs and depth are not
asked again. From nginx 1.29.2 on, a session is good for every server of the address and port that presents
the same certificates and names the same CAs in `ssl_client_certificate`. What *else* decides is not
compared: CAs of `ssl_trusted_certificate`, other keys under the same names, `ssl_crl`, `ssl_verify_depth`.
So servers that share a wildcard certificate and differ only in those share their sessions, and a client
connects where it is trusted, then resumes where it is not.

When the session also fits the default server, it can be resumed without SNI, and the request may then ask for
any server, also one with a certificate of its own.

It does not matter where all servers of the socket hold clients to the same rules. Sessions without a
certificate, or with a bad one, open nothing.

Give the servers different certificates, or different CAs in `ssl_client_certificate`; an
`ssl_session_tickets off;` in both, without an `ssl_session_cache` in the default server, ends resumption. To
see it, with a certificate of a CA that only partners.example.com trusts:

```console
$ ask() { printf "GET / HTTP/1.0\nHost: $1\n\n" | openssl s_client -quiet -connect :443 "${@:2}"; }
$ ask partners.example.com -servername partners.example.com -cert client.pem -key client.key -sess_out s.pem
$ ask admin.example.com -servername admin.example.com -sess_in s.pem
```

Bad:

```nginx version=1.31.3
ssl_certificate         /pki/server.pem;
ssl_certificate_key     /pki/server.key;
ssl_client_certificate  /pki/root.pem;
ssl_verify_client       on;
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name partners.example.com;
    ssl_trusted_certificate /pki/other-root.pem;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
}
server {
    listen 443 ssl;
    server_name admin.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:

```nginx version=1.31.3
ssl_certificate         /pki/server.pem;
ssl_certificate_key     /pki/server.key;
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name partners.example.com;
    ssl_client_certificate /pki/two-roots.pem;
    ssl_verify_client      on;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
}
server {
    listen 443 ssl;
    server_name admin.example.com;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_tickets, CHANGES 1.29.2
- RFC 9846 section 4.7.1 (a session belongs to the name it was made for)
"""

from mtls_lint.api import (
    EARLY_NAME,
    Confidence,
    Context,
    Crossing,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    crossings,
    listed,
    repeats_another,
    rule,
)


@rule(
    id="session-shared-between-servers",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9846 4.7.1",),
    needs=("ssl_verify_client",),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report, once for a socket, the servers that sessions of others open."""
    if ctx.version < EARLY_NAME or repeats_another(socket):
        return
    found = crossings(socket, ctx)
    if not found:
        return
    # The worst one speaks for all of them.
    first = min(found, key=lambda crossing: (not crossing.excess.grave, not crossing.excess.sure))
    maker = first.made_at
    entered = [crossing for crossing in found if crossing.made_at is maker]
    names = listed(list(dict.fromkeys(crossing.entered.label for crossing in entered)))
    likely = ctx.configuration.tree.is_fragment or not first.excess.sure
    yield Finding(
        f"a TLS session made at {maker.label} opens {names} on {socket.key} ({_why(entered, socket)}): it"
        f" keeps {maker.label}'s verdict, so {first.excess.who} get in where they would be refused",
        first.excess.span,
        "give the servers certificates of their own, or hold clients to the same CAs, CRLs and depth in both;"
        " `ssl_session_tickets off` in both and no `ssl_session_cache` in the default server end resumption",
        related=(
            Related(maker.span, "the session is made here"),
            *(Related(crossing.entered.span, "and opens this server") for crossing in found[:3]),
        ),
        severity=None if first.excess.grave else Severity.WARNING,
        confidence=Confidence.LIKELY if likely else None,
    )


def _why(entered: list[Crossing], socket: Socket) -> str:
    same = "the same certificate and the same CA names"
    if all(crossing.named is not None for crossing in entered):
        return same
    return f"{same}, or without SNI by way of the default server {socket.default_server.label}"
