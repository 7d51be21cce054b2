"""Certificate revocation lists."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mtls_lint.pki import extensions, names, signature
from mtls_lint.pki._crypto import exceptions, hashes, x509

if TYPE_CHECKING:
    from datetime import datetime

    from mtls_lint.pki.certificate import Certificate


class RevocationList:
    """One CRL; ``line`` is where its PEM block starts."""

    def __init__(self, native: x509.CertificateRevocationList, line: int = 1) -> None:
        """Wrap a loaded CRL."""
        self.native = native
        self.line = line

    @classmethod
    def from_der(cls, data: bytes, line: int = 1) -> RevocationList:
        """Load one CRL; ValueError says why it cannot be."""
        try:
            found = cls(x509.load_der_x509_crl(data), line)
            _ = found.issuer_der
        except (ValueError, TypeError, x509.InvalidVersion, exceptions.UnsupportedAlgorithm) as error:
            raise ValueError(str(error)) from None
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RevocationList) and self.native == other.native

    def __hash__(self) -> int:
        return hash(self.native.signature)

    def __repr__(self) -> str:
        return f"RevocationList({self.issuer!r}, line={self.line})"

    @cached_property
    def issuer(self) -> str:
        """Issuer as RFC 4514 text."""
        return names.text(self.native.issuer)

    @property
    def issuer_name(self) -> str:
        """A short name of the issuer for messages: its common name, else the whole."""
        return names.common_name(self.native.issuer) or self.issuer

    @cached_property
    def issuer_der(self) -> bytes:
        """The encoded issuer."""
        return self.native.issuer.public_bytes()

    @cached_property
    def canonical_issuer(self) -> names.CanonicalName:
        """Issuer in the form in which OpenSSL compares names."""
        return names.canonical(self.native.issuer)

    @property
    def last_update(self) -> datetime:
        """When it was made, UTC."""
        return self.native.last_update_utc

    @property
    def next_update(self) -> datetime | None:
        """Until when it counts, UTC; None when it does not say, which OpenSSL takes as for ever."""
        return self.native.next_update_utc

    @cached_property
    def _facts(self) -> tuple[int | None, bool, extensions.AuthorityKey | None, str | None]:
        number, delta, authority = None, False, None
        try:
            for extension in self.native.extensions:
                value = extension.value
                if isinstance(value, x509.CRLNumber):
                    number = value.crl_number
                elif isinstance(value, x509.DeltaCRLIndicator):
                    delta = True
                elif isinstance(value, x509.AuthorityKeyIdentifier):
                    authority = extensions.authority_key(value)
        except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
            return None, False, None, f"its extensions cannot be read: {error}"
        return number, delta, authority, None

    @property
    def number(self) -> int | None:
        """The CRL number."""
        return self._facts[0]

    @property
    def is_delta(self) -> bool:
        """Whether it is a delta CRL: older OpenSSL takes it for complete, newer passes over it."""
        return self._facts[1]

    @property
    def authority_key(self) -> extensions.AuthorityKey | None:
        """The authority key identifier in all its parts."""
        return self._facts[2]

    @property
    def aki(self) -> str | None:
        """Key identifier of the issuer in hexadecimal digits; None when it does not say."""
        authority = self._facts[2]
        return (
            None if authority is None or authority.key_identifier is None else authority.key_identifier.hex()
        )

    @property
    def malformed(self) -> str | None:
        """Why the extensions cannot be read; they count as absent then."""
        return self._facts[3]

    @property
    def signature_digest(self) -> str | None:
        """Digest under the signature, such as "sha256"; None for Ed25519, Ed448 and unknown algorithms."""
        try:
            algorithm = self.native.signature_hash_algorithm
        except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
            return None
        return None if algorithm is None else algorithm.name

    @property
    def signature_family(self) -> str | None:
        """Kind of key that made the signature, named as ``Certificate.key_algorithm``; None if unknown."""
        return signature.family(self.native.signature_algorithm_oid.dotted_string)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 fingerprint in lower-case hexadecimal digits."""
        return self.native.fingerprint(hashes.SHA256()).hex()

    @property
    def revoked_count(self) -> int:
        """How many certificates it revokes."""
        return len(self.native)

    @cached_property
    def revoked_serials(self) -> frozenset[int]:
        """The serial numbers that are listed, those with the reason removeFromCRL too."""
        return frozenset(entry.serial_number for entry in self.native)

    def is_current(self, now: datetime) -> bool:
        """Whether OpenSSL takes its dates for right at this moment (check_crl_time)."""
        return self.last_update <= now and (self.next_update is None or self.next_update > now)

    def stands_for(self, other: RevocationList) -> bool:
        """Whether it is a complete CRL by the CA of the other one: of the same name, and key where known."""
        same_key = None in {self.aki, other.aki} or self.aki == other.aki
        return not self.is_delta and same_key and self.canonical_issuer == other.canonical_issuer

    def revokes(self, certificate: Certificate) -> bool:
        """Whether the certificate's serial number is listed; the issuer is for the caller to compare.

        An entry with the reason removeFromCRL takes a revocation back (crl_lookup in crypto/x509/x_crl.c).
        """
        entry = self.native.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None:
            return False
        try:
            reasons = [e.value.reason for e in entry.extensions if isinstance(e.value, x509.CRLReason)]
        except (ValueError, TypeError, x509.DuplicateExtension):  # listed all the same
            return True
        return x509.ReasonFlags.remove_from_crl not in reasons

    def may_be_issued_by(self, certificate: Certificate) -> bool:
        """Whether name and key identifier allow this issuer; the signature is not tested."""
        return self.canonical_issuer == certificate.canonical_subject and self.identifies(certificate)

    def identifies(self, certificate: Certificate) -> bool:
        """Whether nothing in the authority key identifier speaks against this issuer (X509_check_akid)."""
        return self.authority_key is None or certificate.fits_authority_key(self.authority_key)

    def signed_by(self, certificate: Certificate) -> bool:
        """Whether the certificate's key made the signature."""
        return certificate.public_key is not None and signature.fits(
            certificate.native.public_key(), self.native, self.native.tbs_certlist_bytes
        )
