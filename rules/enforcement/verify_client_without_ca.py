"""Clients are verified, but no CA is given to verify them with.

With `ssl_verify_client on` or `optional` nginx wants to know which CAs client certificates may come from.
In a server with a TLS context (a certificate of its own or inherited, or `ssl_reject_handshake on`) it
refuses to start without them: `no ssl_client_certificate for ssl_verify_client`. Up to 1.27.1
`ssl_client_certificate` must be given; from 1.27.2 on `ssl_trusted_certificate` will do. `ssl_conf_command
VerifyCAFile` does not count, and an empty string cancels an inherited file.

`optional_no_ca` needs no CAs. A server without a TLS context is not refused, but it verifies nobody either.

Write `ssl_client_certificate` with the CAs whose clients may come in.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_verify_client    on;
}
```
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate          /pki/server.pem;
    ssl_certificate_key      /pki/server.key;
    ssl_trusted_certificate  /pki/root.pem;
    ssl_verify_client        on;
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
}
```
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate          /pki/server.pem;
    ssl_certificate_key      /pki/server.key;
    ssl_trusted_certificate  /pki/root.pem;
    ssl_verify_client        on;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_trusted_certificate
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
    client_ca,
    may_speak_tls,
    rule,
    servers_in_words,
)


@rule(id="verify-client-without-ca", severity=Severity.ERROR, since="0.1", needs=("ssl_verify_client",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    lacking: dict[Directive, list[VirtualServer]] = {}
    for server in configuration.servers:
        verify = server.setting("ssl_verify_client")
        if verify.directive is not None and verify.lower in {"on", "optional"} and _lacks_ca(server, ctx):
            lacking.setdefault(verify.directive, []).append(server)
    for directive, servers in lacking.items():
        yield _finding(directive, servers, ctx)


def _lacks_ca(server: VirtualServer, ctx: Context) -> bool:
    if not may_speak_tls(server) and not server.has_ssl_context:
        return False
    if client_ca(server) is not None:
        return False
    given = server.setting("ssl_client_certificate")
    if given.unknown is not None or server.directive is None:
        reason = given.unknown.reason if given.unknown is not None else "the server around it is not given"
        ctx.not_evaluated(server.span, f"whether CAs for client certificates are given: {reason}")
        return False
    return True


def _finding(directive: Directive, servers: list[VirtualServer], ctx: Context) -> Finding:
    first = servers[0]
    trusted = first.setting("ssl_trusted_certificate")
    cancelled = first.setting("ssl_client_certificate")
    wanted = "ssl_client_certificate"
    if ctx.version >= (1, 27, 2):
        wanted += " or ssl_trusted_certificate"
    related = []
    if trusted.value and trusted.span is not None:
        related.append(Related(trusted.span, f"enough from nginx 1.27.2 on, but not for {ctx.version}"))
    if cancelled.span is not None:
        related.append(Related(cancelled.span, "the empty string gives no CAs"))
    return Finding(
        f"{directive.text} needs {wanted}, and {servers_in_words(servers)}"
        f" {'has' if len(servers) == 1 else 'have'} none: nginx {ctx.version} refuses to start",
        directive.arg_span(0),
        "write ssl_client_certificate with the CAs whose clients may come in",
        related=tuple(related),
        fatal=True,
        confidence=Confidence.LIKELY if cancelled.assumed else None,
    )
