"""Private keys: whose they are, never what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.pki import der
from mtls_lint.pki._crypto import exceptions, serialization
from mtls_lint.pki.pem import BlockKind
from mtls_lint.pki.public_key import PublicKey, algorithm_of, key_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.pem import PemBlock
    from mtls_lint.pki.store import PemFile

_LABELS = {"RSA PRIVATE KEY": "RSA", "EC PRIVATE KEY": "EC", "DSA PRIVATE KEY": "DSA"}


class PrivateKey(Struct, frozen=True):
    """The public half of a private key, and how the key is kept.

    ``algorithm`` is RSA, EC, Ed25519, Ed448, DSA, another name, or None while an encrypted key is closed;
    ``opened`` tells whether the key could be read (an encrypted one needs a password that fits), and
    ``public_key`` is its public half, encoded as SubjectPublicKeyInfo.
    """

    label: str
    line: int
    encrypted: bool
    opened: bool
    algorithm: str | None
    bits: int | None
    public_key: bytes | None = None

    def matches(self, certificate: Certificate) -> bool | None:
        """Whether the certificate holds this key's public half; None when that cannot be known."""
        if self.public_key is None or certificate.public_key is None:
            return None
        return self.public_key == certificate.public_key

    @property
    def public_sha256(self) -> str | None:
        """SHA-256 of the public half (SubjectPublicKeyInfo), in lower-case hexadecimal digits.

        None while the key is closed, and for keys of an unknown kind.
        """
        return None if self.public_key is None else key_sha256(self.public_key)


def load_key(block: PemBlock, passwords: Iterable[bytes] = ()) -> PrivateKey:
    """The key in a block; an encrypted one is tried with each password in turn and stays closed if none fits.

    ValueError, without a word of the contents, when the key is damaged; ``UnsupportedAlgorithm`` of the
    library is turned into a key of unknown algorithm, because nginx may know it.
    """
    if not block.encrypted:
        encoded = block.der
        if not _label_fits(block.label, encoded):
            raise ValueError("its label announces another form of key than it holds")
        try:
            return _opened(block, encoded, None)
        except exceptions.UnsupportedAlgorithm:
            return PrivateKey(
                block.label, block.line, encrypted=False, opened=False, algorithm=None, bits=None
            )
    for password in passwords:
        key = _try_password(block, password)
        if key is not None:
            return key
    algorithm = _LABELS.get(block.label)
    return PrivateKey(block.label, block.line, encrypted=True, opened=False, algorithm=algorithm, bits=None)


def load_keys(file: PemFile, passwords: Sequence[bytes] = ()) -> tuple[PrivateKey, ...]:
    """All keys of a file in their order, encrypted ones opened when a password fits.

    nginx uses the first. Damaged blocks are left out; ``file.key_defect`` speaks of them.
    """
    return tuple(key for block in key_blocks(file.blocks) if (key := _try_key(block, passwords)))


def key_blocks(blocks: Iterable[PemBlock]) -> Iterator[PemBlock]:
    """The blocks in which OpenSSL looks for a key.

    Its decoder goes on behind a damaged block (PEM_read_bio_X509 does not), but from where reading it
    stopped: a block without END takes the next one with it.
    """
    behind = 0
    for block in blocks:
        if block.start >= behind:
            behind = block.end
            if block.kind is BlockKind.KEY and not block.broken:
                yield block


def passwords_from(data: bytes) -> tuple[bytes, ...]:
    """The passwords in an ``ssl_password_file``: one on each line, in the order nginx tries them.

    CR before LF does not count and empty lines are skipped; an empty file gives one empty password
    (ngx_ssl_read_password_file in src/event/ngx_event_openssl.c).
    """
    lines = (line[:-1] if line.endswith(b"\r") else line for line in data.split(b"\n"))
    return tuple(line for line in lines if line) or (b"",)


def _try_key(block: PemBlock, passwords: Sequence[bytes]) -> PrivateKey | None:
    try:
        return load_key(block, passwords)
    except ValueError:
        return None


def _try_password(block: PemBlock, password: bytes) -> PrivateKey | None:
    try:
        return _opened(block, block.der, password)
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        return None  # the wrong password, or a cipher that is unknown here


def _label_fits(label: str, encoded: bytes) -> bool:
    """Whether OpenSSL reads the form under this label: PKCS#8 and PKCS#1 are not taken for each other."""
    if label == "PRIVATE KEY":
        return der.outline(encoded)[:2] == (der.INTEGER, der.SEQUENCE)
    return label != "RSA PRIVATE KEY" or der.outline(encoded)[:2] == (der.INTEGER, der.INTEGER)


def _opened(block: PemBlock, encoded: bytes, password: bytes | None) -> PrivateKey:
    try:
        # Without the check of its primes an RSA key loads in 10 us instead of 40 to 250 ms. That is safe
        # here: the key is never used to sign or decrypt, only its public half is compared.
        if block.header:
            native = serialization.load_pem_private_key(
                block.pem(), password, unsafe_skip_rsa_key_validation=True
            )
        else:
            native = serialization.load_der_private_key(
                encoded, password, unsafe_skip_rsa_key_validation=True
            )
    except (ValueError, TypeError):
        # Not chained, and without the library's words: those could quote what was read.
        raise ValueError("the private key cannot be read") from None
    public = native.public_key()
    kept = PublicKey.of(public)
    return PrivateKey(
        block.label,
        block.line,
        encrypted=password is not None,
        opened=True,
        algorithm=algorithm_of(type(public)),
        bits=kept.bits,
        public_key=kept.encoded,
    )
