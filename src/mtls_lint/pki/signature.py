"""Whether a key made a signature."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mtls_lint.pki._crypto import dsa, ec, ed448, ed25519, exceptions, padding, rsa

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes


_FAMILIES = (
    ("1.2.840.113549.1.1.", "RSA"),
    ("1.2.840.10045.4.", "EC"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10040.4.", "DSA"),
    ("2.16.840.1.101.3.4.3.1", "DSA"),
    ("2.16.840.1.101.3.4.3.2", "DSA"),
)


@cache
def family(oid: str) -> str | None:
    """Kind of key that makes signatures of this algorithm, named as ``key_algorithm``; None if unknown."""
    return next((name for prefix, name in _FAMILIES if oid.startswith(prefix)), None)


def fits(
    key: CertificatePublicKeyTypes,
    subject: x509.Certificate | x509.CertificateRevocationList,
    body: bytes,
) -> bool:
    """Whether ``key`` made the signature of ``subject``; False for a key or algorithm that cannot be used.

    ``body`` is the part of it that was signed.

    Not ``verify_directly_issued_by``: that compares names byte for byte, and OpenSSL does not. Nor
    ``is_signature_valid`` of CRLs: that takes none with SHA-1, and OpenSSL does.
    """
    try:
        _verify(key, subject, body)
    except (exceptions.InvalidSignature, exceptions.UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


# RFC 5480 Appendix A, RFC 3279 2.2.3, and NIST's numbers for SHA-3.
_ECDSA = frozenset(
    {"1.2.840.10045.4.1", *(f"1.2.840.10045.4.3.{n}" for n in range(1, 5))}
    | {f"2.16.840.1.101.3.4.3.{n}" for n in range(9, 13)}
)
_schemes: dict[str, ec.ECDSA] = {}


def _ecdsa(name: str, digest: hashes.HashAlgorithm) -> ec.ECDSA:
    """The library's word for ECDSA with a digest; to make one takes a sixth of what the verification does."""
    scheme = _schemes.get(name)
    if scheme is None:
        scheme = _schemes[name] = ec.ECDSA(digest)
    return scheme


def _verify(
    key: CertificatePublicKeyTypes,
    subject: x509.Certificate | x509.CertificateRevocationList,
    body: bytes,
) -> None:
    mark = subject.signature
    digest = subject.signature_hash_algorithm
    if isinstance(key, ec.EllipticCurvePublicKey):
        if digest is None or subject.signature_algorithm_oid.dotted_string not in _ECDSA:
            raise TypeError("not an ECDSA signature")
        key.verify(mark, body, _ecdsa(digest.name, digest))
        return
    parameters = subject.signature_algorithm_parameters
    if isinstance(key, rsa.RSAPublicKey):
        if isinstance(parameters, ec.ECDSA) or digest is None:
            raise TypeError("not an RSA signature")
        # The library names no parameters for MD5, which can only be PKCS #1 v1.5.
        scheme = parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15()
        key.verify(mark, body, scheme, digest)
    elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        if digest is not None:
            raise TypeError("not an EdDSA signature")
        key.verify(mark, body)
    elif isinstance(key, dsa.DSAPublicKey) and digest is not None:
        key.verify(mark, body, digest)
    else:
        raise TypeError("no key that signs certificates")
