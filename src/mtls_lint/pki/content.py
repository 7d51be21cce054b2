"""What a file without any PEM block is, so that a message can name it."""

import os.path
import shlex

from mtls_lint.pki import der, pem

_PREFIXES = (
    (
        b"version https://git-lfs.github.com/spec",
        "a Git LFS pointer, not the file itself; run `git lfs pull`",
    ),
    (b"$ANSIBLE_VAULT;", "encrypted with ansible-vault; decrypt it first"),
    (b"age-encryption.org/", "encrypted with age; decrypt it first"),
    (b"\0GITCRYPT\0", "encrypted with git-crypt; run `git-crypt unlock`"),
    (b"\xfe\xed\xfe\xed", "a Java key store; export its certificates as PEM"),
    (b"\xce\xce\xce\xce", "a Java key store; export its certificates as PEM"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xff\xfe", "UTF-16 text; save it as ASCII or UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as ASCII or UTF-8"),
)
_UTF16_MARKERS = tuple("-----BEGIN".encode(codec) for codec in ("utf-16-le", "utf-16-be"))
_OPENSSL_FORM = "nginx reads PEM only; convert it with `openssl`"


def describe(data: bytes) -> str:
    """What ``data`` is, in people's words that complete "the file is ..."."""
    if not data.strip():
        return "empty" if not data else "blank"
    for prefix, words in _PREFIXES:
        if data.startswith(prefix):
            return words
    if any(marker in data[:4096] for marker in _UTF16_MARKERS):
        return "UTF-16 text; save it as ASCII or UTF-8"
    if b"ENC[AES256_GCM" in data and b"sops" in data:
        return "encrypted with sops; decrypt it first"
    if words_of_der := der.describe(data):
        return f"{words_of_der}; {_OPENSSL_FORM}"
    if line := pem.near_miss(data):
        return f"no PEM: the BEGIN marker in line {line} is indented or not alone on its line"
    if b"-----BEGIN " in data:
        return "no PEM: its BEGIN line is damaged"
    return "no PEM: there is no BEGIN line in it"


def command_for_pem(defect: str, path: str, *, key: bool = False) -> str | None:
    """The ``openssl`` command that makes the PEM file wanted out of a file with this defect, if there is one.

    ``defect`` is what reading ``path`` as a certificate (or, with ``key``, as a private key) gave.
    """
    stem, ending = os.path.splitext(path)
    made = f"{stem}{'-pem' if ending == '.pem' else ''}.pem"
    for words, of_certificate, of_key in _COMMANDS:
        command = of_key if key else of_certificate
        if words in defect and command:
            return command.format(path=shlex.quote(path), made=shlex.quote(made))
    return None


_COMMANDS = (
    (
        "PKCS#12",
        "openssl pkcs12 -in {path} -nokeys -out {made}",
        "openssl pkcs12 -in {path} -nocerts -noenc -out {made}",
    ),
    ("PKCS#7 in DER", "openssl pkcs7 -inform der -in {path} -print_certs -out {made}", ""),
    ("PKCS#7", "openssl pkcs7 -in {path} -print_certs -out {made}", ""),
    ("a private key in DER", "", "openssl pkey -inform der -in {path} -out {made}"),
    ("in DER", "openssl x509 -inform der -in {path} -out {made}", ""),
)
"""Words of a defect, the command when a certificate is wanted, the one when a key is."""
