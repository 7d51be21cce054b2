"""Distinguished names, read from what people write, and in the forms that others read."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from mtls_lint.pki.name_forms import as_rfc2253, openssl_subject, read_name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("CN=alice,O=Acme", "CN=alice,O=Acme"),
        ("/O=Acme/CN=alice", "CN=alice,O=Acme"),
        ("/O=a\\/CN=alice/CN=b", "CN=b,O=a/CN=alice"),
        ("CN=alice, O=Acme", "CN=alice,O=Acme"),
        ("C = US, O = Acme, CN = alice", "CN=alice,O=Acme,C=US"),
        ("cn=alice,o=Acme,email=a@b", "CN=alice,O=Acme,emailAddress=a@b"),
        ('CN=alice,O="Acme, Inc.",S=Ohio', "CN=alice,O=Acme\\, Inc.,ST=Ohio"),
        ("CN=alice,O=Acme, Inc.,C=US", "CN=alice,O=Acme\\, Inc.,C=US"),
        ("CN=Müller", "CN=M\\C3\\BCller"),
        ("CN=M\\C3\\BCller", "CN=M\\C3\\BCller"),
        ("CN=x,1.2.3.4.5=#0C0376616C", "CN=x,1.2.3.4.5=#0C0376616C"),
        ("O=o,OU=n+CN=m", "O=o,OU=n+CN=m"),
        ("CN=a\\ ", "CN=a\\ "),
    ],
)
def test_a_name_that_somebody_writes(written: str, meant: str) -> None:
    name = read_name(written)
    assert name is not None
    assert as_rfc2253(name) == meant


@pytest.mark.parametrize("text", ["alice", "", "/alice"])
def test_no_name(text: str) -> None:
    assert read_name(text) is None


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("CN=alice,O=ACME", "/O=ACME/CN=alice"),
        ("CN=mallory,O=CN=alice", "/O=CN=alice/CN=mallory"),
        (r"CN=a/b\,c\+d", r"/CN=a\/b,c\+d"),
        ("NOTYPE=x", None),
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
