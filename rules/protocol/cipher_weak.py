"""The cipher string has suites without encryption, without authentication, or with broken algorithms.

`ssl_ciphers` (or `ssl_conf_command CipherString`) chooses the suites of TLS 1.2 and below. This rule asks
OpenSSL which suites the string stands for and reports those with no encryption (NULL), no server
authentication (aNULL, ADH, AECDH), export-grade keys, RC4, 3DES or DES, or MD5.

Two things can stand between the string and a client, and the finding is a warning then:

- OpenSSL's security level. At level 1 and above (the default is 1 or 2) anonymous and NULL suites are
  never negotiated, whatever the string says; `@SECLEVEL=0` lets them in.
- The build. Current OpenSSL builds leave out RC4, 3DES and DES; the name in the string does nothing
  there, and does something on a machine whose OpenSSL still has them.

The OpenSSL that judges is the one behind this tool, and the message names it: nginx may run with another.

A value that allows TLS 1.3 alone has no use for the string, and is not judged.

Write `ECDHE+AESGCM:ECDHE+CHACHA20`, or exclude by name: `!aNULL:!eNULL:!EXPORT:!RC4:!3DES:!DES:!MD5`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ALL:eNULL:@SECLEVEL=0;
}
```

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ECDHE-RSA-AES128-GCM-SHA256:DES-CBC3-SHA;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ECDHE+AESGCM:ECDHE+CHACHA20;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ciphers
- OpenSSL: ciphers(1), SSL_CTX_set_security_level(3)
- RFC 9325 section 4.1
"""

from mtls_lint.api import (
    CipherEvaluation,
    CipherString,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    Suite,
    Weakness,
    chooses_suites,
    cipher_strings,
    evaluate_ciphers,
    rule,
    security_level,
)

_BROKEN = (
    Weakness.NULL,
    Weakness.ANONYMOUS,
    Weakness.EXPORT,
    Weakness.RC4,
    Weakness.BLOCK_64,
    Weakness.MD5,
)
_REMEDY = "write `ECDHE+AESGCM:ECDHE+CHACHA20`, or exclude them with `!`"
_SHOWN = 5


@rule(
    id="cipher-weak",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9325 4.1", "PCI DSS 4.0.1 4.2.1", "CIS NGINX 3.0.0 4.1.5"),
    needs=("ssl_ciphers", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report a cipher string once, with its worst suites first."""
    harmless: dict[str, bool] = {}  # by the text: thousands of servers have the same
    for string in cipher_strings(configuration):
        evaluation = evaluate_ciphers(string.text)
        if string.text not in harmless:
            weak = evaluation.weak(*_BROKEN)
            harmless[string.text] = bool(evaluation.accepted) and not weak and not _absent(evaluation, weak)
        if harmless[string.text] or not chooses_suites(string, configuration):
            continue
        if evaluation.accepted:
            yield from _judge(string, evaluation)
        elif string.text.startswith("PROFILE="):
            ctx.not_evaluated(string.span, f"`{string.text}` is a list that the distribution's OpenSSL keeps")


def _judge(string: CipherString, evaluation: CipherEvaluation) -> Findings:
    weak = evaluation.weak(*_BROKEN)
    level = _level(string)
    live = [suite for suite in weak if suite.allowed_at(1 if level is None else level)]
    # Any OpenSSL of today has at least level 1 unless the configuration says otherwise.
    absent = _absent(evaluation, weak)
    if live:
        yield Finding(
            f"the cipher string lets clients use {_list(live)}, as {evaluation.openssl_version} reads it",
            string.span,
            _REMEDY,
        )
    elif weak:
        yield Finding(
            f"the cipher string has {_list(list(weak))}, as {evaluation.openssl_version} reads it; only its "
            f"security level ({'the default' if level is None else level}) keeps clients from using them",
            string.span,
            _REMEDY,
            severity=Severity.WARNING,
        )
    elif absent:
        yield Finding(
            f"the cipher string asks for {absent}, which {evaluation.openssl_version} no longer has; where "
            "the OpenSSL of nginx still has it, clients can use it",
            string.span,
            _REMEDY,
            severity=Severity.WARNING,
            confidence=Confidence.LIKELY,
        )


def _level(string: CipherString) -> int | None:
    levels = [security_level(server) for server in string.chooses_in] or [
        evaluate_ciphers(string.text).security_level
    ]
    return min(levels, key=lambda level: 1 if level is None else level)


def _list(suites: list[Suite]) -> str:
    ordered = sorted(suites, key=lambda suite: (_rank(suite), suite.name))
    shown = [f"{suite.name} ({_worst(suite).value})" for suite in ordered[:_SHOWN]]
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return ", ".join(shown) + more


def _worst(suite: Suite) -> Weakness:
    return next(kind for kind in _BROKEN if kind in suite.weaknesses)


def _rank(suite: Suite) -> int:
    return _BROKEN.index(_worst(suite))


def _absent(evaluation: CipherEvaluation, weak: tuple[Suite, ...]) -> str:
    found = {kind for suite in weak for kind in suite.weaknesses}
    words = [f"{word} ({kind.value})" for word, kind in evaluation.requested if kind not in found]
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more
