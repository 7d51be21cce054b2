"""PEM as OpenSSL reads it, which is how nginx reads it.

The rules are those of ``PEM_read_bio_ex`` in crypto/pem/pem_lib.c of OpenSSL 3: anything may stand around
blocks; a BEGIN line starts in the first column and is alone on its line; trailing blanks and a byte order
mark are forgiven; everything else that is odd inside a block is an error, and an error ends the file.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.pki import der as der_values

_BOM = b"\xef\xbb\xbf"
_LINE_SIZE = 254
"""OpenSSL reads lines through a buffer of 255 bytes (LINESIZE) with a final NUL."""

_BLANK = bytes(range(0x21))

_ENCRYPTED_LINE = 64
"""Characters in every line but the last one behind a header (get_header_and_data)."""

_PLAIN_BLOCK = expression(
    rb"-----BEGIN ([ -,.-~]*)-----[ \t]*\r?\n"
    rb"((?:[A-Za-z0-9+/=]+[ \t]*\r?\n)+)"
    rb"-----END \1-----[ \t]*(?:\r?\n|\Z)"
)
_BEGIN = expression(rb"-----BEGIN (.*)-----", re.DOTALL)
_BASE64 = expression(rb"[A-Za-z0-9+/]*={0,2}")
_NEAR_MISS = expression(rb"(?m)^[^\n]*?[^\n]-----BEGIN [A-Z0-9 ]+-----|^-----BEGIN [A-Z0-9 ]+-----[^\s]")


class BlockKind(Enum):
    """What a PEM label announces."""

    CERTIFICATE = "certificate"
    TRUSTED_CERTIFICATE = "trusted certificate"
    CRL = "CRL"
    KEY = "private key"
    REQUEST = "certificate request"
    PKCS7 = "PKCS#7 container"
    PARAMETERS = "parameters"
    OTHER = "other data"


_KINDS = {
    "CERTIFICATE": BlockKind.CERTIFICATE,
    "X509 CERTIFICATE": BlockKind.CERTIFICATE,
    "TRUSTED CERTIFICATE": BlockKind.TRUSTED_CERTIFICATE,
    "X509 CRL": BlockKind.CRL,
    "CERTIFICATE REQUEST": BlockKind.REQUEST,
    "NEW CERTIFICATE REQUEST": BlockKind.REQUEST,
    "PKCS7": BlockKind.PKCS7,
    "PKCS #7 SIGNED DATA": BlockKind.PKCS7,
    "CMS": BlockKind.PKCS7,
    "EC PARAMETERS": BlockKind.PARAMETERS,
    "DH PARAMETERS": BlockKind.PARAMETERS,
    "DSA PARAMETERS": BlockKind.PARAMETERS,
}


@lru_cache
def kind_of(label: str) -> BlockKind:
    """What a label announces."""
    kind = _KINDS.get(label)
    if kind is None:
        return BlockKind.KEY if label.endswith("PRIVATE KEY") else BlockKind.OTHER
    return kind


@lru_cache
def _label(written: bytes) -> str:
    return written.decode("utf-8", "surrogateescape")


class PemBlock(Struct, frozen=True):
    """One block of a PEM file.

    ``line`` is the line of BEGIN, from 1; ``start`` and ``end`` are the offsets of BEGIN and of where
    OpenSSL stops reading, which for a block without END can be behind the BEGIN of another one. ``data``
    are the decoded bytes (never shown: they may be a key), ``header`` the RFC 1421 lines above them,
    ``broken`` why OpenSSL cannot decode the block.
    """

    label: str
    line: int
    start: int
    end: int
    data: bytes
    header: str = ""
    broken: str | None = None

    def __repr__(self) -> str:
        return f"PemBlock({self.label!r}, line={self.line})"

    @property
    def kind(self) -> BlockKind:
        """What the label announces."""
        return kind_of(self.label)

    @property
    def der(self) -> bytes:
        """The first DER value, which is all that OpenSSL looks at."""
        return der_values.split_trailing(self.data)[0]

    @property
    def trailing(self) -> bytes:
        """What follows the first DER value: the trust settings of a TRUSTED CERTIFICATE."""
        return der_values.split_trailing(self.data)[1]

    @property
    def encrypted(self) -> bool:
        """Whether the block is encrypted, by label (PKCS#8) or by header (legacy Proc-Type)."""
        return self.label == "ENCRYPTED PRIVATE KEY" or "ENCRYPTED" in self.header

    def pem(self) -> bytes:
        """The block in canonical form, for readers that want text."""
        text = b2a_base64(self.data, newline=False)
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        head = [self.header.encode("utf-8", "surrogateescape"), b""] if self.header else []
        label = self.label.encode("utf-8", "surrogateescape")
        return b"\n".join(
            [b"-----BEGIN " + label + b"-----", *head, *lines, b"-----END " + label + b"-----", b""]
        )


class _Damaged(Exception):  # noqa: N818  (no error of the program: it becomes a value at once)
    """The block cannot be decoded: why, and where reading stopped."""

    def __init__(self, why: str, end: int) -> None:
        super().__init__(why)
        self.end = end


def split_blocks(data: bytes) -> tuple[PemBlock, ...]:
    """All blocks of a file in their order.

    OpenSSL stops at the first broken block; here reading goes on behind its BEGIN line, so that a message
    can name what else the file holds. It ends where broken blocks reach so far that the file would be gone
    through again and again.
    """
    return tuple(_blocks(data))


def near_miss(data: bytes) -> int | None:
    """Line of the first BEGIN marker that OpenSSL does not see: indented, or not alone on its line."""
    match = _NEAR_MISS.search(data.removeprefix(_BOM))
    return None if match is None else data.count(b"\n", 0, match.start()) + 1


def _blocks(data: bytes) -> Iterator[PemBlock]:
    at, line, counted, in_vain = 0, 1, 0, 0
    while at < len(data) and in_vain <= len(data):
        # Most blocks stand at the beginning, or right behind another one.
        start = at
        match = _PLAIN_BLOCK.match(data, at)
        if match is None or match.start(2) - at > _LINE_SIZE:
            found = _find_begin(data, at)
            if found is None:
                return
            start = found
            match = _PLAIN_BLOCK.match(data, start)
        line += data.count(b"\n", counted, start)
        counted = start
        if match is not None:
            label = _label(match[1])
            # Behind a server's certificate stands the intermediate that thousands of others have, too.
            decoded = _decode_again(match[2]) if at and label == "CERTIFICATE" else _decode(match[2])
            at = match.end()
            yield _block(label, line, start, at, decoded)
            continue
        first_line, at = _get_line(data, start)
        label = _label(first_line[len(b"-----BEGIN ") : -len(b"-----")])
        try:
            header, body, at = _read_body(data, at, first_line[len(b"-----BEGIN ") :])
        except _Damaged as damage:
            in_vain += damage.end - start
            yield PemBlock(label, line, start, damage.end, b"", broken=str(damage))
            continue
        decoded = _decode(body)
        if decoded is None:
            in_vain += at - start
        yield _block(label, line, start, at, decoded, header)


def _block(label: str, line: int, start: int, end: int, decoded: bytes | None, header: str = "") -> PemBlock:
    if decoded is None:
        return PemBlock(label, line, start, end, b"", broken="its base64 text is damaged")
    return PemBlock(label, line, start, end, decoded, header)


def _find_begin(data: bytes, at: int) -> int | None:
    """Offset of the next BEGIN line, which starts in the first column and has nothing behind it."""
    if data.startswith(_BOM, at):  # get_name() forgives it before the first line that it reads
        at += len(_BOM)
    line_start = at
    while (at := data.find(b"-----BEGIN ", at)) != -1:
        if at == line_start or data[at - 1] == 0x0A:
            line, _ = _get_line(data, at)
            if _BEGIN.fullmatch(line):
                return at
        at += 1
    return None


def _get_line(data: bytes, at: int) -> tuple[bytes, int]:
    """The line at ``at`` as sanitize_line() leaves it, without trailing blanks, and where the next starts."""
    end = data.find(b"\n", at, at + _LINE_SIZE)
    end = min(at + _LINE_SIZE, len(data)) if end == -1 else end + 1
    return data[at:end].rstrip(_BLANK), end


def _read_body(data: bytes, at: int, label_and_tail: bytes) -> tuple[str, bytes, int]:
    """Header, base64 text and the offset behind the END line; follows get_header_and_data()."""
    header: list[bytes] = []
    body: list[bytes] = []
    behind_header = False
    short_line = False
    while True:
        if at >= len(data):
            raise _Damaged("its END line is missing", at)
        line, at = _get_line(data, at)
        if not line:
            if behind_header:
                raise _Damaged("there is an empty line inside it", at)
            behind_header = True
            header, body = body, []
            continue
        if line.startswith(b"-----END "):
            if line[len(b"-----END ") :] != label_and_tail:
                raise _Damaged("its END line names something else than its BEGIN line", at)
            break
        if short_line:
            raise _Damaged("there is a short line in the middle of it", at)
        body.append(line)
        if behind_header:
            if len(line) > _ENCRYPTED_LINE:
                raise _Damaged(f"a line of it is longer than {_ENCRYPTED_LINE} characters", at)
            short_line = len(line) < _ENCRYPTED_LINE
    text = b"\n".join(header).decode("utf-8", "surrogateescape")
    if text and not text.startswith("Proc-Type:"):
        raise _Damaged("there is an empty line, or a header that is no Proc-Type, inside it", at)
    return text, b"\n".join(body), at


def _decode(text: bytes) -> bytes | None:
    """What base64 text stands for; None when it is damaged."""
    # A hyphen ends the base64 text (B64_EOF in crypto/evp/encode.c): without its END line a block reaches
    # to the END of the next one with the same label, and counts.
    packed = b"".join(text.partition(b"-")[0].split())
    return None if len(packed) % 4 or not _BASE64.fullmatch(packed) else a2b_base64(packed)


_decode_again = lru_cache(maxsize=32)(_decode)
