"""Verification of a client's chain, or of an upstream's, as OpenSSL 3 does it for nginx.

The steps and their order are those of X509_verify_cert in crypto/x509/x509_vfy.c. nginx's callback lets
OpenSSL go on behind every error, so that the last one counts: it is what ``$ssl_client_verify`` shows and
what decides whether ``optional_no_ca`` lets the client pass.

Where the store holds several certificates of one name, OpenSSL takes them in the order of a sort by name:
with glibc that is the order of the file, which is assumed here; other C libraries need not keep it.

Not covered: proxy certificates, certificate policies, the old Netscape extensions, explicit curve
parameters, and what the TLS layer refuses before a chain is looked at (such as keys on P-224).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.pki import name_constraints, revocation
from mtls_lint.pki.anchors import Anchors
from mtls_lint.pki.peer import Peer
from mtls_lint.pki.strength import LEVEL_BITS, key_security_bits, signature_security_bits
from mtls_lint.pki.synthetic import SyntheticPeer
from mtls_lint.pki.verify_errors import VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList

    Failure = tuple[VerifyError, Certificate]


class Verdict(Struct, frozen=True):
    """What OpenSSL says of a peer's chain.

    ``error`` is the one that counts, the last of ``errors``; each names the certificate it is about.
    ``chain`` is the chain that was built, leaf first. ``soft`` tells that ``optional_no_ca`` lets it pass.
    """

    ok: bool
    error: VerifyError | None
    sentence: str
    soft: bool
    chain: tuple[Certificate, ...]
    errors: tuple[Failure, ...] = ()

    @property
    def text(self) -> str:
        """What ``$ssl_client_verify`` holds."""
        return "SUCCESS" if self.error is None else f"FAILED:{self.error.text}"

    @property
    def intermediates(self) -> int:
        """Certificates between leaf and anchor: the least ``ssl_verify_depth`` for this chain."""
        return max(len(self.chain) - 2, 0)


class _Chain(Struct, frozen=True):
    """``certificates`` leaf first; from ``trusted_from`` on they are from the store.

    ``anchored`` tells that the last one ends a chain, ``rejected`` are those marked as not trusted.
    """

    certificates: tuple[Certificate, ...]
    trusted_from: int
    anchored: bool
    rejected: tuple[Certificate, ...]


def verify(
    chain: Sequence[Certificate],
    store: Sequence[Certificate] | Anchors,
    depth: int,
    now: datetime,
    crls: Sequence[RevocationList] | None = None,
    security_level: int = 2,
    peer: Peer = Peer.CLIENT,
) -> Verdict:
    """What nginx says of a peer that sends ``chain`` (leaf first).

    ``store`` are the certificates of ``ssl_client_certificate`` and ``ssl_trusted_certificate`` (for a server
    those of ``proxy_ssl_trusted_certificate``), ``depth`` is ``ssl_verify_depth``, ``crls`` are those of
    ``ssl_crl`` (None without it), ``security_level`` the one of the cipher string. The name of a server is
    no part of this: see ``host_check``.
    """
    anchors = store if isinstance(store, Anchors) else Anchors(store)
    errors: list[Failure] = []
    minimum = LEVEL_BITS[max(0, min(security_level, 5))]
    if (key_security_bits(chain[0]) or 0) < minimum:
        errors.append((VerifyError.EE_KEY_TOO_SMALL, chain[0]))
    built = _build(chain, anchors, depth, now, peer)
    certificates = built.certificates
    errors += ((VerifyError.CERT_REJECTED, certificate) for certificate in built.rejected)
    if not built.anchored and not errors:  # "a preliminary error has become final" in build_chain()
        errors += _untrusted(built, depth)
    errors += _check_extensions(built, peer)
    if minimum:
        errors += _check_strength(certificates, minimum)
    if crls is not None:
        errors += revocation.failures(certificates, crls, now)
    errors += _check_signatures(certificates, now)
    errors += name_constraints.violations(certificates)
    if not errors:
        return Verdict(True, None, f"{certificates[0].display_name} is accepted", False, certificates)
    error, culprit = errors[-1]
    sentence = f"{culprit.display_name} {error.meaning_for(peer)}"
    return Verdict(False, error, sentence, error.soft, certificates, tuple(errors))


def can_anything_pass(
    store: Sequence[Certificate] | Anchors,
    ca: Certificate,
    depth: int,
    now: datetime,
    crls: Sequence[RevocationList] | None = None,
    security_level: int = 2,
    sent: Sequence[Certificate] = (),
    peer: Peer = Peer.CLIENT,
) -> Verdict:
    """The verdict on a peer with a flawless certificate issued by ``ca``, which sends ``sent`` along.

    An error in it keeps everybody out whom this CA has issued a certificate.
    """
    return verify((SyntheticPeer(ca, now, peer), *sent), store, depth, now, crls, security_level, peer)


def _build(sent: Sequence[Certificate], anchors: Anchors, depth: int, now: datetime, peer: Peer) -> _Chain:
    """Follow build_chain(): the store comes first, and once it gave a certificate only it may give more."""
    chain = [sent[0]]
    untrusted = list(sent)
    trusted_from = 1
    use_sent = True
    rejected: list[Certificate] = []
    while True:
        current = chain[-1]
        named = anchors.named_as_issuer(current) if len(chain) <= depth + 1 else ()
        issuer = _best_issuer(current, named, now)
        if issuer is not None:
            if not current.self_signed:
                chain.append(issuer)
            elif issuer != current:  # a self-signed namesake of an anchor
                issuer = None
            else:
                chain[-1] = issuer
                trusted_from = min(trusted_from, len(chain) - 1)
        if issuer is not None:
            use_sent = False
            trust = _explicit_trust(issuer, peer)
            if trust or (trust is None and issuer.self_signed):
                return _Chain(tuple(chain), trusted_from, True, tuple(rejected))
            if trust is False:
                rejected.append(issuer)
            if not issuer.self_signed:
                continue
        if not use_sent:
            break
        candidates = [c for c in untrusted if c not in chain]
        issuer = (
            _best_issuer(current, candidates, now)
            if not current.self_signed and len(chain) <= depth + 1
            else None
        )
        if issuer is None:
            use_sent = False
            break
        untrusted.remove(issuer)
        chain.append(issuer)
        trusted_from = len(chain)
    return _Chain(tuple(chain), trusted_from, False, tuple(rejected))


def _untrusted(built: _Chain, depth: int) -> Iterator[Failure]:
    chain = built.certificates
    top = chain[-1]
    if len(chain) > depth + 1:
        yield VerifyError.CERT_CHAIN_TOO_LONG, top
    if top.self_signed:
        alone = len(chain) == 1
        yield VerifyError.DEPTH_ZERO_SELF_SIGNED_CERT if alone else VerifyError.SELF_SIGNED_CERT_IN_CHAIN, top
    elif built.trusted_from < len(chain):
        yield VerifyError.UNABLE_TO_GET_ISSUER_CERT, top
    else:
        yield VerifyError.UNABLE_TO_GET_ISSUER_CERT_LOCALLY, top


def _best_issuer(
    subject: Certificate, candidates: Sequence[Certificate], now: datetime
) -> Certificate | None:
    """The first candidate that is valid now, else the one that expires last."""
    possible = [candidate for candidate in candidates if candidate.may_have_issued(subject)]
    valid = (candidate for candidate in possible if candidate.not_before <= now < candidate.not_after)
    return next(valid, None) or max(possible, key=lambda candidate: candidate.not_after, default=None)


def _explicit_trust(certificate: Certificate, peer: Peer) -> bool | None:
    """What the settings of a TRUSTED CERTIFICATE block say about peers; None when they say nothing."""
    if peer.usage in (certificate.aux_reject or ()):
        return False
    if certificate.aux_trust is not None:
        return peer.usage in certificate.aux_trust
    return None


def _check_extensions(built: _Chain, peer: Peer) -> Iterator[Failure]:
    """Follow check_extensions() and check_purpose()."""
    below = 0  # intermediates that are not self-issued
    last = len(built.certificates) - 1
    for depth, certificate in enumerate(built.certificates):
        if certificate.extensions.unknown_critical:
            yield VerifyError.UNHANDLED_CRITICAL_EXTENSION, certificate
        if depth and not (certificate.tolerated_as_ca and (depth == last or certificate.basic_constraints)):
            yield VerifyError.INVALID_CA, certificate
        trust = _explicit_trust(certificate, peer) if depth >= built.trusted_from else None
        if trust is False or (trust is None and not _fits_purpose(certificate, peer, leaf=depth == 0)):
            yield VerifyError.INVALID_PURPOSE, certificate
        limit = certificate.path_length
        if depth > 1 and limit is not None and below > limit:
            yield VerifyError.PATH_LENGTH_EXCEEDED, certificate
        if depth and not certificate.self_issued:
            below += 1


def _fits_purpose(certificate: Certificate, peer: Peer, *, leaf: bool) -> bool:
    extended, usage = certificate.extended_key_usage, certificate.key_usage
    if extended is not None and not extended & peer.usages:
        return False
    if not leaf:
        return certificate.tolerated_as_ca
    return usage is None or bool(usage & peer.leaf_usages)


def _check_strength(chain: Sequence[Certificate], minimum: int) -> Iterator[Failure]:
    """Follow check_auth_level(): the signature of the topmost certificate is not rated."""
    for depth, certificate in enumerate(chain):
        if depth and (key_security_bits(certificate) or 0) < minimum:
            yield VerifyError.CA_KEY_TOO_SMALL, certificate
        if depth < len(chain) - 1 and (signature_security_bits(certificate) or 0) < minimum:
            yield VerifyError.CA_MD_TOO_WEAK, certificate


def _check_signatures(chain: Sequence[Certificate], now: datetime) -> Iterator[Failure]:
    """Follow internal_verify(): from the top down, signature before dates; a self-signature is not tested."""
    top = len(chain) - 1
    if chain[top].may_have_issued(chain[top]):
        yield from _check_dates(chain[top], now)
    elif top == 0:
        yield VerifyError.UNABLE_TO_VERIFY_LEAF_SIGNATURE, chain[0]
        yield from _check_dates(chain[0], now)
    for depth in reversed(range(top)):
        issuer, subject = chain[depth + 1], chain[depth]
        usage = issuer.key_usage
        if usage is not None and "keyCertSign" not in usage:
            yield VerifyError.KEYUSAGE_NO_CERTSIGN, issuer
        if issuer.public_key is None:
            yield VerifyError.UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, issuer
        elif not issuer.signed(subject):
            yield VerifyError.CERT_SIGNATURE_FAILURE, subject
        yield from _check_dates(subject, now)


def _check_dates(certificate: Certificate, now: datetime) -> Iterator[Failure]:
    if certificate.not_before > now:
        yield VerifyError.CERT_NOT_YET_VALID, certificate
    if certificate.not_after <= now:
        yield VerifyError.CERT_HAS_EXPIRED, certificate
