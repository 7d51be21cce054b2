"""OpenSSL finds no suite in the cipher string, and nginx refuses to start.

OpenSSL ignores words it does not know, silently, as long as one suite remains; when none does, it says
`no cipher match`, and nginx does not start (`SSL_CTX_set_cipher_list("...") failed`). The usual reasons:
names of TLS 1.3 suites, which are not set with `ssl_ciphers`; names as the RFCs write them
(`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`), which OpenSSL knows from 3.2 on only; only algorithms that the
build has no longer (RC4, 3DES); a misspelt `@SECLEVEL`. The rule fires for servers that have a certificate:
without one nginx does not look at the string.

The string is given to the OpenSSL behind this tool. For a name that another build may know, the finding
is marked as likely, not certain. `PROFILE=SYSTEM` (Red Hat, Fedora) is not judged.

Write suites as `openssl ciphers -v` prints them; for TLS 1.3 use `ssl_conf_command Ciphersuites ...`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ECDHE+AESGCM:ECDHE+CHACHA20;
    ssl_conf_command    Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ciphers
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_conf_command
- OpenSSL: ciphers(1)
"""

import re

from mtls_lint.api import (
    CipherString,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    cipher_strings,
    evaluate_ciphers,
    rule,
)

_TLS13 = re.compile(r"TLS_(?!.*_WITH_)[A-Z0-9]+_[A-Z0-9_]*SHA\d+", re.ASCII)
_NAME_OF_RFC = re.compile(r"TLS_.*_WITH_", re.ASCII)
_TEMPLATE = re.compile(r"[<>{}%]|\$[A-Z]")
_REMEDY = "name suites as `openssl ciphers -v` prints them, such as `ECDHE+AESGCM:ECDHE+CHACHA20`"
_BAD_LEVEL = re.compile(r"@(?!SECLEVEL=[0-5]|STRENGTH)")


@rule(
    id="cipher-string-refused",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_ciphers", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Give every string that nginx reads to OpenSSL."""
    for string in cipher_strings(configuration):
        read = _is_read(string, configuration)
        if read is False:
            continue
        if _TEMPLATE.search(string.text):
            ctx.not_evaluated(string.span, f"`{string.text}` is a value that a template fills in")
            continue
        evaluation = evaluate_ciphers(string.text)
        if evaluation.accepted:
            continue
        if string.text.startswith("PROFILE="):
            ctx.not_evaluated(string.span, f"`{string.text}` is a list that the distribution's OpenSSL keeps")
            continue
        if any(_NAME_OF_RFC.match(word) for word in _words(string.text)):
            yield Finding(
                f"{evaluation.openssl_version} finds no suite in `{string.text}`: nginx refuses to start "
                "where its OpenSSL is older than 3.2, which is the first to know suites by these names",
                string.span,
                _REMEDY,
                confidence=Confidence.POSSIBLE,
            )
            continue
        yield Finding(
            f"{evaluation.openssl_version} finds no suite in `{string.text}`, so nginx refuses to start"
            + _because(string.text),
            string.span,
            _REMEDY,
            fatal=True,
            confidence=None if read and _same_everywhere(string.text) else Confidence.LIKELY,
        )


def _is_read(string: CipherString, configuration: Configuration) -> bool | None:
    """Whether some server gives the string to OpenSSL; None when that is not in this text."""
    if not string.servers and configuration.tree.is_fragment:
        return None
    if any(server.has_ssl_context for server in string.servers):
        return True
    missing = [server.setting("ssl_certificate") for server in string.servers]
    return None if any(setting.assumed or setting.unknown is not None for setting in missing) else False


def _words(text: str) -> list[str]:
    return [word for word in re.split("[:, ;]+", text) if word and word[0] not in "!-+@"]


def _same_everywhere(text: str) -> bool:
    """Whether every OpenSSL refuses it: nothing is chosen but TLS 1.3 suites, or a command is wrong."""
    return _BAD_LEVEL.search(text) is not None or all(_TLS13.fullmatch(word) for word in _words(text))


def _because(text: str) -> str:
    words = _words(text)
    if words and all(_TLS13.fullmatch(word) for word in words):
        return ": the suites of TLS 1.3 are not set with a cipher string"
    if _BAD_LEVEL.search(text):
        return ": security levels are written `@SECLEVEL=0` to `@SECLEVEL=5`"
    return ""
