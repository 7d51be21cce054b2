"""The names of the client CAs are too long to be sent: every handshake fails.

nginx sends the subject of each certificate in `ssl_client_certificate` to every client that connects, so
that it can choose a certificate. TLS has room for 65,535 bytes of them, two more than its name for each CA;
in TLS 1.3 other things share that room, and some 50 bytes less are left. One CA too many, and the server
answers each handshake with an alert (`internal error`), whether the client has a certificate or not. `nginx
-t` says nothing.

Since nginx 1.27.2 `ssl_trusted_certificate` alone will do: its CAs are trusted and not sent.

Move the CAs into `ssl_trusted_certificate`, or trust fewer.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/too-many-names.pem;
    ssl_verify_client       on;
}
```

Good:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_trusted_certificate /pki/too-many-names.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_trusted_certificate
- RFC 5246, section 7.4.4
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    ca_names,
    rule,
    servers_in_words,
    spoken_protocols,
)

_ROOM = 65_535
_ROOM_1_3 = 65_485
"""What is left of it in TLS 1.3 beside the signature algorithms of OpenSSL 3.3 (with 3.0 it is 65,491)."""


@rule(id="ca-name-list-too-long", severity=Severity.ERROR, since="0.1", needs=("ssl_client_certificate",))
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report a file whose names are more than the protocols of its servers have room for."""
    if trust.directive.name != "ssl_client_certificate":
        return
    number, length = ctx.of_file(trust.reference, _sent) or (0, 0)
    if length <= _ROOM_1_3:
        return
    broken = [s for s in trust.servers if length > _ROOM or "TLSv1.3" in spoken_protocols(s)]
    if not broken:
        return
    room, some = (_ROOM, "") if length > _ROOM else (_ROOM_1_3, " with TLS 1.3")
    yield Finding(
        f"the names of the {number} CAs in {trust.reference.written} take {length} bytes, where TLS has"
        f" room for {room}: every handshake{some} with {servers_in_words(broken)} fails",
        trust.reference.span,
        "move CAs into ssl_trusted_certificate, whose names are not sent (since 1.27.2 it will do alone)",
    )


def _sent(certificates: tuple[Certificate, ...], ctx: Context) -> tuple[int, int]:
    """How many names are sent, and the bytes that they take."""
    names = ca_names(certificates, ctx.version)
    return len(names), sum(len(name) + 2 for name in names)
