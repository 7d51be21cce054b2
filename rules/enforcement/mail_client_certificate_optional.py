"""A mail server asks for client certificates, and takes clients without one, or with one it does not trust.

In mail there are no conditions: with `ssl_verify_client optional` a client without a certificate logs in
like any other, and with `optional_no_ca` one with a certificate of its own making, too. Whether that
matters is up to the server behind `auth_http`. nginx tells it in headers what it found: `Auth-SSL-Verify`
is `SUCCESS`, `NONE` or `FAILED:` with a reason, `Auth-SSL-Subject`, `-Issuer`, `-Serial` and `-Fingerprint`
are those of the certificate, verified or not. (The certificate itself follows in `Auth-SSL-Cert` with
`auth_http_pass_client_cert on`.)

Fine where that server answers `Auth-Status: OK` to `Auth-SSL-Verify: SUCCESS` alone, or wants a password of
everybody and takes the certificate for no more than a hint.

Write `ssl_verify_client on;`, or see that the server behind `auth_http` looks at `Auth-SSL-Verify`, and
never at `Auth-SSL-Subject` by itself.

Bad:
```nginx context=mail
auth_http           127.0.0.1:9000/auth;
server_name         mail.example.com;
ssl_certificate     /pki/server.pem;
ssl_certificate_key /pki/server.key;
server {
    listen 993 ssl;
    protocol               imap;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      optional;
}
```

Good:
```nginx context=mail
auth_http           127.0.0.1:9000/auth;
server_name         mail.example.com;
ssl_certificate     /pki/server.pem;
ssl_certificate_key /pki/server.key;
server {
    listen 993 ssl;
    protocol               imap;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
}
```

References:
- https://nginx.org/en/docs/mail/ngx_mail_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/mail/ngx_mail_auth_http_module.html#protocol
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import Confidence, Context, Finding, Findings, Related, Severity, VirtualServer, rule


@rule(
    id="mail-client-certificate-optional",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.POSSIBLE,
    controls=("OWASP ASVS 5.0 12.1.3",),
    needs=("mail",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:  # noqa: ARG001
    """Report mail servers whose clients may do without a certificate."""
    verify, auth = server.setting("ssl_verify_client"), server.setting("auth_http")
    if server.module != "mail" or verify.directive is None or not verify.lower.startswith("optional"):
        return
    if not server.tls_sockets and not server.starts_tls:
        return
    anybody = verify.lower == "optional_no_ca"
    who = "a certificate of its own making" if anybody else "no certificate"
    header = "FAILED:..." if anybody else "NONE"
    yield Finding(
        f"ssl_verify_client is {verify.lower}: a client with {who} logs in to {server.label} like any other,"
        f" unless the server behind auth_http refuses where Auth-SSL-Verify is {header}",
        verify.directive.arg_span(0),
        "write `ssl_verify_client on;`, or let the server behind `auth_http` take `Auth-SSL-Verify: SUCCESS`"
        " alone",
        related=() if auth.span is None else (Related(auth.span, "what decides about logins"),),
    )
