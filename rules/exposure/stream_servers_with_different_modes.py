"""Servers of one stream socket have different modes, and the default server's undoes the others'.

From nginx 1.25.5 on, the servers of one address and port in `stream` are told apart by the name that the
client says in the TLS handshake (SNI). There is no Host afterwards: SNI alone decides.

Two things follow for a server with `ssl_verify_client on` when the default server of its socket has `off`,
`optional` or `optional_no_ca`:

- Up to 1.30.6, and from 1.31.0 to 1.31.8, nginx reads the mode before the handshake, when it knows the
  default server only. Where the whole handshake is done in one go, which is a matter of timing, the default
  server's mode decides, and clients without a certificate get through (CVE-2026-120967).
  `ssl_reject_handshake on` in the default server does not help, and where the default server is the strict
  one, clients are turned away in the same way. Distributions mend this without a new version number.
- In every version a client without SNI, or with an unknown name, gets the default server. If that passes
  connections to the same backend, nobody needs a certificate to get there.

Servers with different CAs are fine, and so are, on versions that are mended, different modes with backends
of their own.

Write `ssl_verify_client on;` in the default server too, or give the servers addresses or ports of their own.

Bad:
```nginx version=1.31.3
events {}
stream {
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    server {
        listen 8443 ssl default_server;
        server_name public.example.com;
        proxy_pass 127.0.0.1:9001;
    }
    server {
        listen 8443 ssl;
        server_name internal.example.com;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        proxy_pass 127.0.0.1:9002;
    }
}
```
```nginx version=1.30.7
events {}
stream {
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    server {
        listen 8443 ssl default_server;
        proxy_pass 127.0.0.1:9002;
    }
    server {
        listen 8443 ssl;
        server_name internal.example.com;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        proxy_pass 127.0.0.1:9002;
    }
}
```

Good:
```nginx version=1.31.3
events {}
stream {
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    server {
        listen 8443 ssl default_server;
        ssl_reject_handshake on;
        return "";
    }
    server {
        listen 8443 ssl;
        server_name internal.example.com;
        proxy_pass 127.0.0.1:9002;
    }
}
```

References:
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#ssl_verify_client
- https://nginx.org/en/docs/stream/ngx_stream_core_module.html#server_name
- CVE-2026-120967
- RFC 9325 section 3.7
"""

from collections.abc import Sequence

from mtls_lint.api import (
    Confidence,
    Context,
    Finding,
    Findings,
    NameKind,
    Related,
    Severity,
    Socket,
    StreamWitness,
    VirtualServer,
    listed,
    listen_span,
    mixes_modes,
    repeats_another,
    rule,
    stream_backends,
)

_MENDED = "nginx below 1.30.7, and from 1.31.0 to 1.31.8,"
_REMEDY = (
    "write `ssl_verify_client on;` in the default server too (`ssl_reject_handshake on` alone does not help"
    " there), or give the servers addresses or ports of their own"
)


@rule(
    id="stream-servers-with-different-modes",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.7", "OWASP ASVS 5.0 12.1.3"),
    needs=("stream",),
)
def check(socket: Socket, ctx: Context) -> Findings:
    """Report, once for a stream socket, the servers whose mode the default server's undoes."""
    # Before 1.25.5 a stream socket has one server.
    if socket.module != "stream" or not socket.ssl or ctx.version < (1, 25, 5):
        return
    default = socket.default_server
    if repeats_another(socket):
        return
    others = [server for server in socket.servers if server is not default and _has_name(server)]
    if not others or _denies_all(default) or not _known(default, ctx):
        return
    others = [server for server in others if _known(server, ctx)]
    strict = [server for server in others if server.verify_client == "on"]
    if default.verify_client == "on":
        lax = [server for server in others if server.verify_client != "on"]
        if lax and _mixes_modes(ctx):
            yield _turned_away(socket, lax, ctx)
        return
    same = [server for server in strict if _same_backend(default, server, ctx)]
    if strict and _mixes_modes(ctx):
        yield _mixed(socket, strict, same, ctx)
    elif same:
        yield _open(socket, same, ctx)


def _mixes_modes(ctx: Context) -> bool:
    """Whether this version, and the build that was asked, may enforce the default server's mode."""
    return mixes_modes(ctx.version) and not ctx.carries_fix("CVE-2026-120967")


