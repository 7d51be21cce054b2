"""The certificates of backends are verified, but never asked whether they were revoked.

Without `proxy_ssl_crl` a backend's certificate that was stolen and revoked is good until it expires: nginx
has no OCSP towards backends, so that a file of CRLs is all there is.

It is a note: for certificates that live for days, or weeks, nobody needs it, and for public CAs nobody
gathers all CRLs that OpenSSL would want (one for every CA of the chain); nothing is said of those, nor of
backends on this machine.

Fetch the CRLs of the CA by a timer, name the file, and reload nginx each time.

Bad:
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

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_crl                 /pki/crl.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_crl
- NIST SP 800-52 Rev. 2, section 4.5.1
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    passes_in_words,
    public_cas,
    rule,
    verifying,
)


@rule(
    id="upstream-revocation-none",
    severity=Severity.INFO,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each file of private CAs that some place uses without CRLs, once."""
    found: dict[Directive, list[UpstreamPass]] = {}
    for passing in verifying(ctx):
        trusted, crl = passing.trusted, passing.setting("ssl_crl")
        if trusted is None or passing.crl is not None or _is_local(passing):
            continue
        if crl.unknown is not None:
            ctx.not_evaluated(passing.span, f"{crl.name} may be set elsewhere: {crl.unknown.reason}")
        else:
            found.setdefault(trusted.directive, []).append(passing)
    for directive, passes in found.items():
        trusted = passes[0].trusted
        certificates = ctx.certificates(trusted) if trusted is not None else None
        if certificates is None or all(one in public_cas(certificates) for one in certificates if one.is_ca):
            continue
        name = passes[0].name_of("ssl_crl")
        assumed = passes[0].setting("ssl_crl").assumed
        yield Finding(
            f"{passes_in_words(passes)}: backends are verified without {name}, so that one whose certificate"
            " was revoked is still believed",
            directive.span,
            f"name a file with current CRLs of the CA in {name}",
            confidence=Confidence.LIKELY if assumed else None,
        )


def _is_local(passing: UpstreamPass) -> bool:
    return all(target.is_here for target in passing.targets)
