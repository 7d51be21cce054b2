from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.key import load_keys, passwords_from
from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.testing.catalogue import PASSPHRASE, authority, content, identity
from mtls_lint.testing.pki import Identity

Read = Callable[[bytes], PemFile]


def certificate(name: str) -> Certificate:
    return Certificate.from_der(identity(name).der)


@pytest.mark.parametrize("key", ["rsa2048", "p256", "p521", "ed25519", "ed448"])
@pytest.mark.parametrize("traditional", [False, True])
def test_key_of_a_certificate(read: Read, key: str, traditional: bool) -> None:
    if traditional and key.startswith("ed"):
        pytest.skip("there is no such form")
    issued = Identity.self_signed("a", key=key)
    file = read(b"text\n" + issued.key_pem(traditional=traditional))
    (found,) = file.keys
    own = Certificate.from_der(issued.der)
    assert found.matches(own) is True
    assert found.matches(certificate("client")) is False
    assert (found.algorithm, found.bits) == (own.key_algorithm, own.key_bits)
    assert (found.encrypted, found.opened, found.line) == (False, True, 2)
    assert file.key_defect is None


@pytest.mark.parametrize("name", ["encrypted.key", "encrypted-legacy.key"])
def test_encrypted_keys(material: Path, name: str) -> None:
    file = PemStore().read(str(material / name))
    assert file.key_defect is None
    (closed,) = file.keys
    assert (closed.encrypted, closed.opened, closed.bits) == (True, False, None)
    assert closed.matches(certificate("server")) is None
    right = passwords_from(content("passwords.txt"))
    wrong = passwords_from(content("wrong-passwords.txt"))
    (opened,) = load_keys(file, right)
    assert (opened.encrypted, opened.opened, opened.bits) == (True, True, 256)
    assert opened.matches(certificate("server")) is True
    assert load_keys(file, wrong) == (closed,)
    assert load_keys(file, (b"",)) == (closed,)
    assert PASSPHRASE.decode() not in repr(opened)


def test_passwords() -> None:
    assert passwords_from(b"one\r\n\n two \nthree") == (b"one", b" two ", b"three")
    assert passwords_from(b"") == (b"",)


def test_nothing_of_a_key_is_shown(read: Read) -> None:
    pem = identity("server").key_pem()
    file = read(pem + pem.replace(b"\nM", b"\nN", 1))
    shown = repr(file) + repr(file.keys) + str(file.facts) + str(file.key_defect) + str(file.doubts)
    for line in pem.splitlines()[1:-1]:
        assert line.decode() not in shown
    private = f"{identity('server').key.private_numbers().private_value}"  # type: ignore[union-attr]
    assert private not in shown


def test_key_defects(read: Read) -> None:
    key = identity("server").key_pem()
    broken = key.replace(b"\nM", b"\n!", 1)
    assert "base64" in (read(broken).key_defect or "")
    assert "END" in (read(key.rsplit(b"-----END", 1)[0]).key_defect or "")
    assert "only a certificate" in (read(identity("server").pem).key_defect or "")
    assert "label" in (read(key.replace(b" PRIVATE", b" RSA PRIVATE")).key_defect or "")
    damaged = read(b"-----BEGIN PRIVATE KEY-----\nMAUCAQAwAA==\n-----END PRIVATE KEY-----\n")
    assert "cannot be read" in (damaged.key_defect or "")
    assert damaged.keys == ()


def test_first_good_key_counts(read: Read) -> None:
    key, other = identity("server").key_pem(), authority("root").key_pem()
    broken = key.replace(b"\nM", b"\n!", 1)
    assert read(broken + key + other).keys[0].matches(certificate("server"))
    assert not read(other + key).keys[0].matches(certificate("server"))
    swallowed = read(identity("server").pem.rsplit(b"-----END", 1)[0] + key)
    assert swallowed.keys == ()
    assert swallowed.key_defect
