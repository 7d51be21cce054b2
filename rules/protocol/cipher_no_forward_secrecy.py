"""The cipher string has suites without forward secrecy.

With a static RSA key exchange (`AES128-SHA`, `AES256-GCM-SHA384`, `kRSA`) the client encrypts the
session's secret with the server's certificate key. Whoever records the traffic today and gets that key
later reads all of it, client certificates included; and such suites are open to attacks on RSA padding.
RFC 10015 forbids them in TLS 1.2.

nginx's default, `HIGH:!aNULL:!MD5`, has them too; neither the default nor the same string written out is
reported. Suites with ephemeral Diffie-Hellman over a finite field (`DHE-...`) are not reported either:
they have forward secrecy, and need `ssl_dhparam` to work at all.

It is fine where the server has an ECDSA certificate only: no RSA suite can be negotiated then.

Write suites with ECDHE: `ECDHE+AESGCM:ECDHE+CHACHA20`, or add `!kRSA`.

Bad:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256:AES256-SHA;
}
```

Good:

```nginx
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ciphers         HIGH:!aNULL:!MD5:!kRSA;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ciphers
- RFC 10015; RFC 9325 section 4.1
"""

from mtls_lint.api import (
    CipherEvaluation,
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

_DEFAULT = "HIGH:!aNULL:!MD5"
_OTHERS = {Weakness.NULL, Weakness.ANONYMOUS, Weakness.EXPORT, Weakness.RC4, Weakness.BLOCK_64, Weakness.MD5}
_SHOWN = 5


@rule(
    id="cipher-no-forward-secrecy",
    severity=Severity.WARNING,
    since="0.1",
    controls=("RFC 10015", "RFC 9325 4.1"),
    needs=("ssl_ciphers", "ssl_conf_command"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report a cipher string once, unless it is nginx's own."""
    static: dict[str, list[Suite]] = {_DEFAULT: []}  # by the text: thousands of servers have the same
    for string in cipher_strings(configuration):
        text = string.text
        if text not in static:
            static[text] = _static(evaluate_ciphers(text))
        profile = text.startswith("PROFILE=")
        if not (static[text] or profile) or not chooses_suites(string, configuration):
            continue
        if profile:
            ctx.not_evaluated(string.span, f"`{string.text}` is a list that the distribution's OpenSSL keeps")
        # What is broken in another way as well is a finding of cipher-weak.
        # From security level 3 on, OpenSSL leaves such suites out.
        level = min((security_level(server) or 0 for server in string.chooses_in), default=0)
        names = [suite.name for suite in static[text] if suite.allowed_at(level)]
        if not names:
            continue
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield Finding(
            f"the cipher string has {', '.join(names[:_SHOWN])}{more}, as"
            f" {evaluate_ciphers(text).openssl_version} reads it: with them, whoever gets the certificate's"
            " key can read all recorded traffic",
            string.span,
            "use ECDHE suites only, such as `ECDHE+AESGCM:ECDHE+CHACHA20`, or add `!kRSA`",
        )


def _static(evaluation: CipherEvaluation) -> list[Suite]:
    """The suites without forward secrecy that have no other weakness."""
    return [suite for suite in evaluation.weak(Weakness.STATIC_KEY) if not suite.weaknesses & _OTHERS]
