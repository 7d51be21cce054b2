from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.layout import parts, signed_part
from mtls_lint.pki.pem import split_blocks
from mtls_lint.pki.store import PemFile
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.pki import CLOCK, Authority, Identity

Read = Callable[[bytes], PemFile]


def facts(issued: Identity) -> Certificate:
    return Certificate.from_der(issued.der)


def test_facts_of_a_server_certificate(read: Read) -> None:
    issued = authority("root").server(
        "www.example.com",
        "example.com",
        subject="CN=www.example.com,O=Example\\, Inc.,C=SE",
        ips=("192.0.2.1", "2001:db8::1"),
        uris=("spiffe://example.com/a",),
        emails=("a@example.com",),
        ocsp="http://ocsp.example.com/",
        ca_issuers="http://ca.example.com/ca.cer",
        must_staple=True,
        serial=0xABC,
        extended_key_usage=("serverAuth", "any", "1.2.3.4"),
    )
    (certificate,) = read(b"comment\n" + issued.pem).certificates
    assert certificate.subject == "CN=www.example.com,O=Example\\, Inc.,C=SE"
    assert certificate.issuer == "CN=Example Root CA"
    assert certificate.common_name == certificate.display_name == "www.example.com"
    assert certificate.serial == "0ABC"
    assert certificate.not_before == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert certificate.not_after == datetime(2036, 1, 1, tzinfo=timezone.utc)
    assert (certificate.key_algorithm, certificate.key_bits, certificate.curve) == ("EC", 256, "secp256r1")
    assert certificate.rsa_exponent is None
    assert certificate.signature_digest == "sha256"
    assert certificate.version == 3
    assert certificate.line == 2
    assert certificate.dns_names == ("www.example.com", "example.com")
    assert certificate.ip_addresses == ("192.0.2.1", "2001:db8::1")
    assert certificate.uris == ("spiffe://example.com/a",)
    assert certificate.emails == ("a@example.com",)
    assert certificate.ocsp_urls == ("http://ocsp.example.com/",)
    assert certificate.ca_issuer_urls == ("http://ca.example.com/ca.cer",)
    assert certificate.must_staple
    assert certificate.key_usage == frozenset({"digitalSignature"})
    assert certificate.extended_key_usage == frozenset({"serverAuth", "any", "1.2.3.4"})
    assert certificate.basic_constraints is False
    assert not certificate.is_ca
    assert not certificate.self_issued
    assert certificate.malformed is None
    assert len(certificate.sha256) == 64
    assert len(certificate.sha1) == 40
    assert repr(certificate) == "Certificate('CN=www.example.com,O=Example\\\\, Inc.,C=SE', line=2)"
    assert certificate == facts(issued)
    assert len({certificate, facts(issued)}) == 1


@pytest.mark.parametrize(
    ("key", "algorithm", "bits"),
    [("rsa2048", "RSA", 2048), ("p384", "EC", 384), ("ed25519", "Ed25519", 256), ("ed448", "Ed448", 456)],
)
def test_keys(key: str, algorithm: str, bits: int) -> None:
    certificate = facts(Identity.self_signed("a", key=key))
    assert (certificate.key_algorithm, certificate.key_bits) == (algorithm, bits)
    assert certificate.signature_digest == (None if algorithm.startswith("Ed") else "sha256")
    assert certificate.self_signed
    assert certificate.signed(certificate)
    assert certificate.rsa_exponent == (65537 if algorithm == "RSA" else None)


@pytest.mark.parametrize("digest", ["sha1", "md5", "sha384"])
def test_digests(digest: str) -> None:
    issued = facts(authority("rsa-root").client("a", digest=digest))
    assert issued.signature_digest == digest
    assert facts(authority("rsa-root")).signed(issued)


def test_absent_extensions() -> None:
    bare = facts(Identity.self_signed("a", ca=None, key_usage=None, extended_key_usage=None, subject=""))
    assert bare.basic_constraints is None
    assert bare.path_length is None
    assert bare.key_usage is None
    assert bare.extended_key_usage is None
    assert bare.common_name is None
    assert bare.display_name.startswith("serial ")
    assert not bare.is_ca


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        (Authority.root("a"), True),
        (Authority.root("a", key_usage=None), True),
        (Authority.root("a", ca=None), True),
        (Authority.root("a", ca=None, key_usage=None), False),
        (Authority.root("a", ca=False), False),
        (Authority.root("a", key_usage=("cRLSign",)), False),
        (Authority.root("a", version=1), True),
        (Authority.root("a").intermediate("b", path_length=0), True),
        (Authority.root("a").intermediate("b", version=1), False),
        (Authority.root("a").intermediate("b", ca=None), False),
    ],
    ids=range(10),
)
def test_is_ca(issued: Authority, expected: bool) -> None:
    assert facts(issued).is_ca is expected


