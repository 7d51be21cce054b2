"""A certificate and what OpenSSL reads in it."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING

from mtls_lint.pki import der, extensions, layout, names, signature
from mtls_lint.pki._crypto import exceptions, hashes, x509
from mtls_lint.pki.public_key import PublicKey
from mtls_lint.sharing import once

if TYPE_CHECKING:
    from datetime import datetime

    from mtls_lint.pki.extensions import AuthorityKey
    from mtls_lint.pki.verify import Verdict

_OLD_DIGESTS = {"1.2.840.113549.1.1.2": "md2", "1.2.840.113549.1.1.3": "md4", "1.2.840.113549.1.1.4": "md5"}
_KEY_NAMES = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.113549.1.1.10": "RSA",
    "1.2.840.10045.2.1": "EC",
    "1.2.840.10040.4.1": "DSA",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
_AUX_REJECT = 0xA0


_MANY_ISSUERS = 1000
_issuers: dict[bytes, tuple[bytes, names.CanonicalName]] = {}


class Certificate:
    """One X.509 certificate; what is not asked of nearly all is worked out when it is asked for.

    ``line`` is where its PEM block starts; ``trusted_aux`` tells that the block was a TRUSTED CERTIFICATE.
    Two certificates are equal when their bytes are.
    """

    def __init__(self, data: bytes, line: int = 1, aux: bytes | None = None) -> None:
        """Load an encoded certificate; ``aux`` are the bytes behind it in a TRUSTED CERTIFICATE."""
        # The library keeps each name and extension it was asked for, which take several times the room of
        # the certificate itself: the facts are taken from a copy.
        copy = x509.load_der_x509_certificate(data)
        issuer, subject, key, found = layout.parts(data)
        self.native = x509.load_der_x509_certificate(data)
        self.line = line
        self.trusted_aux = aux is not None
        self._aux = aux or b""
        self._der = data
        self._hash = hash(data)
        self.subject_der = subject
        """The encoded subject."""
        self.canonical_subject = names.canonical(copy.subject)
        """Subject in the form in which OpenSSL compares names."""
        self.issuer_der, self.canonical_issuer = (
            (self.subject_der, self.canonical_subject) if issuer == subject else _issuer(issuer, copy)
        )
        self.extensions = extensions.read(copy, found)
        """All extensions that decide something."""
        self._key = _key_of(copy, key)
        self.key_kind: str = once(copy.public_key_algorithm_oid.dotted_string)
        """Dotted number of the key's algorithm: TLS has one place for each, and RSA-PSS its own."""
        self.key_algorithm = _KEY_NAMES.get(self.key_kind, self.key_kind)
        """RSA, EC, Ed25519, Ed448, DSA, or the dotted number of another algorithm."""
        self.signature_family = signature.family(copy.signature_algorithm_oid.dotted_string)
        """Kind of key that made the signature, named as ``key_algorithm``; None for an unknown one."""
        self.signature_digest = _digest_of(copy)
        """Digest under the signature, such as "sha256"; None for Ed25519, Ed448 and unknown algorithms."""
        self.self_issued = self.canonical_subject == self.canonical_issuer
        """Whether subject and issuer are one name (EXFLAG_SI)."""
        self.self_signed = self.self_issued and self._could_sign(self)
        """Whether OpenSSL takes the certificate as the end of a chain (EXFLAG_SS).

        Self-issued, its AKI (if any) fits itself, and the signature is of its own key's kind; the signature
        itself is not tested (x509v3_cache_extensions in crypto/x509/v3_purp.c).
        """
        self.is_ca = self.tolerated_as_ca and (self.basic_constraints is not None or self.self_issued)
        """Whether OpenSSL takes it as a CA where its own issuer allows it to stand.

        Without BasicConstraints it can only be one at the top of a chain, where it is self-issued.
        """

    @classmethod
    def from_der(cls, data: bytes, line: int = 1, aux: bytes | None = None) -> Certificate:
        """Load one certificate; ValueError says why it cannot be."""
        try:
            return cls(data, line, aux)
        except (ValueError, TypeError, x509.InvalidVersion, exceptions.UnsupportedAlgorithm) as error:
            raise ValueError(str(error)) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self._der == other._der

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Certificate({self.subject!r}, line={self.line})"

    @property
    def _copy(self) -> x509.Certificate:
        # The library keeps each name and extension it was asked for, which take several times the room of
        # the certificate itself.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return x509.load_der_x509_certificate(self._der)

    @cached_property
    def subject(self) -> str:
        """Subject as RFC 4514 text; empty for an empty name."""
        return names.text(self._copy.subject)

    @cached_property
    def issuer(self) -> str:
        """Issuer as RFC 4514 text."""
        return names.text(self._copy.issuer)

    @cached_property
    def common_name(self) -> str | None:
        """The subject's last common name."""
        return names.common_name(self._copy.subject)

    @property
    def display_name(self) -> str:
        """A short name for messages: the common name, a SAN, the subject, or the serial number."""
        alternatives = self.dns_names + self.uris + self.emails + self.ip_addresses
        return self.common_name or (
            alternatives[0] if alternatives else self.subject or f"serial {self.serial}"
        )

    def subject_values(self, oid: str) -> tuple[str, ...]:
        """The texts of the subject's attributes with this dotted object identifier."""
        return names.values(self._copy.subject, oid)

    @property
    def serial_number(self) -> int:
        """Serial number; some old roots have zero, which the library warns of."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.native.serial_number

    @property
    def serial(self) -> str:
        """Serial number in upper-case hexadecimal digits, as ``openssl x509 -serial`` and nginx show it."""
        return serial_text(self.serial_number)

    @property
    def version(self) -> int:
        """1 or 3."""
        return self.native.version.value + 1

    @property
    def not_before(self) -> datetime:
        """First moment of validity, UTC."""
        return self.native.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """Last moment of validity, UTC."""
        return self.native.not_valid_after_utc

    @property
    def public_key(self) -> bytes | None:
        """The public key as an encoded SubjectPublicKeyInfo; None when the library knows no such key."""
        return self._key.encoded

    @property
    def key_bits(self) -> int | None:
        """Size of the key in bits as people name it (RSA modulus, EC field); None when unknown."""
        return self._key.bits

    @property
    def curve(self) -> str | None:
        """OpenSSL's name of the elliptic curve; None for other keys."""
        return self._key.curve

    @property
    def rsa_exponent(self) -> int | None:
        """Public exponent of an RSA key."""
        return self._key.rsa_exponent

    @property
    def malformed(self) -> str | None:
        """Why the extensions cannot be read; they count as absent then."""
        return self.extensions.malformed

    def _could_sign(self, other: Certificate) -> bool:
        """Whether AKI and the kind of signature allow it (X509_check_akid and check_sig_alg_match)."""
        if other.signature_family not in {None, self.key_algorithm}:
            return False
        wanted = other.extensions.authority_key
        return wanted is None or self.fits_authority_key(wanted)

    def fits_authority_key(self, wanted: AuthorityKey) -> bool:
        """Whether nothing in an AKI speaks against this certificate (X509_check_akid)."""
        own = self.extensions.subject_key
        if wanted.key_identifier is not None and own is not None and wanted.key_identifier != own:
            return False
        if wanted.serial is not None and wanted.serial != self.serial_number:
            return False
        return wanted.issuer is None or wanted.issuer == self.canonical_issuer

    def may_have_issued(self, other: Certificate) -> bool:
        """Whether names and key identifiers allow that it issued the other; signatures are not tested."""
        same_name = self.subject_der == other.issuer_der or self.canonical_subject == other.canonical_issuer
        return same_name and self._could_sign(other)

    def signed(self, other: Certificate) -> bool:
        """Whether this certificate's key made the other's signature."""
        return other.signed_by(self)

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's key made this certificate's signature; tested once for each issuer."""
        known = issuer._judged.get(self._der)
        if known is None:
            known = issuer._judged[self._der] = issuer.public_key is not None and signature.fits(
                issuer.native.public_key(), self.native, layout.signed_part(self._der)
            )
        return known

    @cached_property
    def _judged(self) -> dict[bytes, bool]:
        # A signature takes 70 us to verify, and of thousands of servers many rules ask who issued what.
        return {}

    @cached_property
    def verdicts(self) -> dict[object, tuple[object, Verdict]]:
        """What ``ChainCheck.clients_of`` has said of what this CA issues, by the terms."""
        return {}

    @property
    def basic_constraints(self) -> bool | None:
        """The CA flag of BasicConstraints; None when the extension is absent."""
        return self.extensions.basic_constraints

    @property
    def path_length(self) -> int | None:
        """The path length of BasicConstraints."""
        return self.extensions.path_length

    @property
    def tolerated_as_ca(self) -> bool:
        """Whether check_ca in crypto/x509/v3_purp.c sees some CA.

        A key usage without keyCertSign forbids; BasicConstraints decide; without them a self-signed
        version 1 certificate is one, and so is one whose key usage has keyCertSign.
        """
        usage = self.key_usage
        if usage is not None and "keyCertSign" not in usage:
            return False
        if self.basic_constraints is not None:
            return self.basic_constraints
        return usage is not None or (self.version == 1 and self.self_signed)

    @property
    def key_usage(self) -> frozenset[str] | None:
        """Names as in RFC 5280 (digitalSignature, keyCertSign ...); None when absent."""
        return self.extensions.key_usage

    @property
    def extended_key_usage(self) -> frozenset[str] | None:
        """Names such as serverAuth, clientAuth, any, else dotted numbers; None when absent."""
        return self.extensions.extended_key_usage

    @property
    def dns_names(self) -> tuple[str, ...]:
        """The dNSName entries of the subjectAltName, as written."""
        return self.extensions.alternative_names.dns

    @property
    def ip_addresses(self) -> tuple[str, ...]:
        """The iPAddress entries of the subjectAltName."""
        return self.extensions.alternative_names.ip

    @property
    def uris(self) -> tuple[str, ...]:
        """The URI entries of the subjectAltName."""
        return self.extensions.alternative_names.uri

    @property
    def emails(self) -> tuple[str, ...]:
        """The rfc822Name entries of the subjectAltName."""
        return self.extensions.alternative_names.email

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        """OCSP responders named in the certificate."""
        return self.extensions.ocsp_urls

    @property
    def ca_issuer_urls(self) -> tuple[str, ...]:
        """Where the certificate says its issuer's certificate can be had."""
        return self.extensions.ca_issuer_urls

    @property
    def must_staple(self) -> bool:
        """Whether the certificate demands a stapled OCSP answer (RFC 7633)."""
        return self.extensions.must_staple

    @cached_property
    def sha256(self) -> str:
        """SHA-256 fingerprint in lower-case hexadecimal digits."""
        return self.native.fingerprint(hashes.SHA256()).hex()

    @cached_property
    def sha1(self) -> str:
        """SHA-1 fingerprint in lower-case hexadecimal digits: nginx's ``$ssl_client_fingerprint``."""
        return self.native.fingerprint(hashes.SHA1()).hex()

    @property
    def aux_trust(self) -> frozenset[str] | None:
        """Purposes that a TRUSTED CERTIFICATE block is trusted for; None when it lists none."""
        return extensions.aux_purposes(self._aux, der.SEQUENCE)

    @property
    def aux_reject(self) -> frozenset[str] | None:
        """Purposes that a TRUSTED CERTIFICATE block is rejected for; None when it lists none."""
        return extensions.aux_purposes(self._aux, _AUX_REJECT)


def serial_text(number: int) -> str:
    """A serial number in whole bytes of upper-case hexadecimal digits."""
    digits = f"{number:X}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"


def _issuer(encoded: bytes, native: x509.Certificate) -> tuple[bytes, names.CanonicalName]:
    """An issuer's name in both forms: few names issue many certificates, which share them."""
    known = _issuers.get(encoded)
    if known is None:
        known = (encoded, names.canonical(native.issuer))
        if len(_issuers) >= _MANY_ISSUERS:
            _issuers.clear()
        _issuers[encoded] = known
    return known


def _digest_of(native: x509.Certificate) -> str | None:
    try:
        algorithm = native.signature_hash_algorithm
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        return _OLD_DIGESTS.get(native.signature_algorithm_oid.dotted_string)
    return None if algorithm is None else algorithm.name


def _key_of(native: x509.Certificate, encoded: bytes) -> PublicKey:
    # The key itself would take more room than the certificate, which keeps it once it was asked for.
    try:
        return PublicKey.of(native.public_key(), encoded)
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        return PublicKey(None, None)
