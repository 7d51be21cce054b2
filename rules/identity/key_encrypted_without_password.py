"""A private key is encrypted, and nginx has no password that opens it.

Without `ssl_password_file` nginx asks for the pass phrase on the terminal: a start by the system's service
manager, where there is none, fails, and so does an unattended restart at night. With a password file in
which no line fits, nginx refuses to start (`bad decrypt`).

Name a password file (readable for root only) that holds the pass phrase, or keep the key unencrypted and
guard the file.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/encrypted.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/encrypted.key;
    ssl_password_file   /pki/wrong-passwords.txt;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/server.pem;
        proxy_ssl_certificate_key /pki/encrypted.key;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/encrypted.key;
    ssl_password_file   /pki/passwords.txt;
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/server.pem;
        proxy_ssl_certificate_key /pki/encrypted.key;
        proxy_ssl_password_file   /pki/passwords.txt;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_password_file
"""

from mtls_lint.api import (
    Confidence,
    Context,
    FileState,
    Finding,
    Findings,
    KeyPair,
    Related,
    Severity,
    VirtualServer,
    load_failure,
    rule,
)


@rule(
    id="key-encrypted-without-password",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: KeyPair, ctx: Context) -> Findings:
    key = ctx.key(pair)
    if pair.key is None or key is None or not key.encrypted or key.opened:
        return
    if pair.passwords is not None:
        file = ctx.file(pair.passwords)
        if file is None or file.state is not FileState.READ:
            if file is not None and not ctx.is_missing(pair.passwords):
                ctx.not_evaluated(pair.passwords.span, f"{pair.passwords.written}: {file.reason}")
            return
        yield Finding(
            f"no password in {pair.passwords.written} opens the encrypted key {pair.key.written}:"
            f" {load_failure(pair)}",
            pair.passwords.span,
            "write the key's pass phrase into the password file, on a line of its own",
            (Related(pair.key.span, "the encrypted key"),),
            fatal=not pair.loaded_late,
            confidence=Confidence.LIKELY,  # nginx's OpenSSL may know a cipher that is unknown here
        )
        return
    setting = pair.holders[0].setting("ssl_password_file")
    if setting.unknown is not None or (setting.assumed and _is_snippet(pair)):
        reason = (
            setting.unknown.reason if setting.unknown is not None else "its password file may stand elsewhere"
        )
        ctx.not_evaluated(pair.key.span, reason)
        return
    consequence = (
        load_failure(pair)
        if pair.loaded_late
        else f"nginx asks for the pass phrase on a terminal, and where there is none {load_failure(pair)}"
    )
    yield Finding(
        f"the key {pair.key.written} is encrypted and there is no {setting.name}: {consequence}",
        pair.key.span,
        f"name a {setting.name} with the pass phrase, or use an unencrypted key that only root can read",
        fatal=not pair.loaded_late,
        confidence=Confidence.LIKELY if setting.assumed else None,
    )


def _is_snippet(pair: KeyPair) -> bool:
    """Whether the pair is all that was given of its server: the password file may stand beside it."""
    first = pair.holders[0]
    return isinstance(first, VirtualServer) and first.directive is None
