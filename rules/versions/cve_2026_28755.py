"""nginx ignores what OCSP says of clients in stream (CVE-2026-28755).

`ssl_ocsp` came to stream with 1.27.2, and up to 1.28.2, and from 1.29.0 to 1.29.6, its result is thrown
away: clients whose certificates are revoked get in, and nothing says so. http is not concerned.

Distributions mend it without a new version number: by the number alone this is advice, with
`--nginx-binary` it is checked.

Update nginx to 1.28.3, 1.29.7 or later. Until then check revocation with `ssl_crl`.

Bad:
```nginx version=1.28.2
events {}
stream {
    server {
        listen 8443 ssl;
        server_name api.example.com;
        ssl_certificate      /pki/server.pem;
        ssl_certificate_key  /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        ssl_ocsp                on;
        resolver                127.0.0.1;
        proxy_pass              127.0.0.1:9001;
    }
}
```

Good:
```nginx version=1.28.2
events {}
stream {
    server {
        listen 8443 ssl;
        server_name api.example.com;
        ssl_certificate      /pki/server.pem;
        ssl_certificate_key  /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        ssl_crl                 /pki/crl.pem;
        proxy_pass              127.0.0.1:9001;
    }
}
```
```nginx version=1.28.3
events {}
stream {
    server {
        listen 8443 ssl;
        server_name api.example.com;
        ssl_certificate      /pki/server.pem;
        ssl_certificate_key  /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_verify_client       on;
        ssl_ocsp                on;
        resolver                127.0.0.1;
        proxy_pass              127.0.0.1:9001;
    }
}
```

References:
- https://nginx.org/en/security_advisories.html
- https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html#ssl_ocsp
"""

from mtls_lint.api import Configuration, Context, Findings, Severity, advised, rule


@rule(id="cve-2026-28755", severity=Severity.WARNING, since="0.1", needs=("ssl_ocsp",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the configuration that the advisory is about."""
    yield from advised("CVE-2026-28755", configuration, ctx)
