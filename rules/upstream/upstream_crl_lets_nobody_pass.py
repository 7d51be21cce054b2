"""By this file of CRLs no certificate of a backend passes.

With `proxy_ssl_crl` OpenSSL wants a current CRL for *every* certificate of a backend's chain, the root's own
included. An expired one, one whose time has not come, one of another CA or key, or none for an intermediate,
keeps every backend out that needs it: requests end with 502, and the log says `CRL has expired` or `unable to
get certificate CRL`. `nginx -t` says nothing, and the file is read when nginx starts or reloads, never by
itself.

Where other CAs of the file have their CRLs, backends below those pass, and this is a warning.

Put a current CRL of each CA into the file, and let a timer fetch them and reload nginx before they expire.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_crl                 /pki/crl-expired.pem;
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
- RFC 5280, sections 5.1.2.5 and 6.3.3
"""

from mtls_lint.api import (
    Certificate,
    ChainCheck,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    VerifyError,
    checked_upstreams,
    listed,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-crl-lets-nobody-pass",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report a file of CRLs that keeps out what would pass without it."""
    for group in checked_upstreams(ctx):
        crl = group.passes[0].crl
        if group.check.crls is None or crl is None:
            continue
        passing = [one for one in group.check.store if _passes(group.check.without_crls, one, ctx)]
        older = [one for one in passing if not _passes(group.check, one, ctx)]
        newer = [one for one in passing if not _passes(group.check.without_deltas, one, ctx)]
        kept_out = older or newer
        if not kept_out:
            continue
        check_ = group.check if older else group.check.without_deltas
        error, culprit = _error(check_, kept_out[0], ctx)
        names = listed([f'"{one.display_name}"' for one in kept_out])
        everybody = len(kept_out) == len(passing)
        yield Finding(
            f"with the CRLs in {crl.written} no backend passes whose certificate is of {names}:"
            f' "{culprit.display_name}" {error.meaning_for(check_.peer)} ({error.text}), so that requests of'
            f" {passes_in_words(group.passes)} end with 502",
            crl.span,
            "put a current CRL of every CA of the chain into the file, and reload nginx",
            (Related(group.reference.span, "the CAs"),),
            severity=None if everybody else Severity.WARNING,
            confidence=None if older == newer else Confidence.LIKELY,
        )


def _passes(check: ChainCheck, certificate: Certificate, ctx: Context) -> bool:
    if certificate.is_ca:
        return check.clients_of(certificate, ctx.now).ok
    return check.verify((certificate,), ctx.now).ok


def _error(check: ChainCheck, certificate: Certificate, ctx: Context) -> tuple[VerifyError, Certificate]:
    judge = (
        check.clients_of(certificate, ctx.now) if certificate.is_ca else check.verify((certificate,), ctx.now)
    )
    return judge.errors[-1]
