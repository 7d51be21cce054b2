"""Clients are verified, but nothing says which certificates were revoked.

nginx checks the signature, the dates and the purpose of a client's certificate. That its key was stolen, that
the employee has left or the partner's contract has ended it learns only from a CRL (`ssl_crl`) or an OCSP
responder (`ssl_ocsp`). Without either, a certificate lets its holder in until it expires.

Fine where certificates live for hours or days and are simply not renewed, and where the clients that may
come in are listed one by one (a `map` of serial numbers or fingerprints, or self-signed certificates in the
CA file: for those this rule is silent).

Name a CRL file and fetch a fresh one before each `nextUpdate`, with a reload; or use `ssl_ocsp` if the CA
runs a responder. nginx needs a CRL of *every* CA in a chain, the root included.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
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
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
- RFC 9325, section 7.5
- PCI DSS 4.0.1, requirement 4.2.1
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Configuration,
    Context,
    FileReference,
    FileState,
    Finding,
    Findings,
    Related,
    Severity,
    VirtualServer,
    ca_files,
    is_pinned,
    may_speak_tls,
    rule,
    servers_in_words,
)


@rule(
    id="revocation-none",
    severity=Severity.INFO,
    since="0.1",
    controls=("RFC 9325 7.5", "PCI DSS 4.0.1 4.2.1", "DISA STIG V-278391", "DISA STIG V-278406"),
    needs=("ssl_verify_client",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report once for each set of CAs that nothing tells of revocation, with all servers that trust it."""
    unchecked: dict[tuple[str, ...], list[VirtualServer]] = {}
    pinned: dict[tuple[str | None, ...], bool] = {}
    for server in configuration.servers:
        verify = server.setting("ssl_verify_client").directive
        if verify is None or server.verify_client == "off" or not server.has_ssl_context:
            continue
        files = ca_files(configuration, server)
        if not may_speak_tls(server) or (server.verify_client == "optional_no_ca" and not files):
            continue  # nothing is verified: what a backend makes of the certificate is its own matter
        sources = [server.setting("ssl_crl"), server.setting("ssl_ocsp")]
        if sources[0].value or sources[1].lower not in {"", "off"}:
            continue
        paths = tuple([reference.path for reference in files])
        if None in paths or paths not in pinned:
            pinned[paths] = _all_pinned(files, ctx)
        if pinned[paths]:
            continue
        unknown = sources[0].unknown or sources[1].unknown
        if unknown is not None:
            ctx.not_evaluated(verify.span, f"whether revocation is checked: {unknown.reason}")
        else:
            unchecked.setdefault(tuple([reference.written for reference in files]), []).append(server)
    for servers in unchecked.values():
        places = dict.fromkeys(server.setting("ssl_verify_client").directive for server in servers)
        first, *others = (directive.span for directive in places if directive is not None)
        assumed = any(server.setting("ssl_crl").assumed for server in servers)
        yield Finding(
            f"client certificates are verified without a CRL or OCSP in {servers_in_words(servers)}: a stolen"
            " or withdrawn one lets its holder in until it expires",
            first,
            "name the CRLs of all CAs with `ssl_crl`, or ask the CA's responder with `ssl_ocsp on;`",
            related=tuple(Related(span, "and here") for span in others),
            confidence=Confidence.LIKELY if assumed else None,
        )


def _all_pinned(files: tuple[FileReference, ...], ctx: Context) -> bool:
    """Whether only clients' own certificates are trusted: to revoke one is to take it out of the file."""
    found: list[Certificate] = []
    for reference in files:
        file = ctx.file(reference)
        if file is None or file.state is not FileState.READ:
            return False
        found += file.certificates
    return bool(found) and all(is_pinned(one) and not one.is_ca for one in found)
