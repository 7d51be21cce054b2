import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.pki.pem import BlockKind, near_miss, split_blocks

DATA = bytes(range(256))


def pem(label: str = "CERTIFICATE", data: bytes = DATA, newline: str = "\n", width: int = 64) -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return newline.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


@pytest.mark.parametrize(
    "data",
    [
        pem(),
        pem(newline="\r\n"),
        pem(width=10_000),
        pem(width=1),
        pem().rstrip(),
        b"\xef\xbb\xbf" + pem(),
        b"# a comment\n" + pem() + b"trailing text",
        pem().replace(b"\n", b"  \t\n"),
        pem(newline="\r\n").replace(b"-----BEGIN", b"text\r\n-----BEGIN"),
        b"-----BEGIN nothing\n" + pem(),
        b"-----BEGIN X----- no\n" + pem(),
    ],
)
def test_good_blocks(data: bytes) -> None:
    (block,) = split_blocks(data)
    assert block.broken is None
    assert block.data == DATA
    assert block.label == "CERTIFICATE"


@pytest.mark.parametrize(
    "data",
    [
        b" " + pem(),
        b"\t" + pem(),
        b"#" + pem(),
        pem().replace(b"BEGIN", b"begin"),
        pem().replace(b"-----\n", b"----- x\n", 1),
        pem().replace(b"-----BEGIN", b"----BEGIN"),
        pem().decode().encode("utf-16"),
        DATA,
        b"",
    ],
)
def test_no_block(data: bytes) -> None:
    assert split_blocks(data) == ()


@pytest.mark.parametrize(
    "data",
    [
        pem().replace(b"-----END CERTIFICATE-----\n", b""),
        pem().replace(b"END CERTIFICATE", b"END X509 CERTIFICATE"),
        pem().replace(b"END CERTIFICATE-----", b"END CERTIFICATE"),
        pem().replace(b"AAEC", b"A!EC"),
        pem().replace(b"AAEC", b"AAE"),
        pem().replace(b"AAEC", b"AAE="),
        pem().replace(b"\n", b"\n\n"),
        pem().replace(b"CERTIFICATE-----\n", b"CERTIFICATE-----\nName: value\n\n", 1),
        pem(width=63).replace(b"CERTIFICATE-----\n", b"CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n", 1),
        pem(width=128).replace(b"CERTIFICATE-----\n", b"CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n", 1),
    ],
)
def test_broken_blocks(data: bytes) -> None:
    broken, good = split_blocks(data + pem("X509 CRL"))
    assert broken.broken
    assert broken.data == b""
    assert good.broken is None
    assert good.label == "X509 CRL"


def test_block_without_end_reaches_to_the_next_end() -> None:
    (block,) = split_blocks(pem().rsplit(b"-----END", 1)[0] + pem(data=b"lost"))
    assert block.broken is None
    assert block.data == DATA


def test_lines_and_kinds() -> None:
    labels = ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "X509 CRL", "RSA PRIVATE KEY", "ODD"]
    blocks = split_blocks(b"first\n\n" + b"between\r\n".join(pem(label) for label in labels))
    assert [block.label for block in blocks] == labels
    assert [block.line for block in blocks] == [3 + 9 * at for at in range(len(labels))]
    assert [block.kind for block in blocks] == [
        BlockKind.CERTIFICATE,
        BlockKind.TRUSTED_CERTIFICATE,
        BlockKind.CERTIFICATE,
        BlockKind.CRL,
        BlockKind.KEY,
        BlockKind.OTHER,
    ]


def test_header_of_legacy_encryption() -> None:
    header = b"-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
    (block,) = split_blocks(pem("RSA PRIVATE KEY").replace(b"-----\n", header, 1))
    assert block.encrypted
    assert block.header == "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00"
    assert split_blocks(block.pem()) == (block,)


def test_repr_shows_no_data() -> None:
    (block,) = split_blocks(pem("PRIVATE KEY", b"secret!"))
    assert "secret" not in repr(block)
    assert base64.b64encode(b"secret!").decode() not in repr(block)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\n  " + pem(), 2),
        (pem().replace(b"-----\n", b"-----x\n", 1), 1),
        (pem(), None),
        (b"\xef\xbb\xbf" + pem(), None),
    ],
)
def test_near_miss(data: bytes, line: int | None) -> None:
    assert near_miss(data) == line


PIECES = [
    pem(),
    pem("PRIVATE KEY"),
    b"-----BEGIN ",
    b"-----END ",
    b"CERTIFICATE",
    b"-----",
    b"\n",
    b"\r\n",
    b" ",
    b"AAAA",
    b"\xef\xbb\xbf",
    b"Proc-Type: 4,ENCRYPTED",
]


@given(st.one_of(st.binary(), st.lists(st.sampled_from(PIECES)).map(b"".join)))
def test_any_bytes_can_be_split(data: bytes) -> None:
    blocks = split_blocks(data)
    for block in blocks:
        assert data[block.start :].startswith(b"-----BEGIN ")
        assert block.line == data[: block.start].count(b"\n") + 1
        assert block.start < block.end <= len(data)
        assert block.broken is None or block.data == b""
    near_miss(data)


@given(
    st.lists(
        st.tuples(st.sampled_from(["CERTIFICATE", "X509 CRL", "A B"]), st.binary(min_size=1)), min_size=1
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 300),
    st.sampled_from([b"", b"text\n", b"\n\n", b"\xef\xbb\xbf"]),
)
def test_blocks_round_trip(
    contents: list[tuple[str, bytes]], newline: str, width: int, between: bytes
) -> None:
    data = between + between.join(pem(label, body, newline, width) for label, body in contents)
    blocks = split_blocks(data)
    assert [(block.label, block.data) for block in blocks] == contents
    again = split_blocks(b"".join(block.pem() for block in blocks))
    assert [(block.label, block.data) for block in again] == contents


@pytest.mark.parametrize("tail", [b"", b"-----END X-----\n", b"\nAAAA\n\n"])
def test_blocks_without_an_end_are_not_gone_through_again_and_again(tail: bytes) -> None:
    data = b"-----BEGIN CERTIFICATE-----\n" * 40_000 + tail
    begun = time.process_time()
    first, *others = split_blocks(data)
    assert time.process_time() - begun < 10
    assert first.broken
    assert all(other.broken for other in others)
