"""nginx does not tell the backend by which name it was called (SNI).

`proxy_ssl_server_name` is off by default: the handshake names no host, even where `proxy_ssl_name` is set. A
backend with several names shows the certificate of its default server then. Where nginx verifies, and that
certificate is not for the expected name, requests end with 502; content networks often end the handshake.

A `proxy_ssl_name` without `proxy_ssl_server_name on` and without `proxy_ssl_verify on` does nothing at all:
the name is neither sent nor compared. That is a warning. Where the name is compared, but not sent to a host
with a public name, this is a note.

It is fine where the backend has one certificate for all names.

Set `proxy_ssl_server_name on;`.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_name app.example.com;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com;
        proxy_ssl_server_name         on;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name
- RFC 6066, section 3
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    ExpectedName,
    Finding,
    Findings,
    Fix,
    NameSource,
    Related,
    Severity,
    Span,
    UpstreamPass,
    fix,
    insert_after,
    is_private,
    is_seen_to_match,
    names_of,
    passes_in_words,
    rule,
    set_word,
)


@rule(
    id="upstream-sni-not-sent",
    severity=Severity.WARNING,
    since="0.1",
    needs=(
        "proxy_ssl_verify",
        "grpc_ssl_verify",
        "uwsgi_ssl_verify",
        "proxy_ssl_name",
        "grpc_ssl_name",
        "uwsgi_ssl_name",
    ),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each name that is set and does nothing, and each public one that is compared but not sent."""
    found: dict[tuple[Span, bool], list[tuple[UpstreamPass, ExpectedName]]] = {}
    for passing in ctx.upstream_passes:
        sends, verifies = passing.setting("ssl_server_name"), passing.verify
        if passing.tls is not True or passing.sends_name:
            continue
        unknown = sends.unknown or verifies.unknown
        if unknown is not None:
            ctx.not_evaluated(passing.span, f"{sends.name} may be set elsewhere: {unknown.reason}")
            continue
        for expected in names_of(passing):
            if _matters(passing, expected) and not is_seen_to_match(passing, expected, ctx):
                found.setdefault((expected.span, verifies.is_on), []).append((passing, expected))
    for (span, verifies_), places in found.items():
        passing, expected = places[0]
        where = passes_in_words([one for one, _ in places])
        name = passing.name_of("ssl_server_name")
        state = "off" if passing.setting("ssl_server_name").is_set else "off by default"
        if verifies_:
            message = (
                f'nginx expects a certificate for "{expected.text}" in {where}, but does not send that name'
                f" ({name} is {state}): a backend with several certificates shows another one, and requests"
                " end with 502"
            )
        else:
            message = (
                f'{passing.name_of("ssl_name")} "{expected.text}" does nothing in {where}: the name is not'
                f" sent ({name} is {state}), nor compared ({passing.verify.name} is off)"
            )
        off = passing.setting("ssl_server_name").span
        yield Finding(
            message,
            span,
            f"set `{name} on;`",
            (Related(off, "switched off here"),) if off is not None else (),
            severity=Severity.INFO if verifies_ else None,
            confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
            fix=_fix(passing, expected),
        )


def _fix(passing: UpstreamPass, expected: ExpectedName) -> Fix | None:
    """Send the name where the configuration says which one."""
    sends, named = passing.setting("ssl_server_name"), passing.setting("ssl_name").directive
    if expected.source is not NameSource.DIRECTIVE or named is None:
        return None
    if sends.directive is not None:
        return fix("send the name", set_word(sends.directive, 0, "on"))
    return fix("send the name", insert_after(named, f"{sends.name} on;"))


def _matters(passing: UpstreamPass, expected: ExpectedName) -> bool:
    if expected.source is NameSource.DIRECTIVE and not passing.verify.is_on:
        return bool(expected.text)
    if not passing.verify.is_on or not expected.is_sendable:
        return False
    # Inside a private network a machine with one certificate is the usual thing.
    return "." in expected.text and not is_private(expected.text) and not expected.text.endswith(".")
