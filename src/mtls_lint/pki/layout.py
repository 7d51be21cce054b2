"""Where the parts of a certificate stand in its bytes (RFC 5280, 4.1).

The library gives names, keys and extensions as objects, and encodes them anew when it is asked for their
bytes. Here they are cut out as they were written, which is what OpenSSL compares and verifies too. Only for
certificates that the library has loaded: it has looked at the structure, and here nothing is doubted.
"""

_VERSION, _EXTENSIONS = 0xA0, 0xA3


def parts(data: bytes) -> tuple[bytes, bytes, bytes, list[bytes]]:
    """Issuer, subject, public key and extensions of an encoded certificate."""
    body = _inside(data, 0)
    at, end = _inside(data, body), _behind(data, body)
    if data[at] == _VERSION:
        at = _behind(data, at)
    issuer = _behind(data, _behind(data, at))  # behind the serial number and the kind of signature
    validity = _behind(data, issuer)
    subject = _behind(data, validity)
    key = _behind(data, subject)
    at = behind_key = _behind(data, key)
    while at < end and data[at] != _EXTENSIONS:  # identifiers of issuer and subject, which nobody uses
        at = _behind(data, at)
    extensions = []
    at = _inside(data, _inside(data, at)) if at < end else end
    while at < end:
        start, at = at, _behind(data, at)
        extensions.append(data[start:at])
    return data[issuer:validity], data[subject:key], data[key:behind_key], extensions


def signed_part(data: bytes) -> bytes:
    """The part of an encoded certificate that its issuer has signed."""
    start = _inside(data, 0)
    return data[start : _behind(data, start)]


def _inside(data: bytes, at: int) -> int:
    """Where the contents of the value at ``at`` begin."""
    length = data[at + 1]
    return at + 2 if length < 0x80 else at + 2 + (length & 0x7F)


def _behind(data: bytes, at: int) -> int:
    """Where the value at ``at`` ends."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2 + length
    start = at + 2 + (length & 0x7F)
    return start + int.from_bytes(data[at + 2 : start], "big")
