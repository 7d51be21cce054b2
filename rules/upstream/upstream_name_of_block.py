"""The name that a backend's certificate has to have is that of an `upstream` block.

Where `proxy_pass https://backend` leads to `upstream backend {...}`, nginx takes `backend` for the name of
the server: with `proxy_ssl_verify on` only a certificate for that very word passes, whatever the members of
the block are called. Such certificates are rare, and requests end with 502 (`upstream SSL certificate does
not match "backend"`).

Nothing is said where the block has the name of a host, with a dot in it: then the certificate may well be for
it. It is fine too where the certificates of the backends do have the word in subjectAltName.

Say the real name: `proxy_ssl_name app.example.com;`. All members of the block then have to have it.

Bad:
```nginx
events {}
http {
    upstream backend {
        server 192.0.2.10:8443;
        server 192.0.2.11:8443;
    }
    server {
        listen 80;
        location / {
            proxy_pass https://backend;
            proxy_ssl_verify              on;
            proxy_ssl_trusted_certificate /pki/root.pem;
        }
    }
}
```

Good:
```nginx
events {}
http {
    upstream backend {
        server 192.0.2.10:8443;
        server 192.0.2.11:8443;
    }
    server {
        listen 80;
        location / {
            proxy_pass https://backend;
            proxy_ssl_verify              on;
            proxy_ssl_trusted_certificate /pki/root.pem;
            proxy_ssl_name                app.example.com;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_name
- RFC 9525, section 6
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    ExpectedName,
    Finding,
    Findings,
    NameSource,
    Related,
    Severity,
    UpstreamPass,
    is_seen_to_match,
    names_of,
    passes_in_words,
    rule,
    shown_certificates,
    verifying,
)


@rule(
    id="upstream-name-of-block",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.LIKELY,
    controls=("RFC 9525 6",),
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each block whose own name is looked for in certificates."""
    found: dict[tuple[str, str], list[tuple[UpstreamPass, ExpectedName]]] = {}
    for passing in verifying(ctx):
        for expected in names_of(passing):
            if expected.source is not NameSource.BLOCK or "." in expected.text:
                continue
            if not is_seen_to_match(passing, expected, ctx):
                found.setdefault((passing.prefix, expected.text.lower()), []).append((passing, expected))
    for places in found.values():
        passing, expected = places[0]
        block = expected.target.block
        spans = dict.fromkeys(one.span for _, one in places)
        related = [Related(span, "and here") for span in spans if span != expected.span]
        if block is not None:
            related.append(Related(block.directive.span, "the block"))
        seen = any(not one.named for one in shown_certificates(passing, expected, ctx) or ())
        where = passes_in_words([one for one, _ in places])
        yield Finding(
            f"{passing.name_of('ssl_name')} is not set for {where}, so that nginx wants a certificate for"
            f' "{expected.text}", which is the name of an upstream block and of no host: other'
            " certificates are refused, and requests end with 502",
            expected.span,
            f"set {passing.name_of('ssl_name')} to the name in the certificates of the block's members",
            tuple(related),
            severity=Severity.ERROR if seen else None,
            confidence=Confidence.CERTAIN if seen else None,
        )
