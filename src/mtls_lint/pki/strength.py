"""Keys and signatures that are too weak, and how OpenSSL counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate

MINIMUM_RSA_BITS = 2048
"""RFC 9325, 4.5, and the least that OpenSSL's level 2 (112 bits of security) accepts."""
MINIMUM_EC_BITS = 224
"""RFC 9325, 4.5."""

LEVEL_BITS = (0, 80, 112, 128, 192, 256)
"""Bits of security that each OpenSSL security level asks for (SSL_CTX_set_security_level(3))."""

_RSA_SECURITY = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_EDWARDS_SECURITY = {"Ed25519": 128, "Ed448": 224}
_DIGEST_SECURITY = {
    "md2": 0,
    "md4": 0,
    "md5": 39,
    "sha1": 63,
    "sha224": 112,
    "sha256": 128,
    "sha384": 192,
    "sha512": 256,
    "sha3-224": 112,
    "sha3-256": 128,
    "sha3-384": 192,
    "sha3-512": 256,
}
_WEAK_DIGESTS = {"md2": "MD2", "md4": "MD4", "md5": "MD5", "sha1": "SHA-1"}
_UNUSED_CURVES = {"secp224r1": "P-224", "secp192r1": "P-192"}


def key_security_bits(certificate: Certificate) -> int | None:
    """Bits of security of the key as EVP_PKEY_get_security_bits counts them; None for an unknown kind.

    RSA and DSA go by steps of NIST SP 800-57, EC is half the size of the field. (For RSA sizes between the
    steps OpenSSL computes a value in between, which never crosses the next step.)
    """
    bits, algorithm = certificate.key_bits, certificate.key_algorithm
    if algorithm in _EDWARDS_SECURITY:
        return _EDWARDS_SECURITY[algorithm]
    if bits is None:
        return None
    if algorithm == "EC":
        return bits // 2
    return next((security for size, security in _RSA_SECURITY if bits >= size), 0)


def signature_security_bits(certificate: Certificate) -> int | None:
    """Bits of security of the signature's digest as X509_get_signature_info gives them; None when unknown."""
    digest = certificate.signature_digest
    if digest is None:
        return _EDWARDS_SECURITY.get(certificate.signature_family or "")
    return _DIGEST_SECURITY.get(digest)


def weak_key(certificate: Certificate) -> str | None:
    """Why the key is too weak for TLS, in people's words; None when it is not."""
    algorithm, bits = certificate.key_algorithm, certificate.key_bits
    if algorithm == "DSA":
        return "it is a DSA key, which TLS clients do not accept any more"
    if bits is None:
        return None
    if algorithm == "RSA":
        return _weak_rsa(bits, certificate.rsa_exponent)
    if algorithm == "EC" and bits < MINIMUM_EC_BITS:
        return f"it is an EC key of {bits} bits; at least {MINIMUM_EC_BITS} are needed"
    if certificate.curve in _UNUSED_CURVES:
        return f"it is a key on {_UNUSED_CURVES[certificate.curve]}, which OpenSSL does not accept in TLS"
    return None


def _weak_rsa(bits: int, exponent: int | None) -> str | None:
    if bits < MINIMUM_RSA_BITS:
        return f"it is an RSA key of {bits} bits; at least {MINIMUM_RSA_BITS} are needed"
    if exponent is not None and (exponent == 1 or exponent % 2 == 0):
        return f"its RSA exponent is {exponent}, which makes the key no key"
    return None


def weak_digest(digest: str | None) -> str | None:
    """What people call the digest of a signature, when it can be forged; None when it cannot."""
    return _WEAK_DIGESTS.get(digest or "")


def weak_signature(certificate: Certificate) -> str | None:
    """Why the certificate's signature is too weak, in people's words; None when it is not.

    The signature of a self-signed certificate proves nothing, so that OpenSSL does not rate it
    (check_sig_level in crypto/x509/x509_vfy.c).
    """
    name = weak_digest(certificate.signature_digest)
    if name is None or certificate.self_signed:
        return None
    return f"its signature uses {name}, which can be forged"
