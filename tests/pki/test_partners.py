"""What is known of partners: well-formed, without ambiguity, and fitting the certificates they publish."""

from datetime import date
from ssl import PEM_cert_to_DER_cert

import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.partners import PARTNERS, Partner, PartnerCA
from mtls_lint.pki.store import PemStore
from mtls_lint.testing import with_material
from mtls_lint.testing.published import (
    CLOUDFLARE_ORIGIN_PULL_CA,
    DIGICERT_GLOBAL_ROOT,
    DIGICERT_GLOBAL_ROOT_G2,
    DIGICERT_HIGH_ASSURANCE_EV_ROOT,
)

CAS = {ca.whose: ca for partner in PARTNERS for ca in partner.cas}


@pytest.mark.parametrize("partner", PARTNERS, ids=lambda partner: partner.name)
def test_every_entry_has_a_source_and_something_to_know_it_by(partner: Partner) -> None:
    assert partner.source.startswith("https://")
    assert partner.names or any(ca.files or ca.key for ca in partner.cas)
    assert all(name == name.lower() for name in partner.names)
    assert set(partner.protocols) <= {"TLSv1.2", "TLSv1.3"}
    for ca in partner.cas:
        assert ca.files or ca.key
        assert ca.key is None or len(ca.key) == 64
        assert ca.left is None or (partner.current and ca.left < date(2026, 11, 23))
        assert bool(ca.enters) is bool(ca.instead)


def test_no_two_cas_are_alike() -> None:
    keys = [ca.key for ca in CAS.values() if ca.key is not None]
    assert len(set(keys)) == len(keys)
    for ca in CAS.values():
        assert [other for other in CAS.values() if any(other.is_called(name) for name in ca.files)] == [ca]


@pytest.mark.parametrize(
    ("pem", "whose"),
    [
        (CLOUDFLARE_ORIGIN_PULL_CA, "Cloudflare's CA for global authenticated origin pulls"),
        (DIGICERT_HIGH_ASSURANCE_EV_ROOT, "DigiCert High Assurance EV Root CA"),
        (DIGICERT_GLOBAL_ROOT, "DigiCert Global Root CA"),
        (DIGICERT_GLOBAL_ROOT_G2, "DigiCert Global Root G2"),
    ],
)
def test_published_certificates_are_known_by_their_key(pem: bytes, whose: str) -> None:
    certificate = Certificate.from_der(PEM_cert_to_DER_cert(pem.decode()))
    assert [ca.whose for ca in CAS.values() if ca.is_in([certificate])] == [whose]


def test_every_key_is_tested() -> None:
    assert sum(ca.key is not None for ca in CAS.values()) == 4


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/ssl/certs/DigiCert_High_Assurance_EV_Root_CA.pem", True),
        ("DigiCertHighAssuranceEVRootCA.crt.pem", True),
        ("certs/digicert-high-assurance-ev-root-ca.crt", True),
        ("DigiCertHighAssuranceEVRootCA", True),
        ("DigiCertHighAssuranceEVRootCA-2.pem", False),
        ("DigiCertHighAssuranceEVRootCA/ca.pem", False),
        ("ca.pem", False),
    ],
)
def test_names_of_files(path: str, expected: bool) -> None:
    assert CAS["DigiCert High Assurance EV Root CA"].is_called(path) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CN=client.webhooks.fbclientcerts.com", True),
        (r"^CN=client\.webhooks\.fbclientcerts\.com,", True),
        ("CN=Client.Webhooks.FBclientcerts.com", True),
        ("CN=webhooks.fbclientcerts.com", False),
        ("", False),
    ],
)
def test_names_in_comparisons(text: str, expected: bool) -> None:
    meta = next(partner for partner in PARTNERS if partner.name == "Meta")
    assert meta.is_meant_by(text) is expected


def test_a_ca_without_a_key_is_in_no_file() -> None:
    file = PemStore().read(with_material("/pki/meta-outbound-api-ca-2025-12.pem"))
    assert not PartnerCA("nobody's").is_in(file.certificates)
