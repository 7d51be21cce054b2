r"""Below nginx 1.29.2 a TLS 1.3 session made at one server opens others that trust different client CAs.

A resumed TLS session brings the verdict on the client's certificate with it. Below 1.29.2 OpenSSL resumes it
with the *default server's* settings, before nginx looks at the name; so every session made on an address and
port is good for all its servers. Two ways lead through:

- Without SNI, or with a name no server has, nginx stays with the default server and does not compare names:
  the request may ask for any Host, and gets in with the verdict of another server. That the default server
  asks for no certificates, or trusts few, does not help. The fix of CVE-2025-23419 does not touch this (seen
  with Debian's 1.22.1, which has it).
- With the name of the other server: CVE-2025-23419, nginx 1.11.4 to 1.26.2 and 1.27.0 to 1.27.3. Builds with
  the fix answer with the alert access_denied. Distributions have put it into older versions, so the number
  alone does not tell; ask the package's changelog.

Sessions of TLS 1.2 keep their server's name, and a request for another is answered with 421. It does not
matter where all servers hold clients to the same rules, or where nothing is resumed.

Update nginx to 1.29.2 or later. Until then make the default server of the socket one with
`ssl_reject_handshake on;`, which closes the first way, or end resumption with `ssl_session_tickets off;` and
without `ssl_session_cache`, which closes both. To see the first way, with a certificate of a CA that only
partners.example.com trusts:

```console
$ ask() { printf "GET / HTTP/1.0\nHost: $1\n\n" | openssl s_client -quiet -connect :443 "${@:2}"; }
$ ask partners.example.com -servername partners.example.com -cert client.pem -key client.key -sess_out s.pem
$ ask admin.example.com -noservername -sess_in s.pem
```

Bad:

```nginx version=1.22.1
ssl_protocols TLSv1.2 TLSv1.3;
server {
    listen 443 ssl default_server;
    server_name www.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    return 301 https://example.com;
}
server {
    listen 443 ssl;
    server_name partners.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/other-root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
}
server {
    listen 443 ssl;
    server_name admin.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

Good:

```nginx version=1.22.1
ssl_protocols       TLSv1.2 TLSv1.3;
ssl_session_tickets off;
server {
    listen 443 ssl default_server;
    server_name www.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    return 301 https://example.com;
}
server {
    listen 443 ssl;
    server_name partners.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/other-root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8081;
    }
}
server {
    listen 443 ssl;
    server_name admin.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- CVE-2025-23419, https://nginx.org/en/security_advisories.html
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake, CHANGES 1.27.4 and 1.29.2
- RFC 9846 section 4.7.1 (a session belongs to the name it was made for)
"""

from mtls_lint.api import (
    EARLY_NAME,
    RESUMPTION_CVE,
    Confidence,
    Context,
    Crossing,
    Finding,
    Findings,
    Related,
    Severity,
    Socket,
    crossings,
    has_fix,
    listed,
    listen_span,
    repeats_another,
    rule,
)

_END = "`ssl_session_tickets off` and no `ssl_session_cache` on this address and port end resumption"


@rule(
    id="session-resumption-crosses-servers",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.POSSIBLE,
    controls=("RFC 9846 4.7.1",),
    needs=("ssl_verify_client",),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report, once for a socket, the servers that sessions of others open."""
    if ctx.version >= EARLY_NAME or repeats_another(socket):
        return
    default = socket.default_server
    found = [
        crossing
        for crossing in crossings(socket, ctx)
        # What the default server lets through needs no session: vhost-shared-socket-ca-mismatch says so.
        if crossing.made_at is not default or default.setting("ssl_reject_handshake").is_on
    ]
    if not found:
        return
    first = min(found, key=lambda one: (one.advisory, not one.excess.grave, not one.excess.sure))
    entered = [one for one in found if one.made_at is first.made_at and one.advisory is first.advisory]
    names = listed(list(dict.fromkeys(one.entered.label for one in entered)))
    related = (
        Related(first.made_at.span, "the session is made here"),
        *(Related(one.entered.span, "and opens this server") for one in entered[:3]),
    )
    if first.advisory:
        yield _by_number(first, names, socket, ctx, related)
    else:
        yield _without_sni(first, names, socket, ctx, related)


def _without_sni(
    crossing: Crossing, names: str, socket: Socket, ctx: Context, related: tuple[Related, ...]
) -> Finding:
    made_at, default = crossing.made_at.label, socket.default_server.label
    fixed = has_fix(ctx.version) or ctx.carries_fix(RESUMPTION_CVE)
    more = "" if fixed else f" (CVE-2025-23419 stays, unless your build has its fix: {_END})"
    return Finding(
        f"nginx {ctx.version} resumes a TLS 1.3 session made at {made_at} without SNI with the default server"
        f" {default} of {socket.key}, and the request may then ask for any Host: {crossing.excess.who} get"
        f" into {names}, where they would be refused",
        listen_span(socket),
        "update nginx to 1.29.2 or later, or add a default_server with `ssl_reject_handshake on;` to this"
        f" address and port{more}",
        related=related,
        severity=Severity.ERROR if crossing.excess.grave else None,
        confidence=Confidence.LIKELY,
    )


def _by_number(
    crossing: Crossing, names: str, socket: Socket, ctx: Context, related: tuple[Related, ...]
) -> Finding:
    made_at = crossing.made_at.label
    known = ctx.carries_fix(RESUMPTION_CVE) is False
    doubt = "" if known else ", unless its distribution has put the fix in,"
    return Finding(
        f"nginx {ctx.version}{doubt} has {RESUMPTION_CVE}: a TLS 1.3"
        f" session made at {made_at} opens {names} on {socket.key}, and {crossing.excess.who} get in where"
        " they would be refused",
        listen_span(socket),
        "update nginx to 1.26.3, 1.27.4 or later"
        + ("" if known else ", or see in the package's changelog that it has the fix (`--nginx-binary`)")
        + f"; {_END}",
        related=related,
        severity=Severity.ERROR if known and crossing.excess.grave else None,
        confidence=Confidence.LIKELY if known else None,
    )
