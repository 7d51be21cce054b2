"""A certificate stands in the CRL file, and older nginx trusts it for clients.

Before 1.27.2 nginx reads the file of `ssl_crl` for certificates as well as for CRLs, and whatever it finds
joins the CAs that client certificates may come from: a self-signed certificate there is an anchor like
those of `ssl_client_certificate`. Tools that write "CA and CRL" bundles make such files. From 1.27.2 on
certificates in it are ignored.

Fine, but clutter: a certificate that is in the CA file too.

Leave only the CRLs in the file: `openssl crl -in crl.pem -out crl-only.pem` for a file with one of them.

Bad:
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    ssl_crl                 /pki/crl-two-cas-with-ca.pem;
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
- nginx: ngx_ssl_crl in src/event/ngx_event_openssl.c, before and since 1.27.2
"""

from mtls_lint.api import (
    Certificate,
    CheckedClients,
    Configuration,
    Context,
    CrlFile,
    Finding,
    Findings,
    Severity,
    VirtualServer,
    ca_files,
    checked_clients,
    crl_files,
    ends_chain,
    listed,
    rule,
    servers_in_words,
)


@rule(id="crl-file-with-certificate", severity=Severity.ERROR, since="0.1", needs=("ssl_crl",))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report certificates in a CRL file, by what they let in."""
    for crl_file in crl_files(configuration):
        crls = ctx.crls(crl_file.reference)
        file = ctx.file(crl_file.reference)
        if not crls or file is None or not file.certificates:
            continue  # without a CRL nobody gets in: crl-chain-incomplete, or nginx refuses the file
        if ctx.version >= (1, 27, 2):
            yield _finding(crl_file, file.certificates, "which this nginx ignores", Severity.INFO)
            continue
        servers: dict[tuple[tuple[Certificate, ...], bool], list[VirtualServer]] = {}
        for group in checked_clients(crl_file, ctx):
            more = _added(file.certificates, group, ctx)
            enter = tuple(one for one in more if _enters(one, group, ctx))
            servers.setdefault((enter or more, bool(enter)), []).extend(group.servers)
        for (certificates, opens), members in servers.items():
            where = servers_in_words(members)
            if opens:
                words = f"which nginx before 1.27.2 trusts for clients: those it issued get into {where}"
                yield _finding(crl_file, certificates, words, Severity.ERROR)
            elif certificates:
                words = (
                    f"which nginx before 1.27.2 trusts for clients: as soon as its CRL is there too, those it"
                    f" issued get into {where}"
                )
                yield _finding(crl_file, certificates, words, Severity.WARNING)
            else:
                words = "which lets nobody in who is not trusted without it"
                yield _finding(crl_file, file.certificates, words, Severity.INFO)


def _finding(
    crl_file: CrlFile, certificates: tuple[Certificate, ...], words: str, severity: Severity
) -> Finding:
    names = listed([f'"{certificate.display_name}"' for certificate in dict.fromkeys(certificates)])
    return Finding(
        f"the CRL file {crl_file.reference.written} also holds the certificate {names}, {words}",
        crl_file.reference.span,
        "leave only CRLs in the file; what is trusted for clients belongs into ssl_client_certificate",
        severity=severity,
    )


def _added(found: tuple[Certificate, ...], group: CheckedClients, ctx: Context) -> tuple[Certificate, ...]:
    """The anchors that the CA files do not hold."""
    held: set[Certificate] = set()
    for reference in ca_files(ctx.configuration, group.servers[0]):
        held.update(ctx.certificates(reference) or ())
    return tuple(one for one in dict.fromkeys(found) if one not in held and ends_chain(one))


def _enters(certificate: Certificate, group: CheckedClients, ctx: Context) -> bool:
    if certificate.is_ca:
        return group.check.clients_of(certificate, ctx.now).ok
    return group.check.verify((certificate,), ctx.now).ok
