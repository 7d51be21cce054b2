"""What is kept of a public key: its encoding, by which keys are compared, and what people ask of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from mtls_lint.pki._crypto import dsa, ec, ed448, ed25519, rsa, serialization

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""How a P-256 key begins that names its curve and gives both coordinates: there is no other way to go on."""


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
    def of(cls, key: PublicKeyTypes, written: bytes = b"") -> PublicKey:
        """What there is to know of a key of the library; ``written`` is it as some certificate has it."""
        if written.startswith(_P256):
            encoded = written
        else:  # there is more than one way to write the same key
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            encoded = key.public_bytes(serialization.Encoding.DER, form)
        algorithm = algorithm_of(type(key))
        if algorithm == "EC":
            of_curve = cast("ec.EllipticCurvePublicKey", key)
            return cls(encoded, of_curve.key_size, of_curve.curve.name)
        if algorithm == "RSA":
            of_modulus = cast("rsa.RSAPublicKey", key)
            return cls(encoded, of_modulus.key_size, None, of_modulus.public_numbers().e)
        if algorithm == "DSA":
            return cls(encoded, cast("dsa.DSAPublicKey", key).key_size)
        return cls(encoded, {"Ed25519": 256, "Ed448": 456}.get(algorithm))


@cache
def algorithm_of(kind: type[PublicKeyTypes]) -> str:
    """RSA, EC, Ed25519, Ed448 or DSA for a class of keys of the library, else the name of the class."""
    kinds: tuple[tuple[type, str], ...] = (
        (rsa.RSAPublicKey, "RSA"),
        (ec.EllipticCurvePublicKey, "EC"),
        (ed25519.Ed25519PublicKey, "Ed25519"),
        (ed448.Ed448PublicKey, "Ed448"),
        (dsa.DSAPublicKey, "DSA"),
    )
    return next((name for one, name in kinds if issubclass(kind, one)), kind.__name__)


def key_sha256(encoded: bytes) -> str:
    """SHA-256 of an encoded SubjectPublicKeyInfo, in lower-case hexadecimal digits."""
    import hashlib  # noqa: PLC0415 - loads OpenSSL's library: only where a key was read

    return hashlib.sha256(encoded).hexdigest()
