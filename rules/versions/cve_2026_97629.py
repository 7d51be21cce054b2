"""nginx changes the keys of session tickets itself, and a forged session may pass (CVE-2026-97629).

With a session cache in shared memory (`ssl_session_cache shared:...`), with session tickets (on by default)
and without `ssl_session_ticket_key`, nginx 1.23.3 to 1.30.5 and 1.31.0 to 1.31.6 make and change the keys
of tickets, and a worker may use one that was never filled. Somebody who knows that can forge a session. A
session brings the verdict on the client's certificate with it, and the certificate: where clients are
verified, that is a way in.

It does not matter where no ticket is issued, or where they have key files of their own. Distributions mend
it without a new version number: by the number alone this is advice, with `--nginx-binary` it is checked.

Update nginx to 1.30.6, 1.31.7 or later. Until then write `ssl_session_tickets off;`.

Bad:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_session_cache       shared:tls:10m;
}
```

Good:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_session_cache       shared:tls:10m;
    ssl_session_tickets     off;
}
```
```nginx version=1.31.7
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_session_cache       shared:tls:10m;
}
```

References:
- https://www.cve.org/CVERecord?id=CVE-2026-97629
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_ticket_key
"""

from mtls_lint.api import Configuration, Context, Findings, Severity, advised, rule


@rule(id="cve-2026-97629", severity=Severity.WARNING, since="0.1", needs=("ssl_session_cache",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the configuration that the advisory is about."""
    yield from advised("CVE-2026-97629", configuration, ctx)
