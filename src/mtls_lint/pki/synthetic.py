"""A certificate that nobody has: the best that a CA could issue to a client, or to a server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.extensions import AuthorityKey, Extensions
from mtls_lint.pki.public_key import PublicKey

if TYPE_CHECKING:
    from datetime import datetime

    from mtls_lint.pki.peer import Peer


class SyntheticPeer(Certificate):
    """Issued by ``ca`` yesterday for two days, for such a peer, with digitalSignature, P-256 and SHA-256."""

    def __init__(self, ca: Certificate, now: datetime, peer: Peer) -> None:
        """A client or server of ``ca`` at the moment ``now``."""
        # Everything is set here that the base class would work out from the bytes of a certificate.
        self.ca = ca
        self.line = 0
        self.trusted_aux = False
        self._aux = b""
        self._first, self._last = now - timedelta(days=1), now + timedelta(days=1)
        self.subject = f"CN=a {peer.label} of {ca.display_name}"
        self.issuer = ca.subject
        self.common_name = f"a {peer.label} of {ca.display_name}"
        self.subject_der = b""
        self.issuer_der = ca.subject_der
        self.canonical_subject = (("2.5.4.3", "\0"),)
        self.canonical_issuer = ca.canonical_subject
        self._key = PublicKey(f"of a certificate that is not there, {id(self)}".encode(), 256, "secp256r1")
        self.signature_digest = "sha256"
        self.signature_family = ca.key_algorithm
        self.sha256 = self.sha1 = ""
        self.extensions = Extensions(
            basic_constraints=False,
            key_usage=frozenset({"digitalSignature"}),
            extended_key_usage=frozenset({peer.usage}),
            authority_key=AuthorityKey(ca.extensions.subject_key),
        )
        self.key_algorithm = "EC"
        self.self_issued = self.self_signed = self.is_ca = False

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def subject_values(self, oid: str) -> tuple[str, ...]:  # noqa: ARG002
        """None that constraints could be tested on."""
        return ()

    @property
    def serial_number(self) -> int:
        """A number that no CRL lists: it needs more than the 20 octets of RFC 5280 section 4.1.2.2."""
        return 1 << 160

    @property
    def version(self) -> int:
        """Version 3."""
        return 3

    @property
    def not_before(self) -> datetime:
        """A day ago."""
        return self._first

    @property
    def not_after(self) -> datetime:
        """In a day."""
        return self._last

    def signed_by(self, issuer: Certificate) -> bool:
        """Only its CA signed it."""
        return issuer.public_key == self.ca.public_key
