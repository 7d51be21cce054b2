"""ssl_conf_command Protocol switches on TLS versions that ssl_protocols leaves out.

`ssl_conf_command` is applied after everything else. Its command `Protocol` does not replace the list of
`ssl_protocols`: it switches the versions it names on (or off, with a `-` in front), on top of that list.
So `Protocol ALL`, and even `Protocol TLSv1.3` meant as a restriction, only ever adds, and `ssl_protocols`
no longer says what the server speaks. Configurations that look right, and pass every review of
`ssl_protocols`, offer TLS 1.0.

`MinProtocol` and `MaxProtocol` are harmless: they narrow what `ssl_protocols` allows and never widen it.
A server with an `ssl_conf_command` of its own takes none of the commands of the `http` block.

It is a warning where the added versions are not forbidden ones.

Remove the command and say it with `ssl_protocols`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
    ssl_conf_command    Protocol ALL;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
    ssl_conf_command    MinProtocol TLSv1.2;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_conf_command
- OpenSSL: SSL_CONF_cmd(3), Protocol, MinProtocol, MaxProtocol
- RFC 9325 section 3.1.1
"""

from mtls_lint.api import (
    LEGACY,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    command_words,
    commanded_protocols,
    in_order,
    listed,
    may_speak_tls,
    protocols_of,
    rule,
    uses,
)


@rule(
    id="conf-command-overrides-protocols",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 3.1.1",),
    needs=("ssl_conf_command",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each Protocol command that adds a version, with what it adds."""
    for use in uses(configuration, "ssl_conf_command"):
        servers = [server for server in use.servers if may_speak_tls(server)]
        for directive in use.directives:
            if len(directive.args) != 2 or directive.args[0].lower() != "protocol":
                continue
            if not use.servers and configuration.tree.is_fragment:
                ctx.not_evaluated(directive.span, "the servers that take this command are not in this text")
            yield from _judge(directive, servers)


def _judge(directive: Directive, servers: list[VirtualServer]) -> Findings:
    enabled: set[str] = set()
    for item in directive.args[1].split(","):
        word = item.strip()
        enabled |= command_words(word.lstrip("+")) if not word.startswith("-") else set()
    for server in servers:
        added = (commanded_protocols(server) - protocols_of(server)) & enabled
        setting = server.setting("ssl_protocols")
        if not added or (not added & LEGACY and not setting.is_set):
            continue
        related = (Related(setting.span, "what this was meant to allow"),) if setting.span is not None else ()
        whose = "`ssl_protocols` leaves" if setting.is_set else "nginx's default leaves"
        yield Finding(
            f"`{directive.text}` switches on {listed(in_order(added))}, which {whose} out: the command "
            "is applied last and adds to the list",
            directive.arg_span(1),
            "remove the command and write the versions into `ssl_protocols`",
            related=related,
            severity=Severity.ERROR if added & LEGACY else Severity.WARNING,
        )
        return
