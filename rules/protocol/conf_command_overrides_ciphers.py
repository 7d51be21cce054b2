"""ssl_conf_command CipherString replaces ssl_ciphers.

`ssl_conf_command` is applied after everything else, and its command `CipherString` sets the same list as
`ssl_ciphers`. Where both are in force in a server, the string of `ssl_ciphers` chooses nothing: whoever
hardens it changes nothing. Only a security level it sets (`@SECLEVEL`) stays, unless the command's string
sets one too.

The command `Ciphersuites` is another matter: it sets the suites of TLS 1.3, which `ssl_ciphers` cannot.

Write one of the two, preferably `ssl_ciphers`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ECDHE+AESGCM;
    ssl_conf_command    CipherString DEFAULT;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ECDHE+AESGCM;
    ssl_conf_command    Ciphersuites TLS_AES_256_GCM_SHA384;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_conf_command
- OpenSSL: SSL_CONF_cmd(3), CipherString, Ciphersuites
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    may_speak_tls,
    rule,
    uses,
)


@rule(
    id="conf-command-overrides-ciphers", severity=Severity.WARNING, since="0.1", needs=("ssl_conf_command",)
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each CipherString command in whose server a cipher string is set."""
    for use in uses(configuration, "ssl_conf_command"):
        for directive in use.directives:
            if len(directive.args) != 2 or directive.args[0].lower() != "cipherstring":
                continue
            if not use.servers and configuration.tree.is_fragment:
                ctx.not_evaluated(directive.span, "the servers that take this command are not in this text")
            dead = (s.setting("ssl_ciphers") for s in use.servers if may_speak_tls(s))
            for setting in dead:
                if setting.span is not None:
                    yield Finding(
                        f"`{directive.text}` is applied last and replaces `ssl_ciphers {setting.value}`, "
                        "which chooses nothing any more",
                        directive.span,
                        "remove one of the two",
                        related=(Related(setting.span, "has no effect on the suites"),),
                    )
                    break
