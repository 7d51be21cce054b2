from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.pki import CLOCK, LEAF, Authority, Identity

Read = Callable[[bytes], PemFile]


def facts(issued: Identity) -> Certificate:
    return Certificate.from_der(issued.der)


def test_facts(material: Path) -> None:
    file = PemStore().read(str(material / "crl-chain.pem"))
    assert file.crl_defect is None
    first, second = file.crls
    assert first.issuer == "CN=Example Root CA"
    assert second.issuer == "CN=Example Intermediate CA"
    assert first.last_update == CLOCK - timedelta(days=1)
    assert first.next_update == LEAF[1]
    assert (first.number, first.is_delta, first.revoked_count, first.line) == (1, False, 1, 1)
    assert first.signature_digest == "sha256"
    assert first.malformed is None
    assert first.aki == (facts(authority("root")).extensions.subject_key or b"").hex()
    assert first.revokes(facts(identity("revoked-client")))
    assert not first.revokes(facts(identity("client")))
    assert first.signed_by(facts(authority("root")))
    assert not first.signed_by(facts(authority("intermediate")))
    assert first.may_be_issued_by(facts(authority("root")))
    assert not first.may_be_issued_by(facts(authority("intermediate")))
    assert first != second
    assert repr(first) == "RevocationList('CN=Example Root CA', line=1)"


def test_same_name_but_other_key(read: Read) -> None:
    other = Authority.root("Example Root CA")
    with_key, without_key = read(other.crl() + other.crl(authority_key=False)).crls
    root = facts(authority("root"))
    assert not with_key.may_be_issued_by(root)
    assert without_key.may_be_issued_by(root)
    assert not without_key.signed_by(root)
    assert without_key.aki is None


def test_delta(read: Read) -> None:
    (delta,) = read(content("crl-delta.pem")).crls
    assert (delta.is_delta, delta.number) == (True, 2)


def test_other_keys_sign(read: Read) -> None:
    for key in ("rsa2048", "ed25519"):
        root = Authority.root("a", key=key)
        (crl,) = read(root.crl()).crls
        assert crl.signed_by(facts(root))
        assert not crl.signed_by(facts(authority("root")))


def test_defects(read: Read) -> None:
    crl = content("crl.pem")
    assert "only a certificate" in (read(content("root.pem")).crl_defect or "")
    assert "broken" in (read(crl + crl.replace(b"\nM", b"\n!", 1)).crl_defect or "")
    assert read(content("root.pem") + crl).crl_defect is None
    assert read(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").crl_defect


def test_an_old_digest_is_verified_all_the_same(read: Read) -> None:
    (crl,) = read(content("crl-sha1.pem")).crls
    assert crl.signature_digest == "sha1"
    assert crl.signed_by(facts(authority("rsa-root")))
    assert not crl.signed_by(facts(authority("root")))


def test_which_crl_stands_for_another(read: Read) -> None:
    (current,) = read(content("crl.pem")).crls
    expired, renewed = read(content("crl-renewed.pem")).crls
    assert renewed.stands_for(expired)
    assert (current.is_current(CLOCK), expired.is_current(CLOCK)) == (True, False)
    for name, stands in (("other", False), ("delta", False), ("of-old-key", False), ("forged", True)):
        (other,) = read(content(f"crl-{name}.pem")).crls
        assert other.stands_for(expired) is stands, name
