"""Two servers have the same name on the same address and port; the second never gets a request for it.

nginx only warns (`conflicting server name ... ignored`) and gives the name to the first server in file order.
When the second one requires client certificates and the first does not, the requirement is never in force for
that name.

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

_HARMLESS = {NameKind.EMPTY, NameKind.PLACEHOLDER, NameKind.REGEX, NameKind.VARIABLE}


@rule(id="conflicting-server-name", severity=Severity.WARNING, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report names that an earlier server has already, once for all the sockets the two share."""
    lost: dict[tuple[VirtualServer, ServerName, VirtualServer, ServerName], list[Socket]] = {}
    for socket in configuration.sockets:
        owners: dict[str, tuple[VirtualServer, ServerName]] = {}
        for server in socket.servers:
            for name in server.names:
                if name.kind in _HARMLESS:
                    continue
                owner, first = owners.setdefault(name.text, (server, name))
                if owner is not server:
                    lost.setdefault((server, name, owner, first), []).append(socket)
    for (server, name, owner, first), sockets in lost.items():
        yield _conflict(sockets, name, server, owner, first)


def _conflict(
    sockets: list[Socket], name: ServerName, server: VirtualServer, owner: VirtualServer, first: ServerName
) -> Finding:
    tls = any(socket.ssl for socket in sockets)
    laxer = tls and server.verify_client != "off" and owner.verify_client == "off"
    consequence = (
        f"its ssl_verify_client {server.verify_client} is never in force for this name"
        if laxer
        else "requests for it never come here"
    )
    where = " and ".join(str(socket.key) for socket in sockets)
    return Finding(
        f"{name} on {where} belongs to an earlier server already: nginx ignores it here with a warning,"
        f" and {consequence}",
        name.span,
        "delete the name from one of the two servers, or merge them",
        (Related(first.span, "this server gets the requests"),),
        severity=Severity.ERROR if laxer else None,
    )
