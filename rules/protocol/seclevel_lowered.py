"""The cipher string lowers OpenSSL's security level.

`@SECLEVEL=0` or `@SECLEVEL=1` in `ssl_ciphers` or in `ssl_conf_command CipherString` is usually there to
make one old client work. The level is not about ciphers alone: it is also the bar for certificates. At
level 1 nginx accepts client certificates with RSA keys of 1024 bits; at level 0 also those whose issuer
signed with SHA-1 or MD5, TLS 1.0 and 1.1 work again, and anonymous and unencrypted suites can be
negotiated if the string has them. In one server of a socket the level counts for clients that ask for its
name.

A level that `ssl_ciphers` sets stays in force when a `CipherString` command brings another string without
a level.

OpenSSL's default is 2 from version 3.2 on and in Debian and its descendants; older versions elsewhere
have 1, and there `@SECLEVEL=1` changes nothing until OpenSSL is updated.

Remove `@SECLEVEL`, and replace the certificate or the client that needs it.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    ssl_ciphers            DEFAULT@SECLEVEL=0;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    ssl_ciphers            ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ciphers
- OpenSSL: SSL_CTX_set_security_level(3)
- RFC 9325 sections 4.1 and 4.5
"""

from mtls_lint.api import (
    CipherString,
    Configuration,
    Context,
    Finding,
    Findings,
    Fix,
    Severity,
    Span,
    cipher_strings,
    cut,
    fix,
    level_in,
    may_speak_tls,
    rule,
    security_level,
)

_ADMITS = {
    0: "client certificates with RSA keys of 1024 bits or signed with SHA-1 or MD5 are accepted, and TLS 1.0 "
    "and 1.1 work wherever `ssl_protocols` allows them",
    1: "client certificates with RSA keys of 1024 bits are accepted",
}


@rule(
    id="seclevel-lowered",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 4.1", "RFC 9325 4.5"),
    needs=("ssl_ciphers", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report a string that sets level 0 or 1 where that level is in force."""
    for string in cipher_strings(configuration):
        level = level_in(string.text)
        if level not in _ADMITS or not _counts(string, configuration, level):
            continue
        yield Finding(
            f"`@SECLEVEL={level}` lowers OpenSSL's security level, so {_ADMITS[level]}",
            _place(string, f"@SECLEVEL={level}"),
            f"remove `@SECLEVEL={level}` and replace what needs it",
            fix=_fix(string, f"@SECLEVEL={level}"),
        )


def _fix(string: CipherString, words: str) -> Fix | None:
    """Take the level out, with the colon in front of it, where something is left of the string."""
    span = _place(string, words)
    text, start = span.source.text, span.start
    if span.text != words or string.text.count("@SECLEVEL") != 1:
        return None
    if text[start - 1] == ":":
        start -= 1
    if not (text[start - 1].isalnum() and (text[span.end] in ";\"' \t" or text[span.end] == ":")):
        return None
    return fix(f"take `{words}` out", cut(string.directive, Span(span.source, start, span.end)))


def _counts(string: CipherString, configuration: Configuration, level: int) -> bool:
    if not string.servers:
        return configuration.tree.is_fragment
    return any(may_speak_tls(server) and security_level(server) == level for server in string.servers)


def _place(string: CipherString, words: str) -> Span:
    span = string.span
    at = span.text.rfind(words)
    return span if at < 0 else Span(span.source, span.start + at, span.start + at + len(words))
