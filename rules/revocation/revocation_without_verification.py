"""CRLs or OCSP are set up, but no client is asked for a certificate.

`ssl_crl` and `ssl_ocsp` say how the certificates of clients are checked for revocation. Where
`ssl_verify_client` is `off`, which is its default, there is none to check: nginx starts without a warning and
answers everybody.

Fine: `ssl_crl` at the `http` level when some server below it verifies clients. Where client CAs are set
beside it, `mtls-not-enforced` says what is missing.

Write `ssl_verify_client on;` with the client CAs beside it, or delete the line.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_crl                 /pki/crl.pem;
}
```

Good:
```nginx
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
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
    rule,
    servers_in_words,
)


@rule(
    id="revocation-without-verification",
    severity=Severity.WARNING,
    since="0.1",
    needs=("ssl_crl", "ssl_ocsp"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the settings of revocation that no server uses."""
    users: dict[Directive, list[VirtualServer]] = {}
    for server in configuration.servers:
        for name in ("ssl_crl", "ssl_ocsp"):
            setting = server.setting(name)
            if setting.directive is not None and setting.lower not in {"", "off"} and server.has_ssl_context:
                users.setdefault(setting.directive, []).append(server)
    unused: dict[tuple[VirtualServer, ...], list[Directive]] = {}
    for directive, servers in users.items():
        modes = [server.setting("ssl_verify_client") for server in servers]
        if any(mode.lower != "off" for mode in modes):
            continue
        reason = next((mode.unknown.reason for mode in modes if mode.unknown is not None), None)
        if reason is not None:
            ctx.not_evaluated(directive.span, f"whether clients are verified: {reason}")
        elif not any(server.setting("ssl_client_certificate").value for server in servers):
            unused.setdefault(tuple(servers), []).append(directive)
    for using, (first, *others) in unused.items():
        assumed = any(server.setting("ssl_verify_client").assumed for server in using)
        yield Finding(
            f"{first.name} has no effect: ssl_verify_client is off in {servers_in_words(using)}, so that no"
            " client is asked for a certificate that could be revoked",
            first.span,
            "write `ssl_verify_client on;` and the client CAs beside it, or delete this",
            related=tuple(Related(other.span, "this neither") for other in others),
            confidence=Confidence.LIKELY if assumed else None,
        )
