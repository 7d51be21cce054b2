"""Which certificates are CAs of the web: anybody can have a certificate from them.

The roots are Mozilla's, as the package certifi has them, and those that Mozilla dropped lately. They are
known by their key, so that another certificate for the same key (renewed, or signed by another root) is
known too; what stands below them is known by its signature.
"""

from __future__ import annotations

import os.path
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mtls_lint.pki.load import facts_from
from mtls_lint.pki.pem import PemBlock, split_blocks
from mtls_lint.pki.public_key import key_sha256
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
    named: dict[CanonicalName, list[Certificate]] = {}
    for candidate in candidates:
        named.setdefault(candidate.canonical_subject, []).append(candidate)
    issuers = {
        candidate: [one for one in named.get(candidate.canonical_issuer, ()) if _issued(one, candidate)]
        for candidate in candidates
    }
    # What another of the candidates has signed is as public as that one: roots need not be looked through.
    public = {
        candidate
        for candidate in candidates
        if _is_public_root(candidate) or (not issuers[candidate] and _is_below_a_root(candidate))
    }
    found = True
    while found:  # an intermediate below an intermediate
        below = {one for one in candidates if one not in public and not public.isdisjoint(issuers[one])}
        public |= below
        found = bool(below)
    return tuple(certificate for certificate in candidates if certificate in public)


def comes_from_public_ca(path: Sequence[Certificate]) -> bool | None:
    """Whether a CA of the web issued the first certificate of a path; the others issued the one before them.

    None when nobody in the path is known as public or private, but the certificate says of itself that it was
    issued by the rules of these CAs (a reserved policy: CA/Browser Forum Baseline Requirements, 7.1.6.1).
    """
    if any(_is_public_root(certificate) or _is_below_a_root(certificate) for certificate in path):
        return True
    ends = path[-1].self_signed
    return None if not ends and path[0].extensions.policies & _RESERVED_POLICIES else False


def is_bundle(certificates: Iterable[Certificate]) -> bool:
    """Whether the certificates are all the roots of the web, or nearly, as operating systems bring them."""
    unique = dict.fromkeys(certificates)
    return len(unique) >= _MANY and sum(map(_is_public_root, unique)) >= _MANY


def is_system_bundle(path: str) -> bool:
    """Whether an operating system, or the package certifi, keeps the roots of the web at this path."""
    plain = os.path.normpath(path)
    return plain in SYSTEM_BUNDLES or plain.endswith("/certifi/cacert.pem")


@cache
def _is_public_root(certificate: Certificate) -> bool:
    encoded = certificate.public_key
    if encoded is None:
        return False
    if key_sha256(encoded) in FORMER_ROOTS:
        return True
    # To look for the bytes of a key is quicker than to load a hundred certificates.
    if encoded not in _mozilla_bytes():
        return False
    roots = (root for root in _mozilla_blocks() if encoded in root.data)
    return any(one.public_key == encoded for root in roots for one in facts_from(b"", (root,)).certificates)


def _is_below_a_root(certificate: Certificate) -> bool:
    if _issued(certificate, certificate):
        return False  # with its own key, hence with no other
    return any(_issued(root, certificate) for root in _mozilla_names().get(certificate.canonical_issuer, ()))


def _issued(issuer: Certificate, certificate: Certificate) -> bool:
    return issuer.may_have_issued(certificate) and issuer.signed(certificate)


@cache
def _mozilla_names() -> dict[CanonicalName, tuple[Certificate, ...]]:
    """The roots by name: there are more than a hundred, and a certificate has one issuer."""
    found: dict[CanonicalName, tuple[Certificate, ...]] = {}
    for root in facts_from(_bundle(), _mozilla_blocks()).certificates:
        found[root.canonical_subject] = (*found.get(root.canonical_subject, ()), root)
    return found


@cache
def _mozilla_bytes() -> bytes:
    return b"".join(block.data for block in _mozilla_blocks())


@cache
def _mozilla_blocks() -> tuple[PemBlock, ...]:
    """The roots, read when the first CA file is judged: most runs have none."""
    return split_blocks(_bundle())


@cache
def _bundle() -> bytes:
    """The text of certifi. To import certifi for it takes longer than to judge a small file."""
    package = find_spec("certifi")
    for directory in (package and package.submodule_search_locations) or ():
        file = os.path.join(directory, "cacert.pem")
        if os.path.isfile(file):
            with open(file, "rb") as stream:
                return stream.read()
    # Distributions have their own bundle instead, and certifi knows where; so it does in an archive.
    import certifi  # noqa: PLC0415

    return certifi.contents().encode("ascii", "replace")
