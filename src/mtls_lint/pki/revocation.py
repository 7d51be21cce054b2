"""CRL checks of a chain, as OpenSSL does them with CRL_CHECK and CRL_CHECK_ALL (what ``ssl_crl`` sets)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtls_lint.pki.verify_errors import VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList


def failures(
    chain: Sequence[Certificate], crls: Sequence[RevocationList], now: datetime
) -> Iterator[tuple[VerifyError, Certificate]]:
    """Every failure, from the leaf to the anchor: each certificate needs a CRL, the anchor too."""
    for depth, certificate in enumerate(chain):
        for error in _check(chain, depth, crls, now):
            yield error, certificate


def _check(
    chain: Sequence[Certificate], depth: int, crls: Sequence[RevocationList], now: datetime
) -> Iterator[VerifyError]:
    certificate = chain[depth]
    found = _best(chain, depth, crls, now)
    if found is None:
        yield VerifyError.UNABLE_TO_GET_CRL
        return
    crl, issuer = found
    usage = issuer.key_usage
    if not crl.is_delta and usage is not None and "cRLSign" not in usage:
        yield VerifyError.KEYUSAGE_NO_CRL_SIGN
    if crl.last_update > now:
        yield VerifyError.CRL_NOT_YET_VALID
    if crl.next_update is not None and crl.next_update <= now:
        yield VerifyError.CRL_HAS_EXPIRED
    if not crl.signed_by(issuer):
        yield VerifyError.CRL_SIGNATURE_FAILURE
    if crl.revokes(certificate):
        yield VerifyError.CERT_REVOKED


def _best(
    chain: Sequence[Certificate], depth: int, crls: Sequence[RevocationList], now: datetime
) -> tuple[RevocationList, Certificate] | None:
    """The CRL that OpenSSL uses: a current one before others, then the newest (get_crl_sk).

    A delta CRL is taken like any other, as OpenSSL did until 2026 (docs/evidence.md: trust). For an OpenSSL
    that passes over delta CRLs, leave them out of ``crls``.
    """
    certificate = chain[depth]
    best: tuple[int, datetime, RevocationList, Certificate] | None = None
    for crl in crls:
        if crl.canonical_issuer != certificate.canonical_issuer:
            continue
        issuer, same_path = _issuer(chain, depth, crl)
        if issuer is None:
            continue
        score = 2 * crl.is_current(now) + (not same_path)
        if best is None or score > best[0] or (score == best[0] and crl.last_update > best[1]):
            best = score, crl.last_update, crl, issuer
    return None if best is None else best[2:]


def _issuer(chain: Sequence[Certificate], depth: int, crl: RevocationList) -> tuple[Certificate | None, bool]:
    """The certificate of the chain that the CRL's key identifier fits, and whether it is not the next one."""
    next_depth = min(depth + 1, len(chain) - 1)
    if crl.identifies(chain[next_depth]):
        return chain[next_depth], False
    for candidate in chain[next_depth + 1 :]:
        if candidate.canonical_subject == crl.canonical_issuer and crl.identifies(candidate):
            return candidate, True
    return None, False