def test_self_signed_needs_an_authority_key_that_fits() -> None:
    old = Authority.root("Renewed CA")
    new = Authority.root("Renewed CA")
    crossed = old.intermediate("Renewed CA", own_key=new.key)
    assert facts(new).self_signed
    assert facts(crossed).self_issued
    assert not facts(crossed).self_signed
    assert facts(old).may_have_issued(facts(crossed))
    assert facts(old).signed(facts(crossed))
    assert not facts(new).may_have_issued(facts(crossed))
    assert not facts(new).signed(facts(crossed))


def test_names_are_compared_as_openssl_does() -> None:
    root = Authority.root("a", subject="CN=Example  CA,O=ACME")
    same = Authority.root("a", subject="CN=example ca,O=acme", own_key=root.key)
    other = Authority.root("a", subject="CN=exampleca,O=acme", own_key=root.key)
    leaf = facts(root.client("x"))
    assert facts(same).may_have_issued(leaf)
    assert facts(same).signed(leaf)
    assert not facts(other).may_have_issued(leaf)


def test_last_common_name_counts() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, part) for part in ("first", "last")])
    assert facts(authority("root").client("x", subject=name.rfc4514_string())).common_name == "last"


def test_malformed_extensions_are_named_and_do_not_raise() -> None:
    oid = x509.ObjectIdentifier("2.5.29.17")
    broken: x509.Extension[x509.ExtensionType] = x509.Extension(
        oid, critical=False, value=x509.UnrecognizedExtension(oid, b"\x30\x05\x00")
    )
    certificate = facts(authority("root").client("x", extra=(broken,)))
    assert certificate.malformed
    assert certificate.dns_names == ()
    assert certificate.extended_key_usage is None
    assert not certificate.is_ca


def test_unknown_critical_extensions() -> None:
    oid = x509.ObjectIdentifier("1.2.3.4")
    odd: x509.Extension[x509.ExtensionType] = x509.Extension(
        oid, critical=True, value=x509.UnrecognizedExtension(oid, b"\x05\x00")
    )
    assert facts(authority("root").client("x", extra=(odd,))).extensions.unknown_critical == ("1.2.3.4",)


def test_tls_features_that_have_no_name() -> None:
    oid = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.24")
    feature = x509.UnrecognizedExtension(oid, bytes.fromhex("3003020107"))
    odd: x509.Extension[x509.ExtensionType] = x509.Extension(oid, critical=False, value=feature)
    malformed = facts(authority("root").client("x", extra=(odd,))).malformed
    assert malformed == "its extensions cannot be read: 7 is no TLS feature"


@pytest.mark.parametrize(
    "name", ["server", "client", "rsa", "weak-rsa", "must-staple", "ip", "self-signed-client", "expired"]
)
def test_parts_are_what_the_library_encodes(name: str) -> None:
    issued = identity(name)
    native = issued.certificate
    issuer, subject, key, found = parts(issued.der)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    assert subject == native.subject.public_bytes()
    assert issuer == native.issuer.public_bytes()
    assert key == native.public_key().public_bytes(serialization.Encoding.DER, form)
    assert len(found) == len(native.extensions)
    for written, extension in zip(found, native.extensions, strict=True):
        assert extension.value.public_bytes() in written
    assert signed_part(issued.der) == native.tbs_certificate_bytes


def test_damaged_certificates_are_values(read: Read) -> None:
    pem = identity("client").pem
    (good,) = split_blocks(pem)
    for at in range(0, len(good.data), 3):
        data = bytearray(good.data)
        data[at] ^= 0x41
        file = read(type(good)(good.label, 1, 0, 1, bytes(data)).pem())
        for certificate in file.certificates:
            for attribute in dir(certificate):
                getattr(certificate, attribute)
        assert file.certificates or file.certificate_defect or file.doubts


def test_clock_leaves_examples_alone() -> None:
    assert facts(identity("server")).not_after > CLOCK
