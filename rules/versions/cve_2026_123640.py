"""ssl_preread does not check enough of a ClientHello (CVE-2026-123640).

`ssl_preread on` reads the name out of TLS handshakes that are passed on. nginx 1.15.2 to 1.30.6, and 1.31.0
to 1.31.8, check the extensions of the ClientHello insufficiently there: anybody who can connect can send
one that is not well-formed.

Distributions mend it without a new version number: by the number alone this is advice, with
`--nginx-binary` it is checked.

Update nginx to 1.30.7, 1.31.9 or later.

Bad:
```nginx version=1.22.1
events {}
stream {
    server {
        listen 8443;
        ssl_preread on;
        proxy_pass 127.0.0.1:9443;
    }
}
```

Good:
```nginx version=1.22.1
events {}
stream {
    server {
        listen 8443;
        proxy_pass 127.0.0.1:9443;
    }
}
```
```nginx version=1.30.7
events {}
stream {
    server {
        listen 8443;
        ssl_preread on;
        proxy_pass 127.0.0.1:9443;
    }
}
```

References:
- https://www.cve.org/CVERecord?id=CVE-2026-123640
- https://nginx.org/en/docs/stream/ngx_stream_ssl_preread_module.html#ssl_preread
"""

from mtls_lint.api import Configuration, Context, Findings, Severity, advised, rule


@rule(id="cve-2026-123640", severity=Severity.WARNING, since="0.1", needs=("ssl_preread",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the configuration that the advisory is about."""
    yield from advised("CVE-2026-123640", configuration, ctx)
