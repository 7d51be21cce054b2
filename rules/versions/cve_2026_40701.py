"""Looking up an OCSP responder may use memory that was freed (CVE-2026-40701).

With `ssl_verify_client on` or `optional`, `ssl_ocsp` and a `resolver`, nginx 1.19.0 to 1.30.0 may use
memory after it was freed, while a responder is looked up by name: a worker may crash.

Distributions mend it without a new version number: by the number alone this is advice, with
`--nginx-binary` it is checked.

Update nginx to 1.30.1, 1.31.0 or later. Until then check revocation with `ssl_crl`.

Bad:
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
    resolver                127.0.0.1;
}
```

Good:
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
}
```
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_ocsp                on;
    resolver                127.0.0.1;
}
```

References:
- https://www.cve.org/CVERecord?id=CVE-2026-40701
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
"""

from mtls_lint.api import Configuration, Context, Findings, Severity, advised, rule


@rule(id="cve-2026-40701", severity=Severity.WARNING, since="0.1", needs=("ssl_ocsp",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the configuration that the advisory is about."""
    yield from advised("CVE-2026-40701", configuration, ctx)
