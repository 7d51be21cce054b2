"""A name that no server has is answered, and the chosen profile wants it refused.

Without `--profile`, and with profiles that do not ask for it, this rule is silent. A client that sends no
name, or one that no server has, gets the default server: its certificate, and its content. CIS asks for a
default server that refuses, RFC 9325 for a handshake that fails; `ssl_reject_handshake on` does both.

Where a default server lets in somebody whom others would refuse, that is a finding without any profile:
`vhost-shared-socket-ca-mismatch`, `default-server-laxer`, `same-app-without-client-certificate`.

Only sockets with TLS are looked at. It is fine on a socket with one server that is called by its address.

Add `server { listen 443 ssl default_server; ssl_reject_handshake on; }`.

Bad:

```nginx profile=cis-3.0.0
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.3;
}
```

Good:

```nginx profile=cis-3.0.0
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.3;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake
- CIS NGINX Benchmark 2.1.0 and 3.0.0, 2.4.2
- RFC 9325 section 3.7
"""

from mtls_lint.api import Context, Finding, Findings, Severity, Socket, listed, repeats_another, rule


@rule(id="unknown-name-answered", severity=Severity.WARNING, since="0.1", profiled=True)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report each socket with TLS whose default server does a handshake for any name."""
    default = socket.default_server
    if not ctx.settings.requirements.unknown_names_refused or not socket.ssl or repeats_another(socket):
        return
    setting = default.setting("ssl_reject_handshake")
    if setting.unknown is not None:
        ctx.not_evaluated(default.span, f"`ssl_reject_handshake`: {setting.unknown.reason}")
    elif not setting.is_on:
        names = [str(name) for name in default.names][:3]
        whose = f" ({listed(names)})" if names else ""
        yield Finding(
            f"the default server of {socket.key}{whose} does a handshake for every name, and"
            f" {ctx.settings.requirements.profile} wants names that no server has refused",
            default.span,
            "add a default_server with `ssl_reject_handshake on;` to this address and port",
            path=default.logical_path,
        )
