"""Nothing is written down of why a client's certificate is refused.

All that nginx has to say about refused clients it says in the error log at the level `info`: that no
certificate was sent, that it has expired or was revoked, that its CA is unknown, that the CRL is out of
date, and every failed handshake. The level is `error` where none is given, and in the access log all of
them are 400 alike. So when a partner's certificate runs out, or an expired CRL locks everybody out, the
logs are silent; and so they are while somebody tries certificates.

It is fine where the access log has `$ssl_client_verify`: that is `NONE`, or `FAILED:` with the reason, for
refused requests too, provided that it stands in the log of the server, for no location is chosen before the
refusal. Only failed handshakes are not in there. Where neither log has the client's name,
`client-identity-not-logged` says both; this rule then speaks only where the error log was turned down below
errors, or off, in so many words.

Add `$ssl_client_verify` to the log format of the server, or give this server's `error_log` the level
`info`. An `error_log` of a server takes the place of all outer ones.

Bad:
```nginx context=http
log_format clients '$remote_addr "$request" $status $ssl_client_s_dn';
access_log /var/log/nginx/access.log clients;
error_log  /var/log/nginx/error.log warn;
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
```
```nginx context=http
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    access_log              off;
    error_log               /dev/null;
}
```

Good:
```nginx context=http nginx=no
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    error_log               /var/log/nginx/api.error.log info;
}
```

References:
- https://nginx.org/en/docs/ngx_core_module.html#error_log
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#var_ssl_client_verify
- CIS NGINX Benchmark 3.0.0, 3.3
- OWASP ASVS 5.0, 16.3.4
"""

from msgspec import Struct, field

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    ErrorLog,
    Finding,
    Findings,
    Fix,
    Related,
    Severity,
    Span,
    Unknown,
    VirtualServer,
    access_logs,
    add_word,
    asks,
    error_logs,
    fix,
    may_speak_tls,
    rule,
    servers_in_words,
    set_word,
    unidentified,
)

_SHOWN = 4


class _Group(Struct):
    """Servers whose error log is the same, and the places where they ask."""

    errors: tuple[ErrorLog, ...]
    span: Span
    servers: list[VirtualServer] = field(default_factory=list)
    asked: dict[Span, None] = field(default_factory=dict)
    untraced: bool = True


@rule(
    id="client-refusals-not-logged",
    severity=Severity.INFO,
    since="0.1",
    controls=("CIS NGINX 3.0.0 3.3", "OWASP ASVS 5.0 16.3.4"),
    needs=("ssl_verify_client", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each error log once, with the servers that refuse clients and do not say why."""
    groups: dict[tuple[Directive | None, ...], _Group] = {}
    for server in configuration.servers:
        if not asks(server) or not may_speak_tls(server):
            continue
        logs = access_logs(configuration, server, server.scope)
        if isinstance(logs, tuple) and any(log.tells_refusals for log in logs):
            continue
        asked = server.setting("ssl_verify_client").span or server.span
        errors = error_logs(configuration, server)
        if isinstance(errors, tuple) and any(log.tells_refusals for log in errors):
            continue
        unknown = next((one for one in (errors, logs) if isinstance(one, Unknown)), None)
        if isinstance(errors, Unknown) or isinstance(logs, Unknown):
            reason = unknown.reason if unknown is not None else ""
            ctx.not_evaluated(asked, f"whether refusals are logged: {reason}")
            continue
        quiet = all(log.is_quiet for log in errors)
        if not quiet and server.module != "mail" and unidentified(configuration, server) is not None:
            continue  # client-identity-not-logged says both
        key = tuple(log.directive for log in errors)
        place = key[0].span if key[0] is not None else asked
        group = groups.setdefault(key, _Group(errors, place))
        group.servers.append(server)
        group.asked[asked] = None
        group.untraced &= quiet and not logs and server.module != "mail"
    for group in groups.values():
        yield _finding(group)


def _finding(group: _Group) -> Finding:
    files = {log.file for log in group.errors}
    if files == {"/dev/null"}:
        how = "goes to /dev/null"
    else:
        level = min(group.errors, key=lambda log: log.rank).level
        how = f"starts at the level {level}"
    servers = servers_in_words(group.servers)
    leads = "and there is no access log either" if group.untraced else "and the access log has a bare 400"
    if group.servers[0].module != "http" and not group.untraced:
        leads = "and no other log has it"
    return Finding(
        f"the error log of {servers} {how}: why a client's certificate is refused, which nginx says there at"
        f" info, is lost, {leads}",
        group.span,
        "add `$ssl_client_verify` to the server's log_format, or give its error_log the level info",
        related=tuple(
            Related(span, "certificates are asked for here")
            for span in list(group.asked)[:_SHOWN]
            if span != group.span
        ),
        severity=Severity.WARNING if group.untraced else None,
        fix=_fix(group.errors),
    )


def _fix(errors: tuple[ErrorLog, ...]) -> Fix | None:
    """Let the first log that is kept have everything from `info` on."""
    kept = (log.directive for log in errors if log.directive is not None and log.file != "/dev/null")
    directive = next(kept, None)
    if directive is None:
        return None
    level = set_word(directive, 1, "info") if len(directive.args) > 1 else add_word(directive, "info")
    return fix(f"let {directive.args[0]} begin at the level info", level, safe=True)
