"""A certificate, CA or CRL was replaced, and the nginx that runs here has not read it.

nginx reads these files when it starts and when it is told to reload, and keeps what it read: a renewed
certificate that nobody has loaded runs out all the same, and clients that a new CRL revokes go on getting
in. Everything that a linter says about the file is about what nginx will do, not about what it does.

What is compared: the time of the file (and of links on the way to it) with that of nginx's workers, which
are made anew at each reload. It is done only where the process in the `pid` file is a master that was
started with this very configuration, and says nothing anywhere else.

It is fine just before a reload: what changed within the last hour is no more than a hint.

Reload nginx (`nginx -t && nginx -s reload`), and let whatever renews the file do so: a deploy hook of the
ACME client, a step behind the download of the CRL.

Bad:
```nginx loaded=2026-05-01
events {}
http {
    server {
        listen 443 ssl;
        server_name api.example.com;
        ssl_certificate         /pki/server.pem;
        ssl_certificate_key     /pki/server.key;
        ssl_client_certificate  /pki/root.pem;
        ssl_crl                 /pki/crl.pem;
        ssl_verify_client       on;
    }
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_crl                 /pki/crl.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/control.html#reconfiguration
"""

from datetime import timedelta

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Purpose,
    Severity,
    minute,
    rule,
)

_STALE = {
    Purpose.SERVER_CERTIFICATE: "clients are shown the certificate that was there before",
    Purpose.CLIENT_CA: "clients are still judged by the CAs that were in it before",
    Purpose.TRUSTED_CA: "clients are still judged by the CAs that were in it before",
    Purpose.CLIENT_CRL: "clients that it revokes still get in",
    Purpose.STAPLING: "clients get the response that was there before",
    Purpose.TICKET_KEY: "tickets are still made with the key that was there before",
    Purpose.UPSTREAM_CERTIFICATE: "upstreams are shown the certificate that was there before",
    Purpose.UPSTREAM_CA: "upstreams are still judged by the CAs that were in it before",
    Purpose.UPSTREAM_CRL: "upstreams that it revokes are still trusted",
}
"""What an old file leads to; keys come and go with their certificates."""

_SOON = timedelta(hours=1)


@rule(id="reload-missing", severity=Severity.WARNING, since="0.1")
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each file that the running nginx has read before it was changed."""
    for use, others in ctx.files(_STALE.keys()):
        found = ctx.unloaded(use.reference)
        if found is None:
            continue
        yield Finding(
            f"{use.reference.written} was changed on {minute(found.changed)}, and nginx (process"
            f" {found.master.pid}) has not read its files since {minute(found.master.loaded)}:"
            f" {_STALE[use.purpose]}",
            use.reference.span,
            "reload nginx: `nginx -t && nginx -s reload`, and let whatever replaces the file do that",
            related=others,
            severity=Severity.INFO if ctx.now - found.changed < _SOON else None,
        )
