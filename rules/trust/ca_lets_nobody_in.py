"""A CA of the file cannot let anybody in: OpenSSL refuses each of its clients.

The best certificate that the CA could issue (valid today, for TLS clients, with a strong key) is refused
where the CA itself, or one above it, is not as OpenSSL wants it: its certificate was not signed by the CA
in the file that has its issuer's name, it is further down than a path length above it allows, it has a
critical extension that OpenSSL does not know, or a TRUSTED CERTIFICATE block takes clients out of its
trust. Not one client of it gets in, and `nginx -t` says nothing.

What is wrong most often has rules of its own, and is not repeated here: dates, weak keys and signatures, no
root, a depth too small, no CA at all, extendedKeyUsage.

Replace the certificate by one that is in order, or remove it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/beyond-path-length.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/two-intermediates-bundle.pem;
    ssl_verify_client       on;
    ssl_verify_depth        3;
}
```

References:
- https://docs.openssl.org/3.3/man1/openssl-verification-options/
- RFC 5280, section 6.1
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    Finding,
    Findings,
    Severity,
    TrustFile,
    VerifyError,
    VirtualServer,
    is_said_elsewhere,
    lets_anybody_in,
    rule,
    servers_in_words,
)


@rule(
    id="ca-lets-nobody-in",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report each CA of a file whose clients are refused, with OpenSSL's reason."""
    if trust.may_be_for_stapling:
        return
    refusing: dict[tuple[Certificate, VerifyError, Certificate], dict[VirtualServer, bool]] = {}
    for chain_check, servers in ctx.chain_checks(trust).items():
        found = ctx.barriers(trust.reference, chain_check)
        anybody = lets_anybody_in(chain_check, ctx.now) if found else True
        for barrier in found:
            if barrier.needed is not None or is_said_elsewhere(barrier) or _has_eku_rule(barrier.failures):
                continue
            culprit = barrier.culprit if barrier.culprit in chain_check.store else barrier.ca
            key = (barrier.ca, barrier.error, culprit)
            refusing.setdefault(key, {}).update(dict.fromkeys(servers, anybody))
    for (ca, error, culprit), servers_of in refusing.items():
        yield Finding(
            f'no client of the CA "{ca.display_name}" in {trust.reference.written} gets into'
            f" {servers_in_words(tuple(servers_of))}: {_reason(ca, error, culprit)} ({error.text})",
            trust.reference.span,
            "replace it by a certificate that OpenSSL accepts (openssl verify -purpose sslclient says), or"
            " remove it",
            severity=Severity.WARNING if all(servers_of.values()) else None,
            confidence=Confidence.LIKELY if ctx.configuration.tree.is_fragment else None,
        )


def _has_eku_rule(failures: tuple[tuple[VerifyError, Certificate], ...]) -> bool:
    """Whether an extended key usage without clientAuth refuses them: ca-eku-excludes-client says that."""
    return any(
        error is VerifyError.INVALID_PURPOSE
        and "clientAuth" not in (culprit.extended_key_usage or {"clientAuth"})
        for error, culprit in failures
    )


def _reason(ca: Certificate, error: VerifyError, culprit: Certificate) -> str:
    if error is VerifyError.CERT_SIGNATURE_FAILURE and culprit == ca and ca.self_signed:
        return "another CA of the same name stands before it, and OpenSSL tries only the first"
    who = "it" if culprit == ca else f'"{culprit.display_name}"'
    return f"{who} {error.meaning}"
