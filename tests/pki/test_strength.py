import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.strength import key_security_bits, signature_security_bits, weak_key, weak_signature
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.pki import Identity


def facts(issued: Identity) -> Certificate:
    return Certificate.from_der(issued.der)


@pytest.mark.parametrize(
    ("key", "bits", "words"),
    [
        ("rsa1024", 80, "RSA key of 1024 bits"),
        ("rsa2048", 112, None),
        ("rsa3072", 128, None),
        ("p224", 112, "P-224"),
        ("p256", 128, None),
        ("p384", 192, None),
        ("p521", 260, None),
        ("ed25519", 128, None),
        ("ed448", 224, None),
    ],
)
def test_keys(key: str, bits: int, words: str | None) -> None:
    certificate = facts(Identity.self_signed("a", key=key))
    assert key_security_bits(certificate) == bits
    assert (words is None) == (weak_key(certificate) is None)
    assert (words or "") in (weak_key(certificate) or "")


def test_signatures() -> None:
    assert "SHA-1" in (weak_signature(facts(identity("sha1"))) or "")
    assert "MD5" in (weak_signature(facts(authority("rsa-root").client("a", digest="md5"))) or "")
    assert weak_signature(facts(authority("ca-sha1-root"))) is None  # its own signature
    assert weak_signature(facts(identity("server"))) is None
    assert signature_security_bits(facts(identity("sha1"))) == 63
    assert signature_security_bits(facts(identity("server"))) == 128
    assert signature_security_bits(facts(Identity.self_signed("a", key="ed25519"))) == 128
