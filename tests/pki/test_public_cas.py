"""Which certificates count as CAs of the web."""

import subprocess
import sys
from ssl import PEM_cert_to_DER_cert

import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.public_cas import (
    is_bundle,
    is_system_bundle,
    public_cas,
    shared_ca,
    shared_ca_file,
)
from mtls_lint.pki.store import PemStore
from mtls_lint.testing import Authority, with_material
from mtls_lint.testing.catalogue import authority

INTERMEDIATE = """\
-----BEGIN CERTIFICATE-----
MIIFFjCCAv6gAwIBAgIRAJErCErPDBinU/bWLiWnX1owDQYJKoZIhvcNAQELBQAw
TzELMAkGA1UEBhMCVVMxKTAnBgNVBAoTIEludGVybmV0IFNlY3VyaXR5IFJlc2Vh
cmNoIEdyb3VwMRUwEwYDVQQDEwxJU1JHIFJvb3QgWDEwHhcNMjAwOTA0MDAwMDAw
WhcNMjUwOTE1MTYwMDAwWjAyMQswCQYDVQQGEwJVUzEWMBQGA1UEChMNTGV0J3Mg
RW5jcnlwdDELMAkGA1UEAxMCUjMwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
AoIBAQC7AhUozPaglNMPEuyNVZLD+ILxmaZ6QoinXSaqtSu5xUyxr45r+XXIo9cP
R5QUVTVXjJ6oojkZ9YI8QqlObvU7wy7bjcCwXPNZOOftz2nwWgsbvsCUJCWH+jdx
sxPnHKzhm+/b5DtFUkWWqcFTzjTIUu61ru2P3mBw4qVUq7ZtDpelQDRrK9O8Zutm
NHz6a4uPVymZ+DAXXbpyb/uBxa3Shlg9F8fnCbvxK/eG3MHacV3URuPMrSXBiLxg
Z3Vms/EY96Jc5lP/Ooi2R6X/ExjqmAl3P51T+c8B5fWmcBcUr2Ok/5mzk53cU6cG
/kiFHaFpriV1uxPMUgP17VGhi9sVAgMBAAGjggEIMIIBBDAOBgNVHQ8BAf8EBAMC
AYYwHQYDVR0lBBYwFAYIKwYBBQUHAwIGCCsGAQUFBwMBMBIGA1UdEwEB/wQIMAYB
Af8CAQAwHQYDVR0OBBYEFBQusxe3WFbLrlAJQOYfr52LFMLGMB8GA1UdIwQYMBaA
FHm0WeZ7tuXkAXOACIjIGlj26ZtuMDIGCCsGAQUFBwEBBCYwJDAiBggrBgEFBQcw
AoYWaHR0cDovL3gxLmkubGVuY3Iub3JnLzAnBgNVHR8EIDAeMBygGqAYhhZodHRw
Oi8veDEuYy5sZW5jci5vcmcvMCIGA1UdIAQbMBkwCAYGZ4EMAQIBMA0GCysGAQQB
gt8TAQEBMA0GCSqGSIb3DQEBCwUAA4ICAQCFyk5HPqP3hUSFvNVneLKYY611TR6W
PTNlclQtgaDqw+34IL9fzLdwALduO/ZelN7kIJ+m74uyA+eitRY8kc607TkC53wl
ikfmZW4/RvTZ8M6UK+5UzhK8jCdLuMGYL6KvzXGRSgi3yLgjewQtCPkIVz6D2QQz
CkcheAmCJ8MqyJu5zlzyZMjAvnnAT45tRAxekrsu94sQ4egdRCnbWSDtY7kh+BIm
lJNXoB1lBMEKIq4QDUOXoRgffuDghje1WrG9ML+Hbisq/yFOGwXD9RiX8F6sw6W4
avAuvDszue5L3sz85K+EC4Y/wFVDNvZo4TYXao6Z0f+lQKc0t8DQYzk1OXVu8rp2
yJMC6alLbBfODALZvYH7n7do1AZls4I9d1P4jnkDrQoxB3UqQ9hVl3LEKQ73xF1O
yK5GhDDX8oVfGKF5u+decIsH4YaTw7mP3GFxJSqv3+0lUFJoi5Lc5da149p90Ids
hCExroL1+7mryIkXPeFM5TgO9r0rvZaBFOvV2z0gp35Z0+L4WPlbuEjN/lxPFin+
HlUjr8gRsI3qfJOQFy/9rKIJR0Y/8Omwt/8oTWgy1mdeHmmjk7j1nYsvC9JSQ6Zv
MldlTTKB3zhThV1+XWYp6rjd5JW1zbVWEkLNxE7GJThEUG3szgBVGP7pSWTUTsqX
nLRbwHOoq7hHwg==
-----END CERTIFICATE-----
"""
"""Let's Encrypt's R3, signed by ISRG Root X1 (letsencrypt.org/certs/lets-encrypt-r3.pem)."""


def certificates(name: str) -> tuple[Certificate, ...]:
    return PemStore().read(with_material(f"/pki/{name}")).certificates


def own(name: str) -> Certificate:
    return Certificate(authority(name).certificate)


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
    intermediate = Certificate.from_der(PEM_cert_to_DER_cert(INTERMEDIATE))
    assert public_cas([intermediate]) == (intermediate,)


def test_the_name_of_a_public_root_makes_no_public_ca() -> None:
    public = certificates("public-root.pem")[0]
    impostor = Authority.root("impostor", subject=public.subject)
    below = impostor.intermediate("Below")
    assert public_cas([Certificate(impostor.certificate), Certificate(below.certificate)]) == ()


def test_a_leaf_of_a_bundle_is_no_ca() -> None:
    assert public_cas([Certificate(authority("root").client("a").certificate)]) == ()


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
