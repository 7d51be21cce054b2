"""A cipher suite of TLS 1.2 is allowed that the chosen profile does not list.

Without `--profile`, and with profiles that have no list of suites, this rule is silent. `ssl_ciphers` (or
`ssl_conf_command CipherString`, which replaces it) says which suites there are; where nothing is written,
nginx's default counts. OpenSSL is asked what a string stands for: the one behind this tool, which the
message names; nginx may run with another. The suites of TLS 1.3 are those of
`ciphersuite-outside-profile`.

Suites with NULL, RC4, 3DES and the like are findings of `cipher-weak`, those of a written string without
forward secrecy of `cipher-no-forward-secrecy`. Suites that nginx cannot negotiate (PSK, SRP, DHE without
`ssl_dhparam`) or that the security level bars are not counted.

It is fine where the standard grants an exception and somebody has written it down; ignore it with that
reason.

Write the suites of the profile, by name.

Bad:

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers HIGH:!aNULL:!MD5:!kRSA;
}
```

Good:

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ciphers
- OpenSSL: ciphers(1), SSL_CONF_cmd(3)
- the sources of each profile: docs/profiles.md
"""

from fnmatch import fnmatchcase

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    TlsValue,
    VirtualServer,
    Weakness,
    conf_commands,
    evaluate_ciphers,
    listed,
    rule,
    security_level,
    spoken_protocols,
    tls_values,
)

_BROKEN = {
    Weakness.NULL,
    Weakness.ANONYMOUS,
    Weakness.EXPORT,
    Weakness.RC4,
    Weakness.BLOCK_64,
    Weakness.MD5,
}


@rule(id="cipher-outside-profile", severity=Severity.ERROR, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each string that has something else, and the default once."""
    allowed = ctx.settings.requirements.ciphers
    if allowed is None:
        return
    for value in tls_values(ctx, "ssl_ciphers", _by_directive):
        yield from _judge(value, value.words[-1], allowed, ctx)
    for value in tls_values(ctx, "ssl_conf_command", _by_command):
        yield from _judge(value, str(_command(value.servers[0])), allowed, ctx)


def _by_directive(server: VirtualServer) -> bool:
    return _command(server) is None and _has_suites(server)


def _by_command(server: VirtualServer) -> bool:
    return _command(server) is not None and _has_suites(server)


def _command(server: VirtualServer) -> str | None:
    commands = conf_commands(server, "CipherString")
    return commands[-1].args[1] if commands else None


def _has_suites(server: VirtualServer) -> bool:
    return bool(spoken_protocols(server) - {"TLSv1.3"})


def _judge(value: TlsValue, text: str, allowed: tuple[str, ...], ctx: Context) -> Findings:
    evaluation = evaluate_ciphers(text)
    if not evaluation.accepted:
        if evaluation.accepted is None:
            ctx.not_evaluated(value.span, f"what `{text}` stands for depends on the machine's OpenSSL")
        return
    levels = [level for server in value.servers if (level := security_level(server)) is not None]
    # Without parameters nginx does no DHE (docs/evidence.md: protocols).
    parameters = any(server.setting("ssl_dhparam").is_set for server in value.servers)
    told = _BROKEN | ({Weakness.STATIC_KEY} if value.directives else set())
    told |= set() if parameters else {Weakness.DHE}
    outside = [
        suite.name
        for suite in evaluation.suites
        if suite.usable
        and suite.allowed_at(min(levels, default=1))
        and not any(fnmatchcase(suite.name, pattern) for pattern in allowed)
        and not suite.weaknesses & told
    ]
    if outside:
        source = (
            "the cipher string" if value.directives else f"`ssl_ciphers` is not set, and the default `{text}`"
        )
        yield Finding(
            f"{source} of {value.whose} has {listed(outside)}, as {evaluation.openssl_version} reads it,"
            f" which {ctx.settings.requirements.profile} does not list",
            value.span,
            f"leave {listed(allowed)} alone in it"
            if any("*" in pattern for pattern in allowed)
            else f"write `ssl_ciphers {':'.join(allowed)};`",
            confidence=value.confidence,
            path=value.path,
        )
