"""`ssl_conf_command` replaces the client CAs, and switches the CRL off.

`VerifyCAFile`, `VerifyCAPath` and `VerifyCAStore` give OpenSSL another store of CAs for clients, after
nginx has filled its own. From then on `ssl_client_certificate` and `ssl_trusted_certificate` let nobody in,
and `ssl_crl`, whose lists were in the old store, revokes nobody: clients whose certificates are revoked get
in. The names that are sent to clients are still the old ones. `nginx -t` says nothing.

Fine: `VerifyCAFile` with the very file of `ssl_client_certificate`, without a CRL; it only says it twice.

Leave the command out, and name the CAs in `ssl_client_certificate`.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
    ssl_conf_command        VerifyCAFile /pki/root.pem;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_conf_command        VerifyCAFile /pki/other-root.pem;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
    ssl_conf_command        Options PrioritizeChaCha;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_conf_command
- https://docs.openssl.org/3.3/man3/SSL_CONF_cmd/ (VerifyCAFile)
"""

import os.path

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Related,
    Setting,
    Severity,
    VirtualServer,
    asks,
    may_speak_tls,
    rule,
    servers_in_words,
    uses,
)

_COMMANDS = {"verifycafile": "VerifyCAFile", "verifycapath": "VerifyCAPath", "verifycastore": "VerifyCAStore"}
_CAS = ("ssl_client_certificate", "ssl_trusted_certificate")


@rule(id="conf-command-replaces-trust", severity=Severity.ERROR, since="0.1", needs=("ssl_conf_command",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each such command that takes something out of force in some server."""
    for use in uses(configuration, "ssl_conf_command"):
        servers = [server for server in use.servers if asks(server) and may_speak_tls(server)]
        for directive in use.directives:
            command = _COMMANDS.get(str(directive.args[0]).lower()) if len(directive.args) == 2 else None
            if command is None:
                continue
            lost = {server: _lost(server, command, directive, configuration) for server in servers}
            touched = [server for server, settings in lost.items() if settings]
            if touched:
                likely = Confidence.LIKELY if ctx.configuration.tree.is_fragment else None
                yield _finding(directive, command, touched, lost[touched[0]], likely)


def _lost(
    server: VirtualServer, command: str, directive: Directive, configuration: Configuration
) -> list[Setting]:
    """The settings that the command takes out of force."""
    given = [setting for name in (*_CAS, "ssl_crl") if (setting := server.setting(name)).value]
    home = configuration.tree.main_directory
    same = command == "VerifyCAFile" and all(
        setting.name != "ssl_crl" and _path(home, setting.value) == _path(home, str(directive.args[1]))
        for setting in given
    )
    return [] if same else given


def _path(home: str, written: str | None) -> str:
    return os.path.normpath(os.path.join(home, written or ""))


def _finding(
    directive: Directive,
    command: str,
    servers: list[VirtualServer],
    lost: list[Setting],
    confidence: Confidence | None,
) -> Finding:
    names = [setting.name for setting in lost]
    cas = " and ".join(name for name in names if name != "ssl_crl")
    effects = [f"{cas} no longer let{'' if ' and ' in cas else 's'} anybody in"] if cas else []
    if "ssl_crl" in names:
        effects.append("ssl_crl revokes nobody, so that revoked clients get in")
    return Finding(
        f"ssl_conf_command {command} replaces the client CAs of {servers_in_words(servers)} by"
        f" {directive.args[1]}: {', and '.join(effects)}",
        directive.span,
        f"remove the command; if {directive.args[1]} is meant, name it in ssl_client_certificate",
        related=tuple(Related(setting.span, "out of force") for setting in lost if setting.span is not None),
        confidence=confidence,
    )
