"""Service identity: which names a server certificate covers (RFC 9525)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate


_DEVIATIONS = frozenset("\u00df\u03c2")
"""Letters that the codec replaces (IDNA 2003) and browsers no more (UTS 46, section 4: nontransitional)."""


def covers(certificate: Certificate, name: str) -> bool | None:
    """Whether a client that asks for ``name`` accepts the certificate; only subjectAltName counts.

    ``name`` is a host name, an IP address (``[v6]`` too), or an nginx server name: ``*.example.com`` is
    covered by that very wildcard, ``.example.com`` stands for ``example.com`` and ``*.example.com``. None
    when it cannot be decided: ``mail.*``, regular expressions, ``_`` and the empty name.
    """
    if not name or name.startswith("~") or name == "_" or name.endswith(".*"):
        return None
    address = _address(name)
    if address is not None:
        return any(_address(entry) == address for entry in certificate.ip_addresses)
    if name.startswith("."):
        return _covers_host(certificate, name[1:]) and _covers_host(certificate, f"*{name}")
    return _covers_host(certificate, name)


def to_ascii(name: str) -> str | None:
    """The name in lower-case A-labels without a final dot; None when it is no name that DNS could hold.

    Underscores and other odd characters that are ASCII pass: it is not for here to judge them.
    """
    name = name.removesuffix(".").lower()
    if not name.isascii():
        try:
            name = ".".join(_label_to_ascii(label) for label in name.split("."))
        except UnicodeError:
            return None
    return name if name and all(name.split(".")) else None


def _label_to_ascii(label: str) -> str:
    if not _DEVIATIONS.isdisjoint(label):
        return f"xn--{label.encode('punycode').decode('ascii')}"
    return label if label.isascii() else label.encode("idna").decode("ascii").lower()


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if ":" not in name and not name[-1:].isdigit():
        return None  # as most names: an IPv4 address ends with a digit
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _covers_host(certificate: Certificate, name: str) -> bool:
    if name in certificate.dns_names and name.isascii() and all(name.split(".")):
        return True
    wanted = to_ascii(name)
    if wanted is None:
        return False
    return any(_matches(pattern, wanted) for pattern in map(to_ascii, certificate.dns_names) if pattern)


def _matches(pattern: str, name: str) -> bool:
    """A wildcard is the whole left-most label and stands for exactly one (RFC 9525, 6.3).

    OpenSSL, GnuTLS and browsers want at least two labels behind it, and so does this.
    """
    if pattern == name:
        return True
    first, _, rest = pattern.partition(".")
    label, _, parent = name.partition(".")
    return (
        first == "*" and "." in rest and "*" not in rest and label != "*" and bool(label) and rest == parent
    )
