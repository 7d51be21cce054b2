"""The access log does not say which client made a request.

Where clients have certificates, that is who they are. nginx's own format `combined`, and most that are made
from it, hold the address and the user of basic authentication, but nothing of the certificate: afterwards
nobody can say which client did what, or what a stolen certificate was used for before it was revoked. Nor
does such a log tell why others were turned away: it has 400, whatever was wrong.

It is fine where the backend gets the name and keeps a log of its own (the rule is silent where a header or
parameter tells a backend who the client is), and where all clients share one certificate.

Log the result and something that names the certificate: `$ssl_client_s_dn`, or `$ssl_client_serial` where
one CA issues all of them, or `$ssl_client_fingerprint`. In stream a log has to be asked for: there is none
by default.

Bad:
```nginx context=http
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    access_log              /var/log/nginx/api.log combined;
}
```

Good:
```nginx nginx=no
events {}
http {
    log_format clients '$remote_addr [$time_local] "$request" $status '
                       '"$ssl_client_verify" "$ssl_client_s_dn" $ssl_client_serial';
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        access_log              /var/log/nginx/api.log clients;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#variables
- CIS NGINX Benchmark 3.0.0, 3.1
"""

from msgspec import Struct, field

from mtls_lint.api import (
    AccessLog,
    Configuration,
    Context,
    ErrorLog,
    Finding,
    Findings,
    Related,
    Severity,
    Span,
    Unknown,
    VirtualServer,
    asks,
    error_logs,
    may_speak_tls,
    rule,
    servers_in_words,
    unidentified,
)

_SHOWN = 4


class _Group(Struct):
    """Servers whose log lacks the same, the place to mend it, and the places where they ask."""

    span: Span
    log: AccessLog | None
    servers: list[VirtualServer] = field(default_factory=list)
    asked: dict[Span, None] = field(default_factory=dict)
    blind: bool = True


@rule(
    id="client-identity-not-logged",
    severity=Severity.INFO,
    since="0.1",
    controls=("CIS NGINX 3.0.0 3.1",),
    needs=("ssl_verify_client", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each format once, and each ``access_log off``, with all servers that log by it."""
    groups: dict[object, _Group] = {}
    for server in configuration.servers:
        if server.module == "mail" or not asks(server) or not may_speak_tls(server):
            continue
        logs = unidentified(configuration, server)
        if logs is None:
            continue
        asked = server.setting("ssl_verify_client").span or server.span
        if isinstance(logs, Unknown):
            ctx.not_evaluated(asked, f"whether the access log names clients: {logs.reason}")
            continue
        log = logs[0] if logs else None
        own = server.setting("access_log").directive
        place = (log.declared or log.directive) if log is not None else own
        key = (server.module, log.format) if log is not None else (server.module, own)
        group = groups.setdefault(key, _Group(place.span if place is not None else asked, log))
        group.servers.append(server)
        group.asked[asked] = None
        errors = error_logs(configuration, server)
        group.blind &= _says_nothing(errors) and not any(one.tells_refusals for one in logs)
    for group in groups.values():
        refused = ", nor why one was refused" if group.blind else ""
        yield Finding(
            f"{_what(group)} whose certificate a request came with{refused}:"
            " afterwards nobody can tell which client did what",
            group.span,
            'write `"$ssl_client_verify" "$ssl_client_s_dn" $ssl_client_serial` into the access log',
            related=tuple(
                Related(span, "certificates are asked for here")
                for span in list(group.asked)[:_SHOWN]
                if span != group.span
            ),
        )


def _says_nothing(errors: tuple[ErrorLog, ...] | Unknown) -> bool:
    """Whether the error log leaves refusals out; where somebody turned it off, that is told on its own."""
    if isinstance(errors, Unknown):
        return False
    return not any(log.tells_refusals for log in errors) and not all(log.is_quiet for log in errors)


def _what(group: _Group) -> str:
    servers = servers_in_words(group.servers)
    if group.log is not None:
        return f"the log format `{group.log.format}` of {servers} does not say"
    if group.servers[0].setting("access_log").is_set:
        return f"with `access_log off` nothing in {servers} says"
    return f"{servers} writes no access log: nothing says"
