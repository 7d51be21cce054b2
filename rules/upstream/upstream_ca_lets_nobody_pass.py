"""No certificate of a backend can pass with this file of CAs: every request ends with 502.

For each CA in `proxy_ssl_trusted_certificate` the best certificate that it could issue to a server is put to
the rules by which OpenSSL verifies for nginx. Not one passes, for instance because:

- the file holds an intermediate CA alone: nginx ends a chain only at a *self-signed* certificate, and wants
  the root in the file;
- it holds the certificate of the backend itself, which a CA has issued: that is no anchor either; only a
  self-signed certificate can be pinned in this way;
- the extendedKeyUsage of a CA says clientAuth alone;
- a key or a signature is too weak for OpenSSL's security level.

Connections fail with `upstream SSL certificate verify error` in the log, and `nginx -t` says nothing.

What has a rule of its own is not repeated here: expired CAs, a depth too small, CRLs.

Put the root of the backend's certificate into the file.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/intermediate.pem;
        proxy_ssl_name                app.example.com;
    }
}
```
```nginx
# The backend's own certificate, which a CA has issued.
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/server.pem;
        proxy_ssl_name                www.example.com;
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
        proxy_ssl_trusted_certificate /pki/chain-bundle.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_trusted_certificate
- https://docs.openssl.org/3.3/man1/openssl-verification-options/ (Certificate Chain Building, Trust Settings)
- RFC 5280, section 6.1
"""

from mtls_lint.api import (
    Certificate,
    CheckedUpstreams,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    VerifyError,
    barriers,
    checked_upstreams,
    lets_anybody_in,
    passes_in_words,
    rule,
)

_NO_ANCHOR = {
    VerifyError.UNABLE_TO_GET_ISSUER_CERT,
    VerifyError.UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    VerifyError.UNABLE_TO_VERIFY_LEAF_SIGNATURE,
}
_DATES = {VerifyError.CERT_HAS_EXPIRED, VerifyError.CERT_NOT_YET_VALID}


@rule(
    id="upstream-ca-lets-nobody-pass",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report a file of CAs by which no backend's certificate passes."""
    for group in checked_upstreams(ctx):
        if not group.check.store or lets_anybody_in(group.check, ctx.now):
            continue
        found = _reason(group, ctx)
        if found is None:
            continue
        why, remedy = found
        yield Finding(
            f"no certificate of a backend passes with the CAs in {group.reference.written}: {why}; every"
            f" request of {passes_in_words(group.passes)} ends with 502",
            group.reference.span,
            remedy,
        )


def _reason(group: CheckedUpstreams, ctx: Context) -> tuple[str, str] | None:
    """Why not, and what to do; None where another rule says it."""
    found = barriers(group.check, group.check.store, ctx.now)
    if not found:
        only = group.check.store[0]
        error = group.check.verify((only,), ctx.now).error
        return _of_leaf(only, error) if error not in _DATES else None
    if any(barrier.needed is not None or barrier.error in _DATES for barrier in found):
        return None
    first = found[0]
    if first.error in _NO_ANCHOR:
        name = first.culprit.display_name
        why = f'"{name}" is an intermediate, and its root is not there ({first.error.text})'
        return why, f"add the root ({first.culprit.issuer}) to the file"
    culprit = "it" if first.culprit == first.ca and len(found) == 1 else f'"{first.culprit.display_name}"'
    usage = first.culprit.extended_key_usage
    if first.error is VerifyError.INVALID_PURPOSE and usage is not None and "serverAuth" not in usage:
        words = ", ".join(sorted(usage))
        return (
            f"{culprit} may not be used for TLS servers (extendedKeyUsage {words})",
            "name a CA for servers",
        )
    text = f'"{first.culprit.display_name}" {first.error.meaning_for(group.check.peer)} ({first.error.text})'
    return text, "name the CA that issues the backend's certificate (openssl verify -purpose sslserver says)"


def _of_leaf(certificate: Certificate, error: VerifyError | None) -> tuple[str, str]:
    said = "" if error is None else f" ({error.text})"
    name = certificate.display_name
    if not certificate.self_signed:
        why = f'"{name}" is no CA, and not self-signed, so that no chain can end at it{said}'
        return why, f"name the root of its CA ({certificate.issuer}) instead"
    return f'"{name}" is no CA, nor fit to be a server\'s own{said}', "name the CA of the backend"
