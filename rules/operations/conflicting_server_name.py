"""Two servers have the same name on the same address and port; the second never gets a request for it.

nginx only warns (`conflicting server name ... ignored`) and gives the name to the first server in file order.
When the second one requires client certificates and the first does not, the requirement is never in force for
that name.

`.example.com` stands for `example.com` and `*.example.com`. When one of these is taken, nginx ignores all of
it, also when it was the same server that took it: `server_name example.com .example.com;` has no subdomains.

Delete the name from one of them, or merge the two servers.

Bad:
```nginx
server {
    listen 80;
    server_name a.example.com;
}
server {
    listen 80;
    server_name a.example.com b.example.com;
}
```
```nginx
server {
    listen 80;
    server_name example.com .example.com;
}
```

Good:
```nginx
server {
    listen 80;
    server_name a.example.com;
}
server {
    listen 80;
    server_name b.example.com;
}
server {
    listen 8080;
    server_name a.example.com;
}
```

References:
- https://nginx.org/en/docs/http/server_names.html
- nginx: ngx_http_server_names in src/http/ngx_http.c
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    NameKind,
    Related,
    ServerName,
    Severity,
    Socket,
    VirtualServer,
    rule,
)

_HARMLESS = (NameKind.EMPTY, NameKind.PLACEHOLDER, NameKind.REGEX, NameKind.VARIABLE)


@rule(id="conflicting-server-name", severity=Severity.WARNING, since="0.1", needs=("server_name",))
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report names that an earlier server has already, once for all the sockets the two share."""
    lost: dict[tuple[VirtualServer, ServerName, VirtualServer, ServerName], list[Socket]] = {}
    for socket in configuration.sockets:
        owners: dict[str, tuple[VirtualServer, ServerName]] = {}
        for server in socket.servers:
            for name in server.names:
                for claim in _claims(name):
                    owner, first = owners.setdefault(claim, (server, name))
                    if first is not name:
                        if owner is not server or (name.kind is NameKind.DOTTED and first.text != name.text):
                            lost.setdefault((server, name, owner, first), []).append(socket)
                        break
    for (server, name, owner, first), sockets in lost.items():
        yield _conflict(sockets, name, server, owner, first)


def _claims(name: ServerName) -> tuple[str, ...]:
    """What a name takes, in the order in which nginx looks: `.example.com` is two in one."""
    if name.kind is NameKind.DOTTED:
        return name.text[1:], f"*{name.text}"
    return () if name.kind in _HARMLESS else (name.text,)


def _conflict(
    sockets: list[Socket], name: ServerName, server: VirtualServer, owner: VirtualServer, first: ServerName
) -> Finding:
    where = " and ".join(str(socket.key) for socket in sockets)
    tls = any(socket.ssl for socket in sockets)
    laxer = tls and server.verify_client != "off" and owner.verify_client == "off"
    if owner is server:
        consequence = f"and only {first} remains of it"
        remedy = f"delete {first}: {name} takes it in"
    elif laxer:
        consequence = f"and its ssl_verify_client {server.verify_client} is never in force for this name"
        remedy = "delete the name from one of the two servers, or merge them"
    else:
        consequence = "and requests for it never come here"
        remedy = "delete the name from one of the two servers, or merge them"
    whose = "this" if owner is server else "an earlier"
    also = "" if first.text == name.text else f" (as {first})"
    return Finding(
        f"{name} on {where} belongs to {whose} server already{also}: nginx ignores it here with a warning, "
        f"{consequence}",
        name.span,
        remedy,
        (Related(first.span, "this name counts" if owner is server else "this server gets the requests"),),
        severity=Severity.ERROR if laxer else None,
    )
