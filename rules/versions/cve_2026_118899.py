"""A request over TLS 1.3 can keep a worker busy for ever (CVE-2026-118899).

Where a listener of http speaks TLS 1.3, nginx 1.13.0 to 1.30.6, and 1.31.0 to 1.31.8, can be kept in an
endless loop while the body of a request is read. That worker serves nobody any more.

Distributions mend it without a new version number: by the number alone this is advice, with
`--nginx-binary` it is checked.

Update nginx to 1.30.7, 1.31.9 or later. Until then `ssl_protocols TLSv1.2;` ends it, where all clients can
do with that.

Bad:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
}
```

Good:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_protocols TLSv1.2;
}
```
```nginx version=1.30.7
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

References:
- https://www.cve.org/CVERecord?id=CVE-2026-118899
- https://nginx.org/en/security_advisories.html
"""

from mtls_lint.api import Configuration, Context, Findings, Severity, advised, rule


@rule(id="cve-2026-118899", severity=Severity.WARNING, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the configuration that the advisory is about."""
    yield from advised("CVE-2026-118899", configuration, ctx)
