"""Distinguished names in the two forms that nginx writes, and read from those that people write.

``$ssl_client_s_dn`` is X509_NAME_print_ex with XN_FLAG_RFC2253, the most specific part first;
``$ssl_client_s_dn_legacy`` is X509_NAME_oneline, in the order of the certificate (docs/evidence.md: names of
clients).
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.expressions import expression
from mtls_lint.pki.der import first_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

_SHORT_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.16": "postalAddress",
    "2.5.4.17": "postalCode",
    "2.5.4.41": "name",
    "2.5.4.42": "GN",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.45": "x500UniqueIdentifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.2.840.113549.1.9.2": "unstructuredName",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}
"""OpenSSL's short names of the attributes that stand in names."""

_OTHER_NAMES = {
    "e": "emailAddress",
    "email": "emailAddress",
    "s": "ST",
    "stateorprovincename": "ST",
    "streetaddress": "street",
    "commonname": "CN",
    "countryname": "C",
    "localityname": "L",
    "organizationname": "O",
    "organizationalunitname": "OU",
    "domaincomponent": "DC",
    "userid": "UID",
    "surname": "SN",
    "givenname": "GN",
    "g": "GN",
    "t": "title",
}
"""What other programs call them, in lower case."""

_KNOWN_TYPES = {name.lower(): name for name in _SHORT_NAMES.values()} | _OTHER_NAMES

