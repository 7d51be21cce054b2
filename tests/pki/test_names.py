"""Distinguished names in the forms that others read."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from mtls_lint.pki.names import openssl_subject


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("CN=alice,O=ACME", "/O=ACME/CN=alice"),
        ("CN=mallory,O=CN=alice", "/O=CN=alice/CN=mallory"),
        (r"CN=a/b\,c\+d", r"/CN=a\/b,c\+d"),
        ("stranger", None),
        ("", None),
    ],
)
def test_the_subject_for_openssl(name: str, subject: str | None, tmp_path: Path) -> None:
    assert openssl_subject(name) == subject
    if subject is not None:
        command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate.pem -subj"
        subprocess.run([*command.split(), subject], cwd=tmp_path, check=True, capture_output=True)
        made = x509.load_pem_x509_certificate((tmp_path / "certificate.pem").read_bytes())
        assert made.subject == x509.Name.from_rfc4514_string(name)
