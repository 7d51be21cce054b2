r"""A TLS session made on one address and port opens a server on another that would refuse its client.

A resumed TLS session brings the verdict on the client's certificate with it: CAs, CRLs and depth are not
asked again. It is not bound to an address and port. Two of them know each other's sessions where their
default servers have the same `ssl_session_cache shared:...` (one line in `http` is enough; from 1.23.2 on
it holds the keys of tickets, too), the same `ssl_session_ticket_key`, or are one server. Then a session is
good for every server that presents the same certificates and names the same CAs in
`ssl_client_certificate`. What *else* decides is not compared: CAs of `ssl_trusted_certificate`, other keys
under the same names, `ssl_crl`, `ssl_verify_depth`. So a client connects to the port where it is trusted,
then resumes at the port where it is not.

It does not matter where both hold clients to the same rules. Sessions without a certificate, or with a bad
one, open nothing.

Give each socket a cache of its own name, and a ticket key of its own; or give the servers different
certificates, or different CAs in `ssl_client_certificate`. To see it, with a certificate of a CA that only
port 443 trusts:

```console
$ ask() { printf "GET / HTTP/1.0\n\n" | openssl s_client -quiet "$@"; }
$ ask -connect :443 -cert client.pem -key client.key -sess_out s.pem
$ ask -connect :8443 -sess_in s.pem
```

Bad:

```nginx version=1.31.3
ssl_session_cache       shared:SSL:10m;
ssl_certificate         /pki/server.pem;
ssl_certificate_key     /pki/server.key;
ssl_client_certificate  /pki/root.pem;
ssl_verify_client       on;
server {
    listen 443 ssl;
    server_name partners.example.com;
    ssl_trusted_certificate /pki/other-root.pem;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
}
server {
    listen 8443 ssl;
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
ssl_client_certificate  /pki/root.pem;
ssl_verify_client       on;
server {
    listen 443 ssl;
    server_name partners.example.com;
    ssl_session_cache       shared:partners:10m;
    ssl_trusted_certificate /pki/other-root.pem;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
}
server {
    listen 8443 ssl;
    server_name admin.example.com;
    ssl_session_cache shared:admin:10m;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_cache
- RFC 9846 section 4.7.1 (a session belongs to the name it was made for)
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    SocketCrossing,
    listed,
    rule,
    socket_crossings,
)


@rule(
    id="session-shared-between-sockets",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9846 4.7.1",),
    needs=("ssl_verify_client",),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report the servers that sessions of other sockets open, once for each line that makes it so."""
    # Where many sockets share one cache, a line that makes the difference is blamed once.
    groups: dict[tuple[object, ...], list[SocketCrossing]] = {}
    for one in socket_crossings(ctx):
        key = (one.shared, one.excess.span, one.excess.grave, one.excess.sure)
        groups.setdefault(key, []).append(one)
    for found in groups.values():
        yield _finding(found, ctx)


def _finding(found: list[SocketCrossing], ctx: Context) -> Finding:
    first = found[0]
    entered = dict.fromkeys(f"{one.entered.label} on {one.entered_on.key}" for one in found)
    shared = f"`{first.shared.text}`" if first.shared is not None else "the keys of one default server"
    likely = ctx.configuration.tree.is_fragment or not first.excess.sure
    return Finding(
        f"a TLS session made at {first.made_at.label} on {first.made_on.key} opens {listed(list(entered), 3)}"
        f" ({shared}, the same certificate and the same CA names): {first.excess.who} get in where they"
        " would be refused",
        first.excess.span,
        "give each address and port an `ssl_session_cache` and an `ssl_session_ticket_key` of its own, or"
        " hold clients to the same CAs, CRLs and depth in both",
        related=(
            *(() if first.shared is None else (Related(first.shared.span, "the sockets share this"),)),
            Related(first.made_at.span, "the session is made here"),
            *(Related(one.entered.span, "and opens this server") for one in found[:3]),
        ),
        severity=None if first.excess.grave else Severity.WARNING,
        confidence=Confidence.LIKELY if likely else None,
    )
