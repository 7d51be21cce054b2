"""A server's certificate is not what the chosen profile asks for.

Without `--profile`, and with profiles that say nothing of certificates, this rule is silent. Profiles
bound the size of keys (BSI TR-02102-2: RSA of 3000 bits), the curves, the digests of signatures, and how
long a certificate lives (Mozilla: 90 or 366 days).

The certificate that a server presents is judged, not its chain. Keys and digests that are weak by any
measure are findings of `cert-weak-key` and `cert-weak-signature`.

It is fine where the standard grants an exception and somebody has written it down; ignore it with that
reason.

Get a certificate that fits; with ACME, set the type and size of the key in the client.

Bad:

```nginx profile=bsi-tr-02102-2
server {
    listen 443 ssl;
    ssl_certificate     /pki/rsa.pem;
    ssl_certificate_key /pki/rsa.key;
}
```

Good:

```nginx profile=bsi-tr-02102-2
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

References:
- the sources of each profile: docs/profiles.md
"""

from collections.abc import Iterator
from datetime import timedelta

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Requirements,
    ServerCertificate,
    Severity,
    listed,
    presented,
    rule,
)


@rule(
    id="certificate-outside-profile",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_certificate",),
    profiled=True,
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    """Report each certificate once, with everything in which it differs."""
    asked = ctx.settings.requirements
    if not _bounds(asked) or not ctx.presenters(pair):
        return
    leaf = ctx.leaf(pair.certificate)
    if leaf is None:
        return
    if differences := list(_differences(leaf, asked)):
        yield Finding(
            f'the certificate "{leaf.display_name}" in {pair.certificate.written}, which {presented(pair)},'
            f" is not what {asked.profile} asks for: {'; '.join(differences)}",
            pair.certificate.span,
            "get one that fits, and have the client that renews it ask for the same",
        )


def _bounds(asked: Requirements) -> bool:
    """Whether there is anything to compare."""
    sizes = asked.rsa_bits or asked.ec_bits or asked.lifetime_days
    return bool(sizes or asked.key_types or asked.curves or asked.digests)


def _differences(leaf: Certificate, asked: Requirements) -> Iterator[str]:
    bits = leaf.key_bits
    least = {"RSA": asked.rsa_bits, "EC": asked.ec_bits}.get(leaf.key_algorithm, 0)
    if bits is not None and bits < least:
        yield f"its {leaf.key_algorithm} key has {bits} bits, and at least {least} are wanted"
    if asked.curves is not None and leaf.curve is not None and leaf.curve not in asked.curves:
        yield f"its key is on {leaf.curve}, and {listed(asked.curves)} are allowed"
    if asked.key_types is not None and leaf.key_algorithm not in asked.key_types:
        yield f"its key is of type {leaf.key_algorithm}, and {listed(asked.key_types)} is asked for"
    digest = leaf.signature_digest
    if asked.digests is not None and digest is not None and digest not in asked.digests:
        yield f"it is signed with {digest}, and {listed(asked.digests)} are allowed"
    lifetime = leaf.not_after - leaf.not_before
    if asked.lifetime_days and lifetime > timedelta(days=asked.lifetime_days):
        days = -(-lifetime // timedelta(days=1))
        yield f"it is valid for {days} days, and {asked.lifetime_days} are the most"
