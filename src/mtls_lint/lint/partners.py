"""Which partners a server is meant for: by the names it compares, and by the files it trusts."""

from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.nginx.checks import client_checks
from mtls_lint.nginx.identity_tests import Comparison, IdentityTest, comparisons
from mtls_lint.nginx.material import FileReference, client_trust
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.pki.partners import PARTNERS, Partner, PartnerCA


class TrustedPartnerCA(Struct, frozen=True):
    """A partner's CA that a server trusts; ``by_name`` where only the name of its file tells."""

    partner: Partner
    ca: PartnerCA
    reference: FileReference
    by_name: bool


def partners_compared(
    configuration: Configuration, server: VirtualServer
) -> Iterator[tuple[Partner, IdentityTest]]:
    """The partners whose names a server compares with those of its clients, each once.

    The rows of a map count where some condition of the server looks at who the client is.
    """
    if not any(check.identifies for check in client_checks(configuration, server)):
        return
    seen: set[Partner] = set()
    for comparison in comparisons(configuration, server):
        if not comparison.first.is_name or comparison.first.of_issuer:
            continue
        for partner, test in _partners_meant(comparison):
            if partner not in seen:
                seen.add(partner)
                yield partner, test


@kept
def _partners_meant(comparison: Comparison) -> tuple[tuple[Partner, IdentityTest], ...]:
    """The partners whose names are compared, each with the first test that means it."""
    found: dict[Partner, IdentityTest] = {}
    for test in comparison.tests:
        for partner in PARTNERS:
            if partner not in found and partner.is_meant_by(test.operand):
                found[partner] = test
    return tuple(found.items())


def partner_cas(ctx: Context, server: VirtualServer) -> Iterator[TrustedPartnerCA]:
    """The CAs of partners among those that a server trusts for its clients.

    The name of a file counts where the CA's key is not known, and where the file is not there.
    """
    for reference in client_trust(ctx.configuration, server):
        for partner, ca, by_name in ctx.partner_cas(reference):
            yield TrustedPartnerCA(partner, ca, reference, by_name)