_TYPE = expression(r"\s*(?:OID\.)?([A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)+)\s*=", re.IGNORECASE)
_ESCAPE = expression(r"\\(?:x?([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_BLANKS_BEHIND = expression(r"(?<!\\)\s+$")
_FOR_SUBJECT = str.maketrans({"\\": "\\\\", "/": "\\/", "+": "\\+"})
_MOST_SPECIFIC = frozenset({"CN", "UID", "emailAddress", "serialNumber"})


class Attribute(Struct, frozen=True):
    """One part of a name: OpenSSL's short name of its type, and its value as text.

    ``joined`` tells that it belongs to the same RDN as the one before it; ``encoded`` is the value in DER, in
    hexadecimal digits, where ``$ssl_client_s_dn`` shows that instead of the text.
    """

    type: str
    value: str
    joined: bool = False
    encoded: str = ""


Name = tuple[Attribute, ...]
"""A name in the order of the certificate, which begins with the least specific part."""


def name_of(native: "x509.Name") -> Name:
    """The name in a certificate."""
    from cryptography import x509  # noqa: PLC0415 - only where certificates are read

    found = []
    for rdn in native.rdns:
        for index, attribute in enumerate(rdn):
            oid, value = attribute.oid.dotted_string, attribute.value
            encoded = ""
            if oid not in _SHORT_NAMES or isinstance(value, bytes):
                encoded = _encoded_value(x509.Name([attribute]).public_bytes()).hex().upper()
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            found.append(Attribute(_SHORT_NAMES.get(oid, oid), text, joined=index > 0, encoded=encoded))
    return tuple(found)


def _encoded_value(name: bytes) -> bytes:
    """What follows the object identifier in a name of one attribute."""
    contents = name
    for _ in range(3):  # Name, RelativeDistinguishedName, AttributeTypeAndValue
        value = first_value(contents)
        contents = value.contents if value is not None else b""
    oid = first_value(contents)
    return contents[oid.end :] if oid is not None else b""


def as_rfc2253(name: Name) -> str:
    """The name as ``$ssl_client_s_dn`` shows it."""
    parts = []
    for attribute, before in zip(reversed(name), (None, *reversed(name)), strict=False):
        parts += [] if before is None else ["+" if before.joined else ","]
        value = f"#{attribute.encoded}" if attribute.encoded else _escaped(attribute.value)
        parts.append(f"{attribute.type}={value}")
    return "".join(parts)


def as_legacy(name: Name) -> str:
    """The name as ``$ssl_client_s_dn_legacy`` shows it."""
    parts = []
    for attribute in name:
        shown = (
            f"\\{char}" if char in "/+" else char if " " <= char <= "~" else _octets(char, "\\x")
            for char in attribute.value
        )
        parts.append(f"{'+' if attribute.joined else '/'}{attribute.type}={''.join(shown)}")
    return "".join(parts)


def openssl_subject(text: str) -> str | None:
    """A name that ``read_name`` understands in the form of ``openssl req -subj``; None when it is no name.

    A slash or a plus would begin the next attribute, and is escaped.
    """
    name = read_name(text) or ()
    if not name or any(a.encoded or a.type not in _SHORT_NAMES.values() for a in name):
        return None
    return "".join(f"{'+' if a.joined else '/'}{a.type}={a.value.translate(_FOR_SUBJECT)}" for a in name)


def _escaped(value: str) -> str:
    last = len(value) - 1
    shown = []
    for index, char in enumerate(value):
        if char in ',+"\\<>;' or (char in " #" and index == 0) or (char == " " and index == last):
            shown.append(f"\\{char}")
        else:
            shown.append(char if " " <= char <= "~" else _octets(char, "\\"))
    return "".join(shown)


def _octets(char: str, before: str) -> str:
    return "".join(f"{before}{octet:02X}" for octet in char.encode("utf-8", "surrogatepass"))


def read_name(text: str) -> Name | None:
    """The name that somebody means who writes ``text``, in whatever form; None where there is none.

    Understood are both forms of nginx, what ``openssl x509 -subject`` prints, blanks around separators,
    quoted values, commas that are not escaped, and other programs' names of types.
    """
    legacy = text.startswith("/")
    text = text.removeprefix(",")
    text = text if text.endswith("\\,") else text.removesuffix(",")
    parts = _split(text[1:] if legacy else text, "/" if legacy else ",;")
    attributes = []
    for separator, part in parts:
        match = _TYPE.match(part)
        if match is None:
            return None
        kind = match[1] if match[1][0].isdecimal() else _KNOWN_TYPES.get(match[1].lower(), match[1])
        value = _BLANKS_BEHIND.sub("", part[match.end() :]).lstrip()
        encoded = value[1:].upper() if value.startswith("#") and not legacy else ""
        attributes.append((separator == "+", Attribute(kind, _plain(value), encoded=encoded)))
    if legacy or _is_in_order_of_certificate(text, [attribute for _, attribute in attributes]):
        return tuple(replace(attribute, joined=joined) for joined, attribute in attributes)
    joins = [joined for joined, _ in attributes[1:]]
    pairs = zip([False, *reversed(joins)], (attribute for _, attribute in reversed(attributes)), strict=True)
    return tuple(replace(attribute, joined=joined) for joined, attribute in pairs)


def _is_in_order_of_certificate(text: str, attributes: "Sequence[Attribute]") -> bool:
    """Whether a name has blanks and its least specific part first, as ``openssl x509 -subject`` does."""
    if not re.search(r"\s=|=\s|,\s", text):
        return False
    return attributes[-1].type in _MOST_SPECIFIC and attributes[0].type not in _MOST_SPECIFIC


def _split(text: str, separators: str) -> "list[tuple[str, str]]":
    """The parts of a name, each with the separator before it.

    A separator counts where the type of an attribute follows it, and it is neither escaped nor quoted.
    """
    parts, start, before, quoted, index = [], 0, "", False, 0
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 1
        elif char == '"':
            quoted = not quoted
        elif char in f"{separators}+" and not quoted and _TYPE.match(text, index + 1):
            parts.append((before, text[start:index]))
            start, before = index + 1, char
        index += 1
    return [*parts, (before, text[start:])]


def _plain(value: str) -> str:
    """A value without its quotes and escapes."""
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1]
    octets = bytearray()
    position = 0
    for match in _ESCAPE.finditer(value):
        octets += value[position : match.start()].encode("utf-8", "surrogateescape")
        octets += bytes.fromhex(match[1]) if match[1] else match[2].encode("utf-8", "surrogateescape")
        position = match.end()
    octets += value[position:].encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "replace")
