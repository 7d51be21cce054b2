"""nginx looks for a name that no usual certificate has: every request ends with 502.

With `proxy_ssl_verify on` the certificate of the backend has to have the name in `proxy_ssl_name`, else the
host in `proxy_pass`. nginx compares names of hosts only:

- an IP address is never compared with the addresses in a certificate (iPAddress), as browsers and curl do;
  only a certificate that has it as a *name* passes, as self-made ones sometimes do in the common name;
- a final dot is taken for part of the name;
- an empty name fits nothing, and neither does the path of a Unix socket, which is the name of
  `proxy_pass https://unix:...` when nothing else is said.

The log says `upstream SSL certificate does not match "192.0.2.10"`.

Set `proxy_ssl_name` to a DNS name of the certificate.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
    }
}
```
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.example.com.;
    }
}
```
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://unix:/run/app.sock;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
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
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_name
- https://docs.openssl.org/3.3/man3/X509_check_host/
- RFC 9525, section 6
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    ExpectedName,
    Finding,
    Findings,
    Related,
    Severity,
    UpstreamPass,
    is_seen_to_match,
    is_unix,
    names_of,
    passes_in_words,
    rule,
    verifying,
)


@rule(
    id="upstream-name-unmatchable",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9525 6",),
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each name that is looked for in vain, once."""
    found: dict[tuple[str, str], list[tuple[UpstreamPass, ExpectedName]]] = {}
    for passing in verifying(ctx):
        for expected in names_of(passing):
            if _why(expected) is not None and not is_seen_to_match(passing, expected, ctx):
                found.setdefault((passing.prefix, expected.text), []).append((passing, expected))
    for places in found.values():
        passing, expected = places[0]
        spans = dict.fromkeys(one.span for _, one in places)
        address = expected.is_address
        yield Finding(
            f'nginx looks for "{expected.text}" in the certificate of {passing.written}'
            f" ({passes_in_words([one for one, _ in places])}): {_why(expected)}, and requests end with 502",
            expected.span,
            f"set {passing.name_of('ssl_name')} to a DNS name of the certificate",
            tuple(Related(span, "and here") for span in spans if span != expected.span),
            severity=Severity.WARNING if address else None,
            confidence=Confidence.LIKELY if address else None,
        )


def _why(expected: ExpectedName) -> str | None:
    if not expected.is_known:
        return None
    if not expected.text:
        return "an empty name fits no certificate"
    if is_unix(expected.text):
        return "the path of a socket is in no certificate"
    if expected.is_address:
        return (
            "it compares an address with names alone, never with the addresses in a certificate, so that one"
            " is refused unless it has the address as a name"
        )
    if expected.text.endswith("."):
        return "the final dot counts, and is in no certificate"
    return None
