"""Distinguished names: their text, and whether two of them are one to OpenSSL."""

from sys import intern
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

    NativeName = x509.Name
    Attribute = tuple[str, str | bytes]
    CanonicalName = tuple[Attribute | frozenset[Attribute], ...]

COMMON_NAME = "2.5.4.3"
"""Object identifier of the common name attribute."""


def text(name: "NativeName") -> str:
    """The name as RFC 4514 writes it, for messages; never raises.

    ``name_forms`` has the forms of nginx's variables.
    """
    try:
        return name.rfc4514_string()
    except (ValueError, TypeError, UnicodeError):
        return name.public_bytes().hex()


def common_name(name: "NativeName") -> str | None:
    """The last common name, the most specific one."""
    found = values(name, COMMON_NAME)
    return found[-1] if found else None


def values(name: "NativeName", oid: str) -> tuple[str, ...]:
    """The texts of all attributes with this object identifier, in the order of the name."""
    return tuple(
        attribute.value
        for attribute in name
        if attribute.oid.dotted_string == oid and isinstance(attribute.value, str)
    )


def canonical(name: "NativeName") -> "CanonicalName":
    """A form in which two names are equal when X509_NAME_cmp of OpenSSL says so.

    OpenSSL folds ASCII case and runs of blanks in text values, whatever string type they have
    (x509_name_canon in crypto/x509/x_name.c). Several attributes at one level of the name have no order.
    """
    levels: list[Attribute | frozenset[Attribute]] = []
    for rdn in name.rdns:
        found = [(intern(each.oid.dotted_string), _fold(each.value)) for each in rdn]
        several = frozenset(found) if len(found) > 1 else ()
        levels.append(several if len(several) > 1 else found[0])
    return tuple(levels)


_TO_LOWER = {upper: upper + 0x20 for upper in range(ord("A"), ord("Z") + 1)}


def _fold(value: str | bytes) -> str | bytes:
    if isinstance(value, bytes):
        return value
    if not value.isprintable():
        for blank in "\t\n\v\f\r":
            value = value.replace(blank, " ")
    folded = value.lower() if value.isascii() else value.translate(_TO_LOWER)
    return " ".join([part for part in folded.split(" ") if part])
