"""The CRL file has no good CRL for a CA of the chain, so that its clients are refused.

With `ssl_crl` nginx wants a CRL for *every* certificate of a client's chain: one by the CA that issued the
client, one by the CA above it, up to the root, which must have one of its own. If one is missing, every
client whose chain needs it is refused (`unable to get certificate CRL`), and `nginx -t` says nothing.

A CRL is missing too when it is another CA's, when its authority key identifier names another key (a renewed
CA of the same name), when that CA did not sign it (`CRL signature failure`), and when the CA's key usage
lacks cRLSign (`key usage does not include CRL signing`).

Put the CRLs of all these CAs into the file, one behind the other as PEM, and reload nginx. Intermediates that
only clients send, and that are not in the CA file, need their CRLs as well; this rule cannot see those.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/chain-bundle.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl.pem;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-other.pem;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/chain-bundle.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-chain.pem;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
- RFC 5280, section 6.3
- https://docs.openssl.org/3.3/man3/X509_VERIFY_PARAM_set_flags/ (X509_V_FLAG_CRL_CHECK_ALL)
"""

from mtls_lint.api import (
    CheckedClients,
    Configuration,
    Context,
    Finding,
    Findings,
    LockOut,
    RevocationList,
    Severity,
    VerifyError,
    VirtualServer,
    checked_clients,
    crl_files,
    listed,
    rule,
    servers_in_words,
)

_ERRORS = {
    VerifyError.UNABLE_TO_GET_CRL,
    VerifyError.CRL_SIGNATURE_FAILURE,
    VerifyError.KEYUSAGE_NO_CRL_SIGN,
}


@rule(id="crl-chain-incomplete", severity=Severity.ERROR, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report, for the servers of a CRL file, the CAs without a good CRL and whose clients that keeps out."""
    for crl_file in crl_files(configuration):
        crls = ctx.crls(crl_file.reference)
        found: dict[tuple[tuple[str, ...], str, str], list[VirtualServer]] = {}
        for group in checked_clients(crl_file, ctx) if crls is not None else ():
            locked = [one for one in group.locked_out(ctx.now) if one.error in _ERRORS]
            if locked:
                found.setdefault(_described(locked, group, crls or ()), []).extend(group.servers)
        for (reasons, names, text), servers in found.items():
            yield Finding(
                f"in {crl_file.reference.written} {'; '.join(reasons)}: with ssl_crl every CA of a chain"
                f" needs one, so that every client of {names} is refused by {servers_in_words(servers)}"
                f" ({text})",
                crl_file.reference.span,
                "put a CRL of each CA of the chain into the file, the root's included, and reload nginx",
            )


def _described(
    locked: list[LockOut], group: CheckedClients, crls: tuple[RevocationList, ...]
) -> tuple[tuple[str, ...], str, str]:
    reasons = dict.fromkeys(_reason(one, group.check.crls or crls) for one in locked)
    names = listed(list(dict.fromkeys(f'"{one.ca.display_name}"' for one in locked)))
    return tuple(reasons), names, listed(list(dict.fromkeys(one.error.text for one in locked)))


def _reason(one: LockOut, crls: tuple[RevocationList, ...]) -> str:
    issuer = f'"{one.issuer_name}"'
    if one.error is VerifyError.CRL_SIGNATURE_FAILURE:
        return f"the CRL of {issuer} is not signed by that CA's key"
    if one.error is VerifyError.KEYUSAGE_NO_CRL_SIGN:
        return f"the CRL of {issuer} does not count, because the key usage of that CA lacks cRLSign"
    if any(crl.canonical_issuer == one.checked.canonical_issuer for crl in crls):
        return f"the CRL of {issuer} is by another key of that name (its authority key identifier says so)"
    return f"there is no CRL of {issuer}"
