"""Which names a certificate has for nginx as a client: X509_check_host of OpenSSL with no flags.

It differs from what browsers do (``identity.covers``): without any dNSName in subjectAltName the common
names count, ``b*.example.com`` is a wildcard, and addresses (iPAddress) are never compared, since nginx looks
for an address as if it were a name (ngx_ssl_check_host; docs/evidence.md: upstreams).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mtls_lint.expressions import expression

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate

_COMMON_NAME = "2.5.4.3"
_LABEL = expression(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_STARRED = expression(rf"\*(?:[A-Za-z0-9-]*[A-Za-z0-9])?|{_LABEL.pattern}\*")


def host_matches(certificate: Certificate, name: str) -> bool:
    """Whether nginx takes the certificate for one of ``name`` (without a port)."""
    if not name:
        return False
    return any(_equal(entry, name) for entry in peer_names(certificate))


def peer_names(certificate: Certificate) -> tuple[str, ...]:
    """The names that nginx looks at."""
    return tuple(certificate.dns_names or certificate.subject_values(_COMMON_NAME))


def _equal(pattern: str, name: str) -> bool:
    """Follow equal_wildcard() of crypto/x509/v3_utl.c."""
    pattern, name = pattern.lower(), name.lower()
    if len(name) > 1 and name.startswith("."):
        return len(pattern) >= len(name) and pattern.endswith(name)
    if not _is_wildcard(pattern):
        return pattern == name
    prefix, _, suffix = pattern.partition("*")
    if len(name) < len(prefix) + len(suffix) or not (name.startswith(prefix) and name.endswith(suffix)):
        return False
    matched = name[len(prefix) : len(name) - len(suffix)]
    whole_label = not prefix and suffix.startswith(".")
    if whole_label and not matched:
        return False
    if not whole_label and name.startswith("xn--"):
        return False
    return matched == "*" or re.fullmatch(r"[a-z0-9-]*", matched) is not None


def _is_wildcard(pattern: str) -> bool:
    """Follow valid_star(): one star, at an end of the first label, which is no A-label, and two dots."""
    first, *rest = pattern.split(".")
    if first.count("*") != 1 or len(rest) < 2 or not _STARRED.fullmatch(first):
        return False
    # A label in front of the star makes the label an A-label; behind it there is none to begin.
    return not first.startswith("xn--") and all(_LABEL.fullmatch(label) for label in rest)
