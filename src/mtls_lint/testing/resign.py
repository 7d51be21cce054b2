"""Signatures that the library refuses to make: SHA-1 and MD5, and certificates of version 1.

The finished object is changed in its DER form (the last arc of the two signature algorithms, the version
field) and signed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

if TYPE_CHECKING:
    from mtls_lint.testing.pki import Key

OLD_DIGESTS = {"sha1": (b"\x05", hashes.SHA1), "md5": (b"\x04", hashes.MD5)}
"""The arc of each RSA signature behind 1.2.840.113549.1.1, and the digest."""

_RSA_ALGORITHM = bytes.fromhex("06092a864886f70d0101")  # 1.2.840.113549.1.1, one arc to come
_VERSION_3 = bytes.fromhex("a003020102")


def resign_certificate(signed: x509.Certificate, key: Key, digest: str, version: int) -> x509.Certificate:
    """The certificate with a signature by an old digest, or in version 1, or both."""
    body = signed.tbs_certificate_bytes
    tail = _outer_tail(signed.public_bytes(serialization.Encoding.DER), body, signed.signature)
    if version == 1:
        contents = body[_header_length(body) :].removeprefix(_VERSION_3)
        body = _tlv(0x30, contents)
    if digest not in OLD_DIGESTS:
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("a version 1 certificate needs an EC issuer or an old digest")
        mark = key.sign(body, ec.ECDSA(hashes.SHA256()))
        return x509.load_der_x509_certificate(_tlv(0x30, body + tail + _bit_string(mark)))
    return x509.load_der_x509_certificate(_signed_again(body, tail, key, digest))


def resign_crl(
    signed: x509.CertificateRevocationList, key: Key, digest: str
) -> x509.CertificateRevocationList:
    """The CRL with a signature by an old digest."""
    body = signed.tbs_certlist_bytes
    tail = _outer_tail(signed.public_bytes(serialization.Encoding.DER), body, signed.signature)
    return x509.load_der_x509_crl(_signed_again(body, tail, key, digest))


def _signed_again(body: bytes, algorithm: bytes, key: Key, digest: str) -> bytes:
    arc, make = OLD_DIGESTS[digest]
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"a {digest} signature needs an RSA issuer")  # noqa: TRY004 - as for a wrong digest
    old, new = _RSA_ALGORITHM + b"\x0b", _RSA_ALGORITHM + arc
    body, algorithm = body.replace(old, new), algorithm.replace(old, new)
    mark = key.sign(body, padding.PKCS1v15(), make())
    return _tlv(0x30, body + algorithm + _bit_string(mark))


def _outer_tail(whole: bytes, body: bytes, signature: bytes) -> bytes:
    """The signature algorithm, as it stands behind the body."""
    return whole[_header_length(whole) + len(body) :].removesuffix(_bit_string(signature))


def _header_length(value: bytes) -> int:
    return 2 + (value[1] & 0x7F if value[1] >= 0x80 else 0)


def _bit_string(data: bytes) -> bytes:
    return _tlv(0x03, b"\0" + data)


def _tlv(tag: int, contents: bytes) -> bytes:
    length = len(contents)
    if length < 0x80:
        return bytes((tag, length)) + contents
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + contents
