"""The cipher string towards a backend has weak suites, or lowers OpenSSL's security level.

`proxy_ssl_ciphers` (`DEFAULT` unless it is set) chooses the suites that nginx offers to backends in TLS 1.2
and below. Suites without encryption (NULL) let everybody read along; those without authentication (aNULL,
ADH) bring no certificate, so that where nginx verifies, the request ends with 502 when a backend chooses one,
and where it does not, nobody even has to make one up. RC4, 3DES, export keys and MD5 are broken.

`@SECLEVEL=0` or `1` in it lets OpenSSL take backend certificates with weak keys (RSA below 2048 bits) and, at
0, with SHA-1 and MD5 signatures, and speak TLS 1.0 again. It is mostly there to reach one old machine: give
that one a location of its own.

The OpenSSL that judges is the one behind this tool; nginx may run with another.

Delete the line, or write `ECDHE+AESGCM:ECDHE+CHACHA20`.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_ciphers             ALL:@SECLEVEL=0;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
    }
}
```
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_ciphers             DEFAULT:@SECLEVEL=1;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_ciphers             ECDHE+AESGCM:ECDHE+CHACHA20;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_ciphers
- OpenSSL: ciphers(1), SSL_CTX_set_security_level(3)
- RFC 9325 section 4.1
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    Weakness,
    evaluate_ciphers,
    listed,
    passes_in_words,
    protocol_words,
    rule,
)

_BROKEN = (
    Weakness.NULL,
    Weakness.ANONYMOUS,
    Weakness.EXPORT,
    Weakness.RC4,
    Weakness.BLOCK_64,
    Weakness.MD5,
)
_USUAL_LEVEL = 2


@rule(
    id="upstream-cipher-weak",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 9325 4.1",),
    needs=(
        "proxy_ssl_ciphers",
        "grpc_ssl_ciphers",
        "uwsgi_ssl_ciphers",
        "proxy_ssl_conf_command",
        "grpc_ssl_conf_command",
        "uwsgi_ssl_conf_command",
    ),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each cipher string in force towards a backend that has something weak."""
    found: dict[Directive, list[UpstreamPass]] = {}
    for passing in ctx.upstream_passes:
        if any(target.tls for target in passing.targets):
            for directive in _strings(passing):
                found.setdefault(directive, []).append(passing)
    for directive, passes in found.items():
        yield from _judge(directive, passes)


def _strings(passing: UpstreamPass) -> tuple[Directive, ...]:
    """The directive whose string counts: that of a command comes last and replaces the other."""
    commands = passing.conf_commands("CipherString")
    if commands:
        return commands[-1:]
    return passing.setting("ssl_ciphers").directives[-1:]


def _judge(directive: Directive, passes: list[UpstreamPass]) -> Findings:
    evaluation = evaluate_ciphers(str(directive.args[-1]))
    level = min(2 if one.security_level is None else one.security_level for one in passes)
    offered = [one for one in passes if protocol_words(one.setting("ssl_protocols").words) != {"TLSv1.3"}]
    weak = evaluation.weak(*_BROKEN) if evaluation.accepted and offered else ()
    live = sorted(suite.name for suite in weak if suite.allowed_at(level))
    lowered = evaluation.security_level is not None and evaluation.security_level < _USUAL_LEVEL
    said = []
    if live:
        said.append(f"offers {listed(live, 3)} (as {evaluation.openssl_version} reads it)")
    if lowered:
        what = "weak keys" if evaluation.security_level else "weak keys, MD5 and SHA-1 signatures"
        said.append(
            f"lowers the security level to {evaluation.security_level}, at which certificates with"
            f" {what} pass"
        )
    if said:
        yield Finding(
            f"the cipher string towards the backend of {passes_in_words(passes)} {' and '.join(said)}",
            directive.arg_span(len(directive.args) - 1),
            "delete the line, or write `ECDHE+AESGCM:ECDHE+CHACHA20`",
        )
