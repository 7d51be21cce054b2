"""Plain text may be put in front of what an upstream answers by TLS (CVE-2026-1642).

nginx 1.3.0 to 1.28.1, and 1.29.0 to 1.29.4, take what arrives on the connection to a TLS upstream before
the handshake for the beginning of the answer. Somebody between nginx and the upstream can put words of his
own into answers; `proxy_ssl_verify on` does not prevent it, nor does a client certificate of nginx.

It does not matter where nobody can be between the two. Distributions mend it without a new version number:
by the number alone this is advice, with `--nginx-binary` it is checked.

Update nginx to 1.28.2, 1.29.5 or later.

Bad:
```nginx version=1.22.1
server {
    listen 80;
    location / {
        proxy_pass https://127.0.0.1:8443;
    }
}
```

Good:
```nginx version=1.22.1
server {
    listen 80;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```
```nginx version=1.31.3
server {
    listen 80;
    location / {
        proxy_pass https://127.0.0.1:8443;
    }
}
```

References:
- https://nginx.org/en/security_advisories.html
- https://nginx.org/en/CHANGES (1.29.5)
"""

from mtls_lint.api import Configuration, Context, Findings, Severity, advised, rule


@rule(
    id="cve-2026-1642",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_pass", "grpc_pass", "uwsgi_pass"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the configuration that the advisory is about."""
    yield from advised("CVE-2026-1642", configuration, ctx)
