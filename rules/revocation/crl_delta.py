"""The CRL file holds a delta CRL, which nginx cannot use as one.

A delta CRL lists what changed since a complete CRL. OpenSSL puts the two together only for programs that ask
for it, and nginx does not. What it makes of a delta CRL depends on its version:

- older OpenSSL (3.0.19 and 3.3.7, for example) takes it for a *complete* CRL, and the newest CRL of a CA
  wins. With a delta that is newer than the complete CRL, every revocation that only the complete one lists
  is forgotten: those clients get in again.
- newer OpenSSL (changed in 2026; 3.0.22, for example) passes over it. What it revokes is not revoked, and
  if there is no complete CRL of the CA in the file, every client of the CA is refused.

Put the complete CRL into the file, and fetch the complete one as often as the delta.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-with-delta.pem;
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
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- RFC 5280, sections 5.2.4 and 6.3
- https://docs.openssl.org/3.3/man3/X509_VERIFY_PARAM_set_flags/ (X509_V_FLAG_USE_DELTAS)
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    RevocationList,
    Severity,
    crl_files,
    rule,
    servers_in_words,
)


@rule(id="crl-delta", severity=Severity.WARNING, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each delta CRL with what the two readings of OpenSSL lead to."""
    for crl_file in crl_files(configuration):
        crls = ctx.crls(crl_file.reference) or ()
        for delta in dict.fromkeys(crl for crl in crls if crl.is_delta):
            complete = [crl for crl in crls if crl.stands_for(delta) and crl.is_current(ctx.now)]
            older, newer = _readings(delta, complete, ctx)
            yield Finding(
                f"line {delta.line} of {crl_file.reference.written} begins a delta CRL of"
                f' "{delta.issuer_name}": older OpenSSL takes it for complete, so that {older}; newer passes'
                f" over it, so that {newer} ({servers_in_words(crl_file.servers)})",
                crl_file.reference.span,
                "put the complete CRL into the file instead, and fetch that as often as the delta",
            )


def _readings(delta: RevocationList, complete: list[RevocationList], ctx: Context) -> tuple[str, str]:
    """What follows with an OpenSSL that takes the delta for complete, and with one that passes over it."""
    if not complete:
        older = "whoever it does not list gets in" if delta.is_current(ctx.now) else "it refuses everybody"
        return older, "every client of that CA is refused for want of a CRL"
    newest = max(complete, key=lambda crl: crl.last_update)
    if delta.is_current(ctx.now) and delta.last_update > newest.last_update:
        return "whoever only the complete CRL lists gets in again", "what it revokes is not revoked"
    return "the complete one beside it counts", "what it revokes is not revoked"
