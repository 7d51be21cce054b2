"""TLS versions below 1.2 are allowed.

SSLv2, SSLv3, TLS 1.0 and TLS 1.1 are forbidden by RFC 9325 (the latter two by RFC 8996 as well): their
handshakes rest on MD5 and SHA-1, and they encrypt in ways that have been broken. Allowing one of them does
not switch a newer version off, but it lets anybody between client and server try to get the old one.

What really happens depends on the OpenSSL that nginx runs with. OpenSSL 3 speaks TLS 1.0 and 1.1 at
security level 0 only (`@SECLEVEL=0` in the cipher string); OpenSSL 1.1.1 and older speak them as
configured. So the line above may do nothing today, and do something on the next machine.

Versions that nginx allows by default are reported once, as a warning: TLS 1.0 and 1.1 were on by default
before nginx 1.27.3. Below nginx 1.29.2 the value of a socket's default server counts for all servers of
that socket.

It is fine only for clients that cannot be replaced, on a socket of their own.

Write `ssl_protocols TLSv1.2 TLSv1.3;` once, in the `http` block.

Bad:

```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
}
```

Nothing is written, and the version's default allows them:

```nginx version=1.22.1
events {}
http {
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_certificate     /pki/server.pem;
        ssl_certificate_key /pki/server.key;
    }
}
```

Good:

```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols
- RFC 8996 (Deprecating TLS 1.0 and TLS 1.1), RFC 9325 section 3.1.1
"""

from collections.abc import Sequence

from mtls_lint.api import (
    LEGACY,
    SSL,
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    Span,
    Use,
    VirtualServer,
    by_default,
    delete_words,
    fix,
    in_order,
    listed,
    only_legacy,
    protocol_words,
    protocols_of,
    rule,
    security_level,
    spoken_protocols,
    uses,
)

_REMEDY = "write `ssl_protocols TLSv1.2 TLSv1.3;`"


@rule(
    id="tls-legacy-protocol",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.1.1", "PCI DSS 4.0.1 4.2.1", "CIS NGINX 3.0.0 4.1.4", "DISA STIG V-278381"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report what is written, one finding for a directive, and what the version allows by itself."""
    for use in uses(configuration, "ssl_protocols"):
        if not only_legacy(use):  # else it is a finding of tls-legacy-only
            for directive in use.directives:
                yield from _written(directive, use)
    yield from _default(configuration, ctx)


def _written(directive: Directive, use: Use) -> Findings:
    if protocol_words(directive.args).isdisjoint(LEGACY):
        return
    places = [index for index, word in enumerate(directive.args) if protocol_words([word]) & LEGACY]
    words = [directive.args[index] for index in places]
    if not words or (use.servers and all(_narrowed(server, words) for server in use.servers)):
        return
    named = protocol_words(words)
    tls = in_order(named - SSL)
    if not tls:
        consequence = "the usual builds of OpenSSL no longer have it, old ones do"
    elif use.servers and all(security_level(server) == 0 for server in use.servers):
        consequence = f"security level 0 in the cipher string makes OpenSSL 3 speak {listed(tls)}"
    else:
        consequence = f"OpenSSL 3 speaks {listed(tls)} at security level 0 only, OpenSSL 1.1.1 always"
    yield Finding(
        f"`ssl_protocols` allows {listed(in_order(named))}, which RFC 9325 forbids: {consequence}",
        Span(directive.source, directive.arg_span(places[0]).start, directive.arg_span(places[-1]).end),
        _REMEDY,
        fix=fix(
            f"take {listed(in_order(named))} out",
            delete_words(directive, [directive.args.index(word) for word in words]),
        ),
    )


def _narrowed(server: VirtualServer, words: Sequence[str]) -> bool:
    """Whether an `ssl_conf_command`, such as `MinProtocol TLSv1.2`, takes these versions away again."""
    return not spoken_protocols(server) & protocol_words(words)


def _default(configuration: Configuration, ctx: Context) -> Findings:
    servers = [server for server in by_default(configuration) if _by_default(server)]
    sure = [server for server in servers if _known(server, ctx)]
    if not sure:
        return
    # The server whose security level makes the old versions work is the one to show.
    first = min(sure, key=lambda server: security_level(server) != 0)
    names = listed(in_order(_by_default(first)))
    works = security_level(first) == 0
    others = f" (and {len(sure) - 1} more)" if len(sure) > 1 else ""
    yield Finding(
        f"nginx {ctx.version} allows {names} where no `ssl_protocols` is set, as in this server{others}, and "
        + (
            "the security level 0 of the cipher string makes them work"
            if works
            else "clients get them unless OpenSSL refuses, as version 3 does without `@SECLEVEL=0`"
        ),
        first.span,
        _REMEDY + " in the `http` block",
        severity=Severity.ERROR if works else Severity.WARNING,
        confidence=Confidence.LIKELY if first.setting("ssl_protocols").assumed else None,
        path=first.logical_path,
    )


def _by_default(server: VirtualServer) -> frozenset[str]:
    return protocols_of(server) & spoken_protocols(server) & LEGACY


def _known(server: VirtualServer, ctx: Context) -> bool:
    setting = server.setting("ssl_protocols")
    if setting.unknown is not None:
        ctx.not_evaluated(
            server.span, f"`ssl_protocols` may be set in what was not read: {setting.unknown.reason}"
        )
        return False
    if server.directive is None:
        ctx.not_evaluated(server.span, "`ssl_protocols` may be set in the server that these lines belong to")
        return False
    return True
