"""Which certificates are CAs of the web: anybody can have a certificate from them.

The roots are Mozilla's, as the package certifi has them, and those that Mozilla dropped lately. They are
known by their key, so that another certificate for the same key (renewed, or signed by another root) is
known too; what stands below them is known by its signature.
"""

from __future__ import annotations

import os.path
from functools import cache
from typing import TYPE_CHECKING

from mtls_lint.pki._crypto import serialization
from mtls_lint.pki.web_roots import FORMER_ROOTS, SYSTEM_BUNDLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.names import CanonicalName


_RESERVED_POLICIES = frozenset(
    {"2.23.140.1.1", "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3"}
)  # EV, DV, OV, IV

_MANY = 20
"""Public CAs that nobody puts together by hand: operating systems bring more than a hundred."""


def public_cas(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Those of the certificates that are roots of the web, or CAs that one of these has signed."""
    candidates = [certificate for certificate in dict.fromkeys(certificates) if certificate.is_ca]
    public = {certificate for certificate in candidates if _is_public_root(certificate)}
    found = True
    while found:  # an intermediate below an intermediate
        below = {c for c in candidates if c not in public and _is_below(c, public)}
        public |= below
        found = bool(below)
    return tuple(certificate for certificate in candidates if certificate in public)


def comes_from_public_ca(path: Sequence[Certificate]) -> bool | None:
    """Whether a CA of the web issued the first certificate of a path; the others issued the one before them.

    None when nobody in the path is known as public or private, but the certificate says of itself that it was
    issued by the rules of these CAs (a reserved policy: CA/Browser Forum Baseline Requirements, 7.1.6.1).
    """
    if any(_is_public_root(certificate) or _is_below(certificate, ()) for certificate in path):
        return True
    ends = path[-1].self_signed
    return None if not ends and path[0].extensions.policies & _RESERVED_POLICIES else False


def is_bundle(certificates: Iterable[Certificate]) -> bool:
    """Whether the certificates are all the roots of the web, or nearly, as operating systems bring them."""
    return sum(map(_is_public_root, dict.fromkeys(certificates))) >= _MANY


def is_system_bundle(path: str) -> bool:
    """Whether an operating system, or the package certifi, keeps the roots of the web at this path."""
    plain = os.path.normpath(path)
    return plain in SYSTEM_BUNDLES or plain.endswith("/certifi/cacert.pem")


def _is_public_root(certificate: Certificate) -> bool:
    key = key_sha256(certificate)
    return key is not None and (key in FORMER_ROOTS or key in _mozilla_keys())


def _is_below(certificate: Certificate, public: Iterable[Certificate]) -> bool:
    issuers = (*_mozilla_names().get(certificate.canonical_issuer, ()), *public)
    return any(issuer.may_have_issued(certificate) and issuer.signed(certificate) for issuer in issuers)


@cache
def key_sha256(certificate: Certificate) -> str | None:
    """The SHA-256 of the public key, encoded as SubjectPublicKeyInfo; None where it cannot be read."""
    if certificate.public_key is None:
        return None
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    import hashlib  # noqa: PLC0415 - loads OpenSSL's library: only where a certificate was read

    encoded = certificate.native.public_key().public_bytes(serialization.Encoding.DER, form)
    return hashlib.sha256(encoded).hexdigest()


@cache
def _mozilla_keys() -> frozenset[str]:
    return frozenset(filter(None, map(key_sha256, _mozilla_roots())))


@cache
def _mozilla_names() -> dict[CanonicalName, tuple[Certificate, ...]]:
    """The roots by name: there are more than a hundred, and a certificate has one issuer."""
    found: dict[CanonicalName, tuple[Certificate, ...]] = {}
    for root in _mozilla_roots():
        found[root.canonical_subject] = (*found.get(root.canonical_subject, ()), root)
    return found


@cache
def _mozilla_roots() -> tuple[Certificate, ...]:
    """Read when the first CA file is judged: most runs have none."""
    import certifi  # noqa: PLC0415

    from mtls_lint.pki.load import facts_from  # noqa: PLC0415 - most of this module's users need no file
    from mtls_lint.pki.pem import split_blocks  # noqa: PLC0415

    data = certifi.contents().encode("ascii", "replace")
    return facts_from(data, split_blocks(data)).certificates
