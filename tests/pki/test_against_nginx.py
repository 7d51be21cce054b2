"""The verdicts of nginx itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.pki.ciphers import evaluate
from mtls_lint.pki.key import load_keys, passwords_from
from mtls_lint.pki.store import PemStore
from mtls_lint.testing.catalogue import content

NginxTest = Callable[[str], str | None]

ROOT, KEY, CRL, REQUEST = (content(name) for name in ("root.pem", "key-only.pem", "crl.pem", "csr.pem"))
BAD = ROOT.replace(b"\nM", b"\n!", 1)
NO_END = ROOT.rsplit(b"-----END", 1)[0]
ONE_LINE = (
    ROOT.split(b"\n")[0] + b"\n" + b"".join(ROOT.split(b"\n")[1:-2]) + b"\n" + ROOT.split(b"\n")[-2] + b"\n"
)
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
PKCS7_LABEL = ROOT.replace(b"CERTIFICATE", b"PKCS7")

CA_FILES = {
    "plain": ROOT,
    "text around": b"text\n# more\n" + ROOT + b"and after",
    "crlf": ROOT.replace(b"\n", b"\r\n"),
    "no last newline": ROOT.rstrip(),
    "one line": ONE_LINE,
    "short lines": ROOT.split(b"\n")[0]
    + b"\n"
    + b"\n".join(bytes([c]) for c in b"".join(ROOT.split(b"\n")[1:-2]))
    + b"\n"
    + ROOT.split(b"\n")[-2],
    "trailing blanks": ROOT.replace(b"\n", b" \t \n"),
    "parameters first": PARAMETERS + ROOT,
    "bom": b"\xef\xbb\xbf" + ROOT,
    "bom and comment": b"\xef\xbb\xbf# comment\n" + ROOT,
    "bom in the middle": ROOT + b"\xef\xbb\xbf" + ROOT,
    "bom later": ROOT + b"\n\xef\xbb\xbf" + content("other-root.pem"),
    "only a bom block later": b"text\n\xef\xbb\xbf" + ROOT,
    "old label": ROOT.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
    "key before": KEY + ROOT,
    "key after": ROOT + KEY,
    "crl and certificate": CRL + ROOT,
    "indented": ROOT.replace(b"-----BEGIN", b"  -----BEGIN"),
    "all indented": b"".join(b"  " + line + b"\n" for line in ROOT.splitlines()),
    "utf-16": ROOT.decode().encode("utf-16"),
    "der": content("ca.der"),
    "pkcs7": PKCS7_LABEL,
    "garbage": content("garbage.pem"),
    "empty": b"",
    "key only": KEY,
    "encrypted key only": content("encrypted.key"),
    "request only": REQUEST,
    "crl only": CRL,
    "bad base64": BAD,
    "bad base64 after a good one": ROOT + BAD,
    "good one after bad base64": BAD + ROOT,
    "bad der": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + ROOT,
    "bad der after a good one": ROOT + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "no data": b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    "no end": NO_END,
    "no end after a good one": ROOT + NO_END,
    "no end before a good one": NO_END + ROOT,
    "wrong end": ROOT.replace(b"END CERTIFICATE", b"END X509 CERTIFICATE"),
    "broken block of another kind": ROOT + KEY.replace(b"\nM", b"\n!", 1),
    "broken request first": REQUEST.replace(b"\nM", b"\n!", 1) + ROOT,
    "bad der of another kind": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + ROOT,
    "blank line in front": ROOT.replace(b"TE-----\nM", b"TE-----\n\nM", 1),
    "blank line inside": ROOT.replace(b"\n", b"\n\n").replace(b"TE-----\n\nM", b"TE-----\nM"),
    "header": ROOT.replace(b"TE-----\nM", b"TE-----\nName: value\n\nM", 1),
    "encrypted header": ROOT.replace(b"TE-----\nM", b"TE-----\nProc-Type: 4,ENCRYPTED\n\nM", 1),
    "trailing der": ROOT.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
    "trusted": content("trusted.pem"),
    "trusted and plain": content("trusted.pem") + content("other-root.pem"),
    "duplicates": ROOT + ROOT,
    "git lfs": content("lfs.pem"),
    "begin line not alone": ROOT.replace(b"TE-----\nM", b"TE----- x\nM", 1),
    "end line not alone": ROOT.replace(b"TE-----\n", b"TE----- x\n").replace(b"TE----- x\nM", b"TE-----\nM"),
    "version 1": content("ca-v1.pem"),
    "sha-1": content("ca-sha1-intermediate.pem"),
}


def _is_wheel(request: pytest.FixtureRequest) -> bool:
    return "wheel" in request.node.name


@pytest.mark.parametrize("name", CA_FILES)
def test_ca_files(
    name: str, nginx: NginxTest, request: pytest.FixtureRequest, tmp_path: Path, material: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(CA_FILES[name])
    file = PemStore().read(str(path))
    verdict = nginx(
        f"ssl_certificate {material}/server.pem; ssl_certificate_key {material}/server.key;"
        f"ssl_client_certificate {path}; ssl_verify_client on;"
    )
    if not _is_wheel(request) and name in {"trusted", "trailing der", "bad der of another kind"}:
        return  # nginx before 1.27.2 refuses them; the defect speaks of nginx since then
    assert (file.certificate_defect is None) == (verdict is None), verdict
    assert file.doubts == ()


@pytest.mark.parametrize(
    "names",
    [
        ("crl.pem",),
        ("crl-chain.pem",),
        ("crl-delta.pem",),
        ("crl-expired.pem",),
        ("root.pem", "crl.pem"),
        ("root.pem",),
        ("garbage.pem",),
        ("empty.pem",),
        ("crl.pem", "broken.pem"),
        ("csr.pem", "crl.pem"),
        ("key-only.pem",),
    ],
)
def test_crl_files(
    names: tuple[str, ...], nginx: NginxTest, request: pytest.FixtureRequest, tmp_path: Path, material: Path
) -> None:
    if not _is_wheel(request):
        pytest.skip("nginx before 1.27.2 also takes files with certificates only")
    path = tmp_path / "crl.pem"
    path.write_bytes(b"".join(map(content, names)))
    verdict = nginx(
        f"ssl_certificate {material}/server.pem; ssl_certificate_key {material}/server.key;"
        f"ssl_client_certificate {material}/root.pem; ssl_verify_client on; ssl_crl {path};"
    )
    assert (PemStore().read(str(path)).crl_defect is None) == (verdict is None), verdict


SERVER = content("server.pem")
SERVER_KEY = content("server.key")
TRADITIONAL = content("traditional.key")
BAD_KEY = SERVER_KEY.replace(b"\nM", b"\n!", 1)

KEY_FILES = {
    "right": SERVER_KEY,
    "other": content("client.key"),
    "traditional": TRADITIONAL,
    "parameters first": PARAMETERS + TRADITIONAL,
    "certificate first": SERVER + SERVER_KEY,
    "crl first": CRL + SERVER_KEY,
    "right one first": SERVER_KEY + content("client.key"),
    "right one last": content("client.key") + SERVER_KEY,
    "bom": b"\xef\xbb\xbf" + SERVER_KEY,
    "crlf": SERVER_KEY.replace(b"\n", b"\r\n"),
    "indented": SERVER_KEY.replace(b"-----BEGIN", b" -----BEGIN"),
    "broken certificate first": BAD + SERVER_KEY,
    "broken certificate last": SERVER_KEY + BAD,
    "broken request first": REQUEST.replace(b"\nM", b"\n!", 1) + SERVER_KEY,
    "broken key": BAD_KEY,
    "broken key first": BAD_KEY + SERVER_KEY,
    "damaged key first": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + SERVER_KEY,
    "no end": SERVER_KEY.rsplit(b"-----END", 1)[0],
    "certificate without end first": NO_END + SERVER_KEY,
    "blank line in front": SERVER_KEY.replace(b"EY-----\nM", b"EY-----\n\nM", 1),
    "traditional under the other label": TRADITIONAL.replace(b"EC PRIVATE", b"PRIVATE"),
    "PKCS#8 under the EC label": SERVER_KEY.replace(b"PRIVATE", b"EC PRIVATE"),
    "PKCS#8 under the RSA label": SERVER_KEY.replace(b"PRIVATE", b"RSA PRIVATE"),
    "certificate only": SERVER,
    "empty": b"",
    "encrypted": content("encrypted.key"),
    "encrypted legacy": content("encrypted-legacy.key"),
}


@pytest.mark.parametrize("name", KEY_FILES)
@pytest.mark.parametrize("passwords", ["passwords.txt", "wrong-passwords.txt"])
def test_key_files(name: str, passwords: str, nginx: NginxTest, tmp_path: Path, material: Path) -> None:
    path = tmp_path / "server.key"
    path.write_bytes(KEY_FILES[name])
    files = PemStore()
    keys = load_keys(files.read(str(path)), passwords_from(content(passwords)))
    server = files.read(str(material / "server.pem")).certificates[0]
    fits = bool(keys) and keys[0].matches(server) is True
    verdict = nginx(
        f"ssl_certificate {material}/server.pem; ssl_certificate_key {path};"
        f"ssl_password_file {material}/{passwords};"
    )
    assert fits == (verdict is None), verdict
    if verdict is None:
        assert files.read(str(path)).key_defect is None


def test_key_of_another_kind_passes_the_test_of_nginx(nginx: NginxTest, material: Path) -> None:
    files = PemStore()
    server = files.read(str(material / "server.pem")).certificates[0]
    assert files.read(str(material / "rsa.key")).keys[0].matches(server) is False
    assert nginx(f"ssl_certificate {material}/server.pem; ssl_certificate_key {material}/rsa.key;") is None


@pytest.mark.parametrize(
    "name",
    [
        "server-chain.pem",
        "server-with-root.pem",
        "server-leaf-only.pem",
        "server-chain-stray.pem",
        "server-chain-reversed.pem",
    ],
)
def test_chain_files(name: str, nginx: NginxTest, material: Path) -> None:
    files = PemStore()
    key = files.read(str(material / "server-chain.key")).keys[0]
    first = files.read(str(material / name)).chain[0]
    verdict = nginx(f"ssl_certificate {material}/{name}; ssl_certificate_key {material}/server-chain.key;")
    assert key.matches(first) is (verdict is None), verdict


@pytest.mark.parametrize(
    "text",
    [
        "HIGH",
        "HIGH:!aNULL:!MD5",
        "ALL",
        "aNULL",
        "NULL",
        "DEFAULT",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE+AESGCM:@SECLEVEL=0",
        "ECDHE+AESGCM !aNULL",
        "HIGH:NOSUCH",
        "NOSUCH",
        "!ALL",
        "TLS_AES_128_GCM_SHA256",
        "HIGH:@SECLEVEL=9",
        "HIGH:@NOSUCH",
    ],
)
def test_cipher_strings(text: str, nginx: NginxTest, material: Path) -> None:
    verdict = nginx(
        f"ssl_certificate {material}/server.pem; ssl_certificate_key {material}/server.key;"
        f"ssl_ciphers '{text}';"
    )
    assert evaluate(text).accepted is (verdict is None), verdict
