"""TLS 1.3 is not allowed.

TLS 1.2 is not broken, and this is hygiene: TLS 1.3 has no suite without forward secrecy, encrypts the
client's certificate on the way (in TLS 1.2 everybody on the path can read who connects), and needs a
round trip less. RFC 9325 says that implementations should support it.

The usual reason is an old line that was right when it was written. nginx itself had TLS 1.3 off by
default before 1.23.4; that is reported once for a configuration.

It is fine where a partner's client breaks with TLS 1.3, on a socket of its own.

Write `ssl_protocols TLSv1.2 TLSv1.3;`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols
- RFC 9325 section 3.1.1; RFC 9846 (TLS 1.3)
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    Use,
    VirtualServer,
    add_word,
    by_default,
    fix,
    protocol_words,
    protocols_of,
    rule,
    spoken_protocols,
    uses,
)

_REMEDY = "write `ssl_protocols TLSv1.2 TLSv1.3;`"


@rule(
    id="tls13-missing",
    severity=Severity.INFO,
    since="0.1",
    controls=("RFC 9325 3.1.1", "CIS NGINX 3.0.0 4.1.4"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report values with TLS 1.2 and without 1.3; the version's default once."""
    if ctx.version < (1, 13, 0):  # nginx did not know the word yet
        return
    for use in uses(configuration, "ssl_protocols"):
        yield from _written(use)
    lacking = [
        server
        for server in by_default(configuration)
        if "TLSv1.3" not in spoken_protocols(server) and _known(server, ctx)
    ]
    if lacking and "TLSv1.2" in protocols_of(lacking[0]):
        first = lacking[0]
        yield Finding(
            f"nginx {ctx.version} does not speak TLS 1.3 unless `ssl_protocols` asks for it, and no "
            "`ssl_protocols` is set for this server",
            first.span,
            _REMEDY + " in the `http` block",
            confidence=Confidence.LIKELY if first.setting("ssl_protocols").assumed else None,
            path=first.logical_path,
        )


def _known(server: VirtualServer, ctx: Context) -> bool:
    if server.directive is not None and server.setting("ssl_protocols").unknown is None:
        return True
    ctx.not_evaluated(server.span, "`ssl_protocols` may be set in what was not read")
    return False


def _written(use: Use) -> Findings:
    words = [(directive, i) for directive in use.directives for i in range(len(directive.args))]
    named = protocol_words([directive.args[i] for directive, i in words])
    if "TLSv1.2" not in named or "TLSv1.3" in named:
        return
    if any(not protocol_words([directive.args[i]]) for directive, i in words):
        return  # a word that is not known here may stand for TLS 1.3
    if use.servers and all("TLSv1.3" in spoken_protocols(server) for server in use.servers):
        return
    directive, index = next((d, i) for d, i in words if "TLSv1.2" in protocol_words([d.args[i]]))
    yield Finding(
        "`ssl_protocols` stops at TLSv1.2, so no client can use TLS 1.3, which hides client certificates "
        "from the network",
        directive.arg_span(index),
        _REMEDY,
        confidence=None if use.complete else Confidence.LIKELY,
        fix=fix("allow TLSv1.3", add_word(directive, "TLSv1.3", index)),
    )
