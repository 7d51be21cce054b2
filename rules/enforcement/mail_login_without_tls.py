r"""A mail server verifies client certificates, but a login without TLS needs none.

nginx asks for a certificate in the TLS handshake and looks at it after that. On a connection without TLS
there is nothing to look at: `ssl_verify_client on` is passed over, and the login goes to `auth_http` like
any other, with its password unencrypted on the wire.

- A plain `listen` with `starttls off`, the default, knows no TLS at all.
- With `starttls on` a client may change to TLS, and then needs a certificate; one that does not, needs none.

`nginx -t` says nothing. Fine on a loopback address, where webmail on the same machine logs in: there this
rule is silent.

Write `starttls only;`, which refuses logins before STARTTLS, or `listen ... ssl;`. To see it, with IMAP:

```console
$ printf 'a LOGIN user password\r\n' | nc mail.example.com 143
```

Bad:
```nginx context=mail
auth_http           127.0.0.1:9000/auth;
server_name         mail.example.com;
ssl_certificate     /pki/server.pem;
ssl_certificate_key /pki/server.key;
server {
    listen 143;
    protocol               imap;
    starttls               on;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
}
```

Good:
```nginx context=mail
auth_http           127.0.0.1:9000/auth;
server_name         mail.example.com;
ssl_certificate     /pki/server.pem;
ssl_certificate_key /pki/server.key;
server {
    listen 143;
    protocol               imap;
    starttls               only;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
}
```

References:
- https://nginx.org/en/docs/mail/ngx_mail_ssl_module.html#starttls
- https://nginx.org/en/docs/mail/ngx_mail_ssl_module.html#ssl_verify_client
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    listed,
    listen_span,
    rule,
)


@rule(
    id="mail-login-without-tls",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("mail",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report a mail server that asks TLS clients for certificates, and takes logins without TLS."""
    verify, starttls = server.setting("ssl_verify_client"), server.setting("starttls")
    plain = [socket for socket in server.plain_sockets if not socket.key.is_local]
    if server.module != "mail" or verify.directive is None or verify.lower != "on" or not plain:
        return
    if starttls.unknown is not None:
        ctx.not_evaluated(server.span, f"whether logins need TLS: {starttls.unknown.reason}")
        return
    if starttls.lower == "only":
        return
    keys = listed([str(socket.key) for socket in plain])
    if starttls.lower == "on":
        why = "`starttls on` leaves it to the client whether it speaks TLS"
        span = starttls.directive.arg_span(0) if starttls.directive is not None else server.span
    else:
        why, span = "`listen` lacks `ssl`, and `starttls` is off", listen_span(plain[0], server)
    yield Finding(
        f"ssl_verify_client on does not hold for logins without TLS on {keys}: {why}, and a password"
        " alone, sent unencrypted, gets in",
        span,
        "write `starttls only;`, or add `ssl` to `listen`",
        related=(Related(verify.directive.span, "certificates are asked for in TLS alone"),),
        severity=None if verify.directive in server.scope.directives else Severity.WARNING,
        confidence=Confidence.LIKELY if starttls.assumed or not server.complete else None,
    )
