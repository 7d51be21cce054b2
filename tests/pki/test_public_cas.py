"""Which certificates count as CAs of the web."""

import subprocess
import sys
from ssl import PEM_cert_to_DER_cert

import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.partners import shared_ca, shared_ca_file
from mtls_lint.pki.public_cas import (
    comes_from_public_ca,
    is_bundle,
    is_system_bundle,
    public_cas,
)
from mtls_lint.pki.store import PemStore
from mtls_lint.testing import Authority, with_material
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.published import LETS_ENCRYPT_R3


def certificates(name: str) -> tuple[Certificate, ...]:
    return PemStore().read(with_material(f"/pki/{name}")).certificates


def own(name: str) -> Certificate:
    return Certificate(authority(name).der)


def test_every_root_of_mozilla_is_public() -> None:
    bundle = certificates("public-bundle.pem")
    assert len(bundle) > 100
    assert public_cas(bundle) == bundle
    assert is_bundle(bundle)


def test_private_cas_are_not() -> None:
    assert public_cas([own("root"), own("intermediate"), own("rsa-root")]) == ()
    assert not is_bundle([own("root"), *certificates("public-bundle.pem")[:19]])
    assert is_bundle(certificates("public-bundle.pem")[:20])
    assert not is_bundle(certificates("public-bundle.pem")[:1] * 30)


def test_an_intermediate_is_known_by_the_signature_of_a_public_root() -> None:
    intermediate = Certificate.from_der(PEM_cert_to_DER_cert(LETS_ENCRYPT_R3))
    assert public_cas([intermediate]) == (intermediate,)


def test_a_path_is_public_by_a_signature_of_a_public_root() -> None:
    intermediate = Certificate.from_der(PEM_cert_to_DER_cert(LETS_ENCRYPT_R3))
    assert comes_from_public_ca((intermediate,)) is True
    assert comes_from_public_ca((own("root"), intermediate)) is True
    assert comes_from_public_ca(certificates("public-root.pem")) is True
    assert comes_from_public_ca(certificates("server-chain.pem")) is False


def test_a_reserved_policy_counts_where_nobody_else_is_known() -> None:
    (leaf,) = certificates("baseline.pem")
    assert comes_from_public_ca((leaf,)) is None
    assert comes_from_public_ca((leaf, own("root"))) is False
    assert comes_from_public_ca(certificates("server.pem")) is False


def test_the_name_of_a_public_root_makes_no_public_ca() -> None:
    public = certificates("public-root.pem")[0]
    impostor = Authority.root("impostor", subject=public.subject)
    below = impostor.intermediate("Below")
    assert public_cas([Certificate(impostor.der), Certificate(below.der)]) == ()


def test_a_leaf_of_a_bundle_is_no_ca() -> None:
    assert public_cas([Certificate(authority("root").client("a").der)]) == ()


def test_cloudflares_ca_is_shared() -> None:
    (ca,) = certificates("authenticated_origin_pull_ca.pem")
    known = shared_ca(ca)
    assert known is not None
    assert "Cloudflare" in known.whose
    assert ca.sha256 == "9a1ac2b4be15f9f27eee20a734cba4e9898f61001b3bd7c84b69b56a3e25a2b9"
    assert shared_ca_file("/etc/x/authenticated_origin_pull_ca.pem") is known
    assert shared_ca(own("root")) is None
    assert shared_ca_file("/etc/x/ca.pem") is None
    assert public_cas([ca]) == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/ssl/certs/ca-certificates.crt", True),
        ("/etc/ssl/./certs/ca-certificates.crt", True),
        ("/venv/lib/python3/site-packages/certifi/cacert.pem", True),
        ("/etc/ssl/certs/ca.crt", False),
        ("/srv/etc/ssl/certs/ca-certificates.crt", False),
    ],
)
def test_paths_of_system_bundles(path: str, expected: bool) -> None:
    assert is_system_bundle(path) is expected


def test_the_roots_are_not_read_before_they_are_needed() -> None:
    code = "import sys, mtls_lint.api; sys.exit('certifi' in sys.modules or 'cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
