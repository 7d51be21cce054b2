"""A mail server asks another machine about logins in plain HTTP, after it has verified a certificate.

`auth_http` decides who gets in: nginx sends it user name, password and what it knows of the certificate
(`Auth-SSL-Verify`, `Auth-SSL-Subject` ...), and logs the client in at the server that the answer names.
nginx speaks nothing but plain HTTP there. Who can read or change packets between the two machines reads
every password, and answers `Auth-Status: OK` for a client of its choice; the certificate that the client
had to present is then worth nothing.

Fine where the network between the two is encrypted by other means (a tunnel, a service mesh), and on the
same machine: for loopback addresses and Unix sockets this rule is silent.

Run the server behind `auth_http` beside nginx, or a small proxy on a loopback address that speaks TLS to
it.

Bad:
```nginx context=mail
auth_http           192.0.2.10:9000/auth;
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
- https://nginx.org/en/docs/mail/ngx_mail_auth_http_module.html#auth_http
- OWASP ASVS 5.0, 12.3.3
"""

import ipaddress

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    may_speak_tls,
    rule,
    servers_in_words,
)


@rule(
    id="mail-auth-http-in-plain",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.3",),
    needs=("mail",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each `auth_http` to another machine once, with the servers that verify clients and ask it."""
    asking: dict[Directive, list[VirtualServer]] = {}
    for server in configuration.servers_of("mail"):
        auth = server.setting("auth_http")
        if server.verify_client == "off" or not may_speak_tls(server):
            continue
        if auth.directive is None:
            if auth.unknown is not None:
                ctx.not_evaluated(server.span, f"what decides about logins: {auth.unknown.reason}")
        elif auth.directive.args and not _is_here(_host(str(auth.directive.args[0]))):
            asking.setdefault(auth.directive, []).append(server)
    for directive, servers in asking.items():
        verify = servers[0].setting("ssl_verify_client").span
        host = _host(str(directive.args[0]))
        yield Finding(
            f"logins to {servers_in_words(servers)} are decided by {host} in plain HTTP: who is on the way"
            " reads the passwords, and lets in whom it likes, whatever certificate was verified",
            directive.arg_span(0),
            "run the server behind `auth_http` on this machine, or reach it by a proxy on a loopback address"
            " that speaks TLS to it",
            related=() if verify is None else (Related(verify, "certificates are verified here"),),
        )


def _host(url: str) -> str:
    """The host of a URL as nginx takes it: with or without `http://`."""
    rest = url[7:] if url.lower().startswith("http://") else url
    if rest.startswith("unix:"):
        return "unix:"
    authority = rest.partition("/")[0]
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]


def _is_here(host: str) -> bool:
    if host in {"unix:", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
