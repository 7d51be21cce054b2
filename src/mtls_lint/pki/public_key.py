"""What is kept of a public key: its encoding, by which keys are compared, and what people ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.pki._crypto import dsa, ec, ed448, ed25519, rsa, serialization

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


class PublicKey(Struct, frozen=True):
    """A public key: ``encoded`` is its SubjectPublicKeyInfo (RFC 5280 4.1), None where it is not known.

    ``bits`` is its size as people name it (RSA modulus, EC field), ``curve`` OpenSSL's name of the elliptic
    curve, ``rsa_exponent`` the public exponent; each None for other keys.
    """

    encoded: bytes | None
    bits: int | None
    curve: str | None = None
    rsa_exponent: int | None = None

    @classmethod
    def of(cls, key: PublicKeyTypes) -> PublicKey:
        """What there is to know of a key of the library."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        encoded = key.public_bytes(serialization.Encoding.DER, form)
        if isinstance(key, ec.EllipticCurvePublicKey):
            return cls(encoded, key.key_size, key.curve.name)
        if isinstance(key, rsa.RSAPublicKey):
            return cls(encoded, key.key_size, None, key.public_numbers().e)
        if isinstance(key, dsa.DSAPublicKey):
            return cls(encoded, key.key_size)
        if isinstance(key, ed25519.Ed25519PublicKey):
            return cls(encoded, 256)
        return cls(encoded, 456 if isinstance(key, ed448.Ed448PublicKey) else None)


def key_sha256(encoded: bytes) -> str:
    """SHA-256 of an encoded SubjectPublicKeyInfo, in lower-case hexadecimal digits."""
    import hashlib  # noqa: PLC0415 - loads OpenSSL's library: only where a key was read

    return hashlib.sha256(encoded).hexdigest()
