"""Client CAs are given, but nobody is asked for a certificate.

`ssl_client_certificate` only says which CAs client certificates may come from. Whether a certificate is
asked for is decided by `ssl_verify_client`, and its default is `off`: nginx then does not even open the CA
file. It starts without a warning, answers everybody, and every certificate a client has stays in its
pocket.

The same happens with a CA file at the `http` level when no server below it turns the check on. A server
that only inherits the CAs is fine as long as some other server uses them: then it is meant to be open.

Write `ssl_verify_client on;` beside the CAs. If this server is meant to be open, delete
`ssl_client_certificate` from it, so that nobody believes otherwise.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
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
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx
events {}
http {
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_verify_client on;
    }
    server {
        listen 443 ssl;
        server_name www.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#ssl_verify_client
- OWASP ASVS 5.0, 12.1.3
"""

from mtls_lint.api import (
    Confidence,
    Context,
    Directive,
    Finding,
    Findings,
    Fix,
    Related,
    Setting,
    Severity,
    VirtualServer,
    command_that_asks,
    find_door,
    fix,
    insert_after,
    rule,
    set_word,
    witness_of,
)


@rule(
    id="mtls-not-enforced",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.1.3", "DISA STIG V-278400"),
    needs=("ssl_client_certificate",),
)
def check(server: VirtualServer, ctx: Context) -> Findings:
    given = server.setting("ssl_client_certificate")
    verify = server.setting("ssl_verify_client")
    if not given.value or given.directive is None or verify.lower != "off":
        return
    if not server.tls_sockets and not server.starts_tls:
        return
    if any(outer.args[0].lower() != "off" for outer in verify.overrides if outer.args):
        return  # switched off over an outer value: verify-client-off-override judges that
    if server.setting("ssl_reject_handshake").is_on:
        return
    if given.directive not in server.scope.find("ssl_client_certificate") and _is_used(given.directive, ctx):
        return
    if verify.unknown is not None:
        ctx.not_evaluated(given.directive.span, f"whether clients are verified: {verify.unknown.reason}")
        return
    if server.directive is None:
        ctx.not_evaluated(given.directive.span, "the server block around these directives is not given")
        return
    door = find_door(ctx.configuration, server, server.tls_sockets, ctx.now)
    yield Finding(
        f"the client CAs of {given.value} are given, but ssl_verify_client is {_why_off(verify)}:"
        f" {_consequence(server)}",
        given.directive.arg_span(0),
        "write `ssl_verify_client on;` beside it, or delete the CAs if this is meant to be open",
        related=() if verify.span is None else (Related(verify.span, "switched off here"),),
        witness=witness_of(door),
        confidence=Confidence.LIKELY if verify.assumed else None,
        fix=_fix(server, given.directive, verify),
    )


def _fix(server: VirtualServer, given: Directive, verify: Setting) -> Fix | None:
    """Switch the check on in the server that has the CAs; what is meant for many servers is not guessed."""
    own = server.scope.directives
    if given not in own or command_that_asks(server) is not None:
        return None
    if verify.directive is None:
        return fix("require a client certificate", insert_after(given, "ssl_verify_client on;"))
    if verify.directive not in own:
        return None
    return fix("require a client certificate", set_word(verify.directive, 0, "on"))


def _is_used(given: Directive, ctx: Context) -> bool:
    """Whether some server verifies clients with these CAs; one that may, counts."""
    return any(
        server.setting("ssl_client_certificate").directive is given
        and (server.verify_client != "off" or server.setting("ssl_verify_client").unknown is not None)
        for server in ctx.configuration.servers
    )


def _why_off(verify: Setting) -> str:
    return "off" if verify.is_set else "not set and off by default"


def _consequence(server: VirtualServer) -> str:
    command = command_that_asks(server)
    if command is not None:
        return f"`{command.text}` asks for a certificate, but any is accepted, a self-signed one too"
    in_general = "no client is asked for a certificate and "
    return in_general + ("a password is all it takes" if server.module == "mail" else "everybody gets in")
