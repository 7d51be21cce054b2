"""A file beside the certificates does not exist: DH parameters, a ticket key, an OCSP response.

nginx opens `ssl_dhparam`, `ssl_session_ticket_key` and (with `ssl_stapling on`) `ssl_stapling_file` of
every server with a TLS context when it starts or reloads. If one of them is not there, `nginx -t` fails,
nginx does not start, and a reload keeps the old configuration.

A path counts as missing only where its neighbours are present, as for `certificate-file-missing`.

Put the file there, or correct the path.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_session_ticket_key /pki/no-such-ticket.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_session_ticket_key /pki/ticket.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_ticket_key
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_dhparam
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    FileState,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    is_named,
    reference_to,
    rule,
    servers_in_words,
)

_NAMES = ("ssl_dhparam", "ssl_session_ticket_key", "ssl_stapling_file")


@rule(
    id="tls-file-missing",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_dhparam", "ssl_session_ticket_key", "ssl_stapling_file"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    users: dict[Directive, list[VirtualServer]] = {}
    for server in (one for one in configuration.servers if one.has_ssl_context):
        for name in _NAMES:
            if name == "ssl_stapling_file" and not server.setting("ssl_stapling").is_on:
                continue
            for directive in server.setting(name).directives:
                if is_named(directive):
                    users.setdefault(directive, []).append(server)
    for directive, servers in users.items():
        reference = reference_to(configuration, directive)
        file = ctx.file(reference)
        if file is None or file.state is not FileState.ABSENT:
            continue
        if not ctx.is_missing(reference):
            ctx.not_evaluated(reference.span, f"{reference.written}: {file.reason}")
            continue
        yield Finding(
            f"the file {reference.path} does not exist, and nginx opens it as {directive.name} for"
            f" {servers_in_words(servers)}: nginx refuses to start",
            reference.span,
            "put the file there, or correct the path (a relative one counts from the directory of the main"
            " configuration file)",
            fatal=True,
        )
