import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.pki import store
from mtls_lint.pki.pem import split_blocks
from mtls_lint.pki.store import FileState, PemFile, PemStore
from mtls_lint.testing import catalogue
from mtls_lint.testing.catalogue import authority, content

Read = Callable[[bytes], PemFile]


def test_cryptography_is_imported_by_the_first_certificate_only(material: Path) -> None:
    code = """
import sys
import mtls_lint.pki
from mtls_lint.pki import certificate, chain, ciphers, crl, facts, identity, key, pem, store, strength
from mtls_lint.pki import validity
files = store.PemStore()
files.read(sys.argv[1] + "/nothing-here.pem")
files.read(sys.argv[1] + "/empty.pem")
assert not any(name.partition(".")[0] in ("cryptography", "ssl") for name in sys.modules)
assert files.read(sys.argv[1] + "/root.pem").certificates[0].common_name == "Example Root CA"
assert "cryptography" in sys.modules
"""
    subprocess.run(
        [sys.executable, "-c", code, str(material)], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )


def test_absent_files(tmp_path: Path) -> None:
    missing = PemStore().read(str(tmp_path / "a.pem"))
    assert missing.state is FileState.ABSENT
    assert missing.directory_exists
    assert "no such file" in (missing.reason or "")
    nowhere = PemStore().read(str(tmp_path / "none" / "a.pem"))
    assert nowhere.state is FileState.ABSENT
    assert not nowhere.directory_exists
    (tmp_path / "file").write_text("")
    assert PemStore().read(str(tmp_path / "file" / "a.pem")).state is FileState.ABSENT
    assert missing.certificate_defect is None


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "large").write_bytes(b"x" * 100)
    monkeypatch.setattr(store, "MAXIMUM_SIZE", 99)
    monkeypatch.chdir(tmp_path)  # the path of a socket may only be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for path in ("fifo", "loop", "large", "socket", ".", "/dev/zero", "/dev/null", "a\0b", "x" * 5000):
            file = PemStore().read(path)
            assert file.state is FileState.UNREADABLE, path
            assert file.reason, path
            assert PemStore().bytes_of(path) is None, path


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    path.touch(0)
    assert "may not read" in (PemStore().read(str(path)).reason or "")


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    contents = store._contents
    monkeypatch.setattr(store, "_contents", lambda path: reads.append(path) or contents(path))  # type: ignore[func-returns-value]
    path = tmp_path / "a.pem"
    path.write_bytes(content("root.pem"))
    (tmp_path / "link.pem").symlink_to(path)
    files = PemStore()
    first = files.read(str(path))
    linked = files.read(str(tmp_path / "link.pem"))
    path.unlink()
    assert files.read(str(path)) is first
    assert reads == [str(path)]
    assert linked.path.endswith("link.pem")
    assert linked.certificates == first.certificates


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.pem", "empty"),
        ("garbage.pem", "no BEGIN line"),
        ("ca.der", "DER"),
        ("lfs.pem", "Git LFS"),
        ("indented.pem", "indented"),
        ("csr.pem", "only a certificate request"),
        ("key-only.pem", "only a private key"),
        ("crl.pem", "only a CRL"),
        ("broken.pem", "line 11 is broken"),
    ],
)
def test_certificate_defects(material: Path, name: str, words: str) -> None:
    file = PemStore().read(str(material / name))
    assert file.state is FileState.READ
    assert words in (file.certificate_defect or "")
    assert file.defect == file.certificate_defect


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b" \n", "blank"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n3030", "ansible-vault"),
        (b'{"data": "ENC[AES256_GCM,data:x]", "sops": {}}', "sops"),
        ("-----BEGIN CERTIFICATE-----".encode("utf-16"), "UTF-16"),
        ("-----BEGIN CERTIFICATE-----".encode("utf-16-le"), "UTF-16"),
        (b"-----BEGIN CERTIFICATE\n", "damaged"),
        (bytes.fromhex("300b06092a864886f70d010702"), "PKCS#7"),
        (bytes.fromhex("30050201033000"), "PKCS#12"),
        (bytes.fromhex("30050201003000"), "private key in DER"),
        (bytes.fromhex("30040601aa00"), "no PEM"),
    ],
)
def test_what_a_file_is(read: Read, data: bytes, words: str) -> None:
    assert words in (read(data).certificate_defect or "")


def test_damaged_der(read: Read) -> None:
    file = read(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert "cannot be read" in (file.certificate_defect or "")
    assert file.doubts == ()


def test_certificate_that_only_the_library_refuses(read: Read) -> None:
    pem = authority("root").pem
    (block,) = split_blocks(pem)
    # version 2 (value 1): not defined for today's certificates, and OpenSSL does not mind
    data = block.data.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020101"))
    assert data != block.data
    odd = type(block)(block.label, 1, 0, 1, data)
    file = read(pem + odd.pem())
    assert file.certificate_defect is None
    assert len(file.certificates) == 1
    assert len(file.doubts) == 1


def test_trusted_certificates(material: Path) -> None:
    (certificate,) = PemStore().read(str(material / "trusted.pem")).certificates
    assert certificate.trusted_aux
    assert certificate.aux_trust == frozenset({"clientAuth"})
    assert certificate.aux_reject is None
    plain = PemStore().read(str(material / "root.pem")).certificates[0]
    assert plain == certificate
    assert not plain.trusted_aux


def test_chain_leaves_later_trusted_certificates_out(read: Read) -> None:
    trusted = content("trusted.pem")
    file = read(trusted + content("client.pem") + trusted)
    assert [certificate.common_name for certificate in file.chain] == ["Example Root CA", "alice"]
    assert len(file.certificates) == 3


def test_catalogue_is_made_once(tmp_path: Path) -> None:
    catalogue.materialise(tmp_path, ["/pki/server.pem", "server.key"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.key", "server.pem"]
    assert (tmp_path / "server.pem").read_bytes() == content("/pki/server.pem") == content("server.pem")
    with pytest.raises(ValueError, match=r"no 'nope\.pem'"):
        content("nope.pem")
