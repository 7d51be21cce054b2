"""A `server_name` is written in a way in which no client asks for it: the server is never chosen by it.

nginx compares the name with what clients send in the handshake (SNI) and in `Host`, byte by byte. They send
an internationalised name as A-labels (`xn--bcher-kva.example`), an IPv6 address in brackets, and neither a
port nor a final dot nor a part of a URL. A name that is written otherwise is accepted, and its requests go to
the default server of the socket: with its certificate, its client CAs and its `ssl_verify_client`.

Fine: on a socket with one server, which gets everything; and beside the right form of the name.

Write the name as clients send it.

Bad:
```nginx
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name bücher.example;
    ssl_certificate     /pki/idn.pem;
    ssl_certificate_key /pki/idn.key;
}
```
```nginx
server {
    listen 80 default_server;
    return 404;
}
server {
    listen 80;
    server_name api.example.com:80;
}
```

Good:
```nginx
server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
}
server {
    listen 443 ssl;
    server_name xn--bcher-kva.example [2001:db8::1];
    ssl_certificate     /pki/idn.pem;
    ssl_certificate_key /pki/idn.key;
}
```

References:
- https://nginx.org/en/docs/http/server_names.html
- RFC 6066, section 3
"""

from mtls_lint.api import Context, Finding, Findings, Severity, VirtualServer, listed, looks_names_up, rule


@rule(id="server-name-never-asked-for", severity=Severity.WARNING, since="0.1", needs=("server_name",))
def check(server: VirtualServer, ctx: Context) -> Findings:  # noqa: ARG001
    """Report names of servers that are not the default of each of their sockets."""
    never = [name for name in server.names if name.meant]
    if server.module == "mail" or not never:
        return
    sockets = [s for s in server.sockets if s.default_server is not server and looks_names_up(s)]
    if not sockets:
        return
    written = {name.text for name in server.names}
    for name in never:
        if written.issuperset(name.meant):
            continue
        default = sockets[0].default_server
        yield Finding(
            f"no client asks for {name.text}, but for {listed(name.meant)}: nginx never chooses server"
            f" {server.label} by this name, and such requests go to the default server, {default.label}",
            name.span,
            f"write `{' '.join(name.meant)}`",
        )
