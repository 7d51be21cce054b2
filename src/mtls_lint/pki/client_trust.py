"""What each certificate of a store is good for, where clients are verified, or servers.

nginx never sets X509_V_FLAG_PARTIAL_CHAIN: only a self-signed certificate of the store, or one that a
TRUSTED CERTIFICATE block trusts for such peers, ends a chain (docs/evidence.md: trust).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.pki.anchors import Anchors
from mtls_lint.pki.peer import Peer

if TYPE_CHECKING:
    from datetime import datetime

    from mtls_lint.pki.certificate import Certificate


def ends_chain(certificate: Certificate, peer: Peer = Peer.CLIENT) -> bool:
    """Whether the certificate is an anchor where it stands in the store."""
    return certificate.self_signed or peer.usage in (certificate.aux_trust or ())


def is_pinned(certificate: Certificate, peer: Peer = Peer.CLIENT) -> bool:
    """Whether it can be a peer's own certificate, accepted because that very one is in the store."""
    if not ends_chain(certificate, peer):
        return False
    usage, extended = certificate.key_usage, certificate.extended_key_usage
    return (usage is None or bool(usage & peer.leaf_usages)) and (
        extended is None or bool(extended & peer.usages)
    )


def why_useless(certificate: Certificate) -> str | None:
    """Why the certificate lets no client in, as words that follow its name; None when it may let some in.

    A CA lets in those it issued (whether its own chain ends is another matter, see ``ClientTrust``), a
    self-signed certificate may be a client's own.
    """
    if certificate.is_ca or is_pinned(certificate) or certificate.malformed:
        return None
    usage = certificate.key_usage
    if certificate.basic_constraints is False:
        return "is not a CA (basicConstraints CA:FALSE)"
    if usage is not None and "keyCertSign" not in usage:
        return f"may not issue certificates (key usage {', '.join(sorted(usage))}, without keyCertSign)"
    return "is not a CA (it has no basicConstraints)"


class ClientTrust(Struct, frozen=True, dict=True):
    """Everything that one server trusts for its clients.

    ``complete`` is False when text that was not given may add more.
    """

    certificates: tuple[Certificate, ...]
    complete: bool = True

    @cached_property
    def anchors(self) -> tuple[Certificate, ...]:
        """The certificates at which a client's chain can end."""
        return tuple(c for c in self.certificates if ends_chain(c) and why_useless(c) is None)

    def reaches_anchor(self, certificate: Certificate) -> bool:
        """Whether a chain leads from the certificate to an anchor through the store alone.

        Once OpenSSL has used a certificate of the store, those that a client sends do not count any more.
        """
        known = self._reaching.get(certificate)
        if known is None:
            known = self._reaching[certificate] = any(map(ends_chain, self.above(certificate)))
        return known

    @cached_property
    def _reaching(self) -> dict[Certificate, bool]:
        # Thousands of servers trust the same certificates, and each of them is asked about.
        return {}

    @cached_property
    def _by_name(self) -> Anchors:
        return Anchors(self.certificates)

    def above(self, certificate: Certificate) -> frozenset[Certificate]:
        """The certificate, and those of the store that a chain from it may lead through."""
        reached = {certificate}
        waiting = [certificate]
        while waiting:
            below = waiting.pop()
            if not ends_chain(below):
                named = self._by_name.named_as_issuer(below)
                issuers = {c for c in named if c.may_have_issued(below)} - reached
                reached |= issuers
                waiting += issuers
        return frozenset(reached)

    def valid_copy(self, certificate: Certificate, now: datetime) -> Certificate | None:
        """Another certificate for the same name and key that is valid now: OpenSSL takes that one instead."""
        for other in self.certificates:
            if (
                other != certificate
                and other.not_before <= now <= other.not_after
                and other.canonical_subject == certificate.canonical_subject
                and other.public_key is not None
                and other.public_key == certificate.public_key
            ):
                return other
        return None
