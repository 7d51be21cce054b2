"""As much DER as is needed to say what a blob is and where its first value ends."""

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, BIT_STRING, OBJECT_IDENTIFIER, SEQUENCE = 0x02, 0x03, 0x06, 0x30


class Value(NamedTuple):
    """One DER value: its identifier octet, its contents, and the offset just behind it."""

    tag: int
    contents: bytes
    end: int


def _extent(data: bytes, start: int, limit: int) -> tuple[int, int] | None:
    """Where the contents of the value at ``start`` begin and end; None when it does not end before ``limit``.

    Only single-octet identifiers and definite lengths are known: certificates, keys and CRLs have no other.
    """
    if limit < start + 2:
        return None
    length, at = data[start + 1], start + 2
    if length >= 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or limit < at + octets:
            return None
        length = int.from_bytes(data[at : at + octets], "big")
        at += octets
    return None if limit < at + length else (at, at + length)


def first_value(data: bytes, start: int = 0) -> Value | None:
    """The value at ``start``; None when there is no complete one."""
    extent = _extent(data, start, len(data))
    return None if extent is None else Value(data[start], data[extent[0] : extent[1]], extent[1])


def values(data: bytes) -> Iterator[Value]:
    """The values that stand one behind the other in ``data``, up to the first damaged one."""
    at = 0
    while at < len(data):
        value = first_value(data, at)
        if value is None:
            return
        yield value
        at = value.end


def split_trailing(data: bytes) -> tuple[bytes, bytes]:
    """The first value of ``data`` and what follows it.

    OpenSSL's d2i functions stop behind the first value and do not mind the rest; a TRUSTED CERTIFICATE
    keeps its trust settings there. Data without a complete first value come back whole.
    """
    extent = _extent(data, 0, len(data))
    return (data, b"") if extent is None else (data[: extent[1]], data[extent[1] :])


def object_identifier(contents: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's contents; empty when damaged."""
    arcs: list[int] = []
    number = 0
    for octet in contents:
        number = number << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(number)
            number = 0
    if not arcs or contents[-1] >= 0x80:
        return ""
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def outline(data: bytes) -> tuple[int, ...]:
    """Identifiers of the values inside the first SEQUENCE of ``data``; empty when there is none."""
    extent = _extent(data, 0, len(data))
    if extent is None or data[0] != SEQUENCE:
        return ()
    tags = []
    at, limit = extent
    while at < limit and (inner := _extent(data, at, limit)) is not None:
        tags.append(data[at])
        at = inner[1]
    return tuple(tags)


def looks_like_certificate(data: bytes) -> bool:
    """Whether the outline is that of a certificate or CRL: SEQUENCE, SEQUENCE, BIT STRING."""
    return outline(data) == (SEQUENCE, SEQUENCE, BIT_STRING)


def describe(data: bytes) -> str | None:
    """What a binary DER file is, in people's words; None when it is no DER."""
    outer = first_value(data)
    if outer is None or outer.tag != SEQUENCE:
        return None
    inner = list(values(outer.contents))
    tags = tuple(value.tag for value in inner)
    if tags == (SEQUENCE, SEQUENCE, BIT_STRING):
        return "a certificate, CRL or request in DER (binary) form"
    if inner and inner[0].tag == OBJECT_IDENTIFIER:
        if object_identifier(inner[0].contents).startswith("1.2.840.113549.1.7."):
            return "PKCS#7 in DER (binary) form"
        return None
    if inner and inner[0].tag == INTEGER:
        if inner[0].contents == b"\x03" and len(inner) > 1 and inner[1].tag == SEQUENCE:
            return "a PKCS#12 (.p12, .pfx) container"
        return "a private key in DER (binary) form"
    return None