def _mixed(
    socket: Socket, strict: Sequence[VirtualServer], same: Sequence[VirtualServer], ctx: Context
) -> Finding:
    default = socket.default_server
    message = (
        f"the default server {default.label} of {socket.key} has ssl_verify_client"
        f" {default.verify_client}, and {_MENDED} at times checks clients of {_labels(strict)} by that:"
        " connections without a certificate get through where one is required (CVE-2026-120967)"
    )
    if same:
        message += f"; without SNI every client gets to the backend of {_labels(same)} anyway"
    return _finding(socket, message, strict, _REMEDY, ctx, by_version=not same)


def _turned_away(socket: Socket, lax: Sequence[VirtualServer], ctx: Context) -> Finding:
    default = socket.default_server
    message = (
        f"the default server {default.label} of {socket.key} has ssl_verify_client on, and {_MENDED} at times"
        f" checks clients of {_labels(lax)} by that: clients without a certificate are turned away where none"
        " is required"
    )
    remedy = "give the servers addresses or ports of their own, or make one that asks nobody the default"
    return _finding(socket, message, lax, remedy, ctx, by_version=True)


def _open(socket: Socket, same: Sequence[VirtualServer], ctx: Context) -> Finding:
    default = socket.default_server
    message = (
        f"a client without SNI on {socket.key}, or with an unknown name, gets the default server"
        f" {default.label}, which has ssl_verify_client {default.verify_client} and the backend of"
        f" {_labels(same)}: everybody gets there without the certificate that is required"
    )
    remedy = "write `ssl_verify_client on;` or `ssl_reject_handshake on;` in the default server"
    return _finding(socket, message, same, remedy, ctx, by_version=False)


def _finding(
    socket: Socket,
    message: str,
    servers: Sequence[VirtualServer],
    remedy: str,
    ctx: Context,
    *,
    by_version: bool,
) -> Finding:
    default = socket.default_server
    own = default.scope.find("ssl_verify_client")
    involved = (default, *servers)
    doubtful = by_version or ctx.configuration.tree.is_fragment
    doubtful = doubtful or any(server.setting("ssl_verify_client").assumed for server in involved)
    return Finding(
        message,
        own[0].arg_span(0) if own else listen_span(socket),
        remedy,
        related=tuple(
            Related(
                server.setting("ssl_verify_client").span or server.span,
                f"{server.label} has ssl_verify_client {server.verify_client}",
            )
            for server in servers
        ),
        # By default's backend certainly; what timing does, one connection cannot show.
        witness=None if by_version else StreamWitness(socket.key.address, socket.key.port),
        confidence=Confidence.LIKELY if doubtful else None,
        path=default.logical_path,
    )


def _labels(servers: Sequence[VirtualServer]) -> str:
    return listed([server.label for server in servers])


def _denies_all(default: VirtualServer) -> bool:
    """Whether nobody gets in at all: `allow` and `deny` of the default server hold for all of its socket.

    They are looked at before the handshake (docs/evidence.md: stream).
    """
    denies = any(directive.args == ("all",) for directive in default.setting("deny").directives)
    return denies and not default.setting("allow").is_set


def _has_name(server: VirtualServer) -> bool:
    """Whether some SNI selects the server."""
    return any(name.kind is not NameKind.EMPTY for name in server.names)


def _known(server: VirtualServer, ctx: Context) -> bool:
    verify = server.setting("ssl_verify_client")
    if verify.unknown is not None:
        ctx.not_evaluated(server.span, f"whether clients are verified: {verify.unknown.reason}")
    return verify.unknown is None


def _same_backend(default: VirtualServer, server: VirtualServer, ctx: Context) -> bool:
    """Whether clients of the default server get to a backend of ``server``."""
    if default.setting("ssl_reject_handshake").is_on:
        return False
    backends = [stream_backends(ctx.configuration, one) for one in (default, server)]
    if None in backends:
        ctx.not_evaluated(
            default.span,
            f"whether {default.label} and {server.label} have the same backend: it is in a variable,"
            " or in what was not read",
        )
        return False
    first, second = (set(backend or ()) for backend in backends)
    return bool(first & second)
