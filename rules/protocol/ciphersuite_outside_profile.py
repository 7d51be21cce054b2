"""A cipher suite of TLS 1.3 is offered that the chosen profile does not list.

Without `--profile`, and with profiles that have no list of suites, this rule is silent. The suites of TLS
1.3 are not in `ssl_ciphers`: OpenSSL offers AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305 unless
`ssl_conf_command Ciphersuites` says something else. All three are good; ChaCha20 is not in the lists of
the BSI.

It is fine where the standard grants an exception and somebody has written it down; ignore it with that
reason.

Write `ssl_conf_command Ciphersuites` with the suites of the profile (nginx 1.19.4 and later).

Bad:

The default of OpenSSL has ChaCha20, which TR-02102-2 does not list:

```nginx profile=bsi-tr-02102-2
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols TLSv1.3;
}
```

Good:

```nginx profile=bsi-tr-02102-2
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_conf_command
- OpenSSL: SSL_CONF_cmd(3), SSL_CTX_set_ciphersuites(3)
- the sources of each profile: docs/profiles.md
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    TlsValue,
    VirtualServer,
    conf_commands,
    listed,
    rule,
    spoken_protocols,
    tls_values,
)

_OFFERED = ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256")
"""What OpenSSL offers unless it is told otherwise (TLS_DEFAULT_CIPHERSUITES)."""


@rule(id="ciphersuite-outside-profile", severity=Severity.ERROR, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each list that has something else, and OpenSSL's own list once."""
    allowed = ctx.settings.requirements.ciphersuites
    if allowed is not None:
        for value in tls_values(ctx, "ssl_conf_command", _speaks_tls13):
            yield from _judge(value, allowed, ctx)


def _speaks_tls13(server: VirtualServer) -> bool:
    return "TLSv1.3" in spoken_protocols(server)


def _judge(value: TlsValue, allowed: tuple[str, ...], ctx: Context) -> Findings:
    commands = conf_commands(value.servers[0], "Ciphersuites")
    suites = tuple(commands[-1].args[1].split(":")) if commands else _OFFERED
    outside = [suite for suite in suites if suite and suite not in allowed]
    if outside:
        source = (
            "`Ciphersuites`"
            if commands
            else "no `ssl_conf_command Ciphersuites` is set, and OpenSSL's default"
        )
        yield Finding(
            f"{source} for TLS 1.3 in {value.whose} has {listed(outside)}, which"
            f" {ctx.settings.requirements.profile} does not list",
            commands[-1].span if commands else value.servers[0].span,
            "write `ssl_conf_command Ciphersuites "
            f"{':'.join(suite for suite in _OFFERED if suite in allowed)};`",
            confidence=value.confidence,
            path="" if commands else value.servers[0].logical_path,
        )
