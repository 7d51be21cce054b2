"""Which CAs of a server's trust let nobody in, whatever certificates they issue, and why."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.nginx.chain_check import ChainCheck
from mtls_lint.nginx.memory import kept

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.verify_errors import VerifyError

_ANY_DEPTH = 100
"""More intermediates than any chain has."""

_STRICTEST = 3
"""The security level that the imagined client (P-256, SHA-256) still meets; levels 4 and 5 ask for more."""


class Barrier(Struct, frozen=True):
    """Why no client of ``ca`` gets in: OpenSSL's errors, each with the certificate it is about.

    The last one is what nginx shows. ``needed`` is the ``ssl_verify_depth`` with which the clients would get
    in, None where none helps.
    """

    ca: "Certificate"
    failures: "tuple[tuple[VerifyError, Certificate], ...]"
    needed: int | None = None

    @property
    def error(self) -> "VerifyError":
        """The error that nginx shows."""
        return self.failures[-1][0]

    @property
    def culprit(self) -> "Certificate":
        """The certificate it is about."""
        return self.failures[-1][1]


@kept
def barriers(
    check: ChainCheck, certificates: "tuple[Certificate, ...]", now: datetime, *, soft_passes: bool = False
) -> tuple[Barrier, ...]:
    """The CAs among ``certificates`` (all trusted by ``check``) by which nobody gets in.

    Revocation is left out of account. ``soft_passes`` is for ``ssl_verify_client optional_no_ca``.
    """
    check = _at_best(check)
    deep = _at_any_depth(check)
    found = []
    for ca in dict.fromkeys(certificates):
        if not ca.is_ca:
            continue
        verdict = check.clients_of(ca, now)
        if verdict.ok or (soft_passes and verdict.soft):
            continue
        at_best = deep.clients_of(ca, now)
        if at_best.ok:
            found.append(Barrier(ca, verdict.errors, at_best.intermediates))
        elif not (soft_passes and at_best.soft):
            found.append(Barrier(ca, at_best.errors))
    return tuple(found)


def lets_clients_in(check: ChainCheck, ca: "Certificate", now: datetime) -> bool:
    """Whether the best client certificate that ``ca`` could issue passes, revocation left out of account."""
    return _at_best(check).clients_of(ca, now).ok


@kept
def lets_anybody_in(check: ChainCheck, now: datetime) -> bool:
    """Whether some client certificate passes: one that a trusted CA issues, or a trusted one itself."""
    check = _at_best(check)
    return any(
        (one.is_ca and check.clients_of(one, now).ok) or check.verify((one,), now).ok for one in check.store
    )


@kept
def _at_best(check: ChainCheck) -> ChainCheck:
    """The check without revocation, and no stricter than the imagined client can meet."""
    return replace(check.without_crls, level=min(check.level, _STRICTEST))


@kept
def _at_any_depth(check: ChainCheck) -> ChainCheck:
    return replace(check, depth=_ANY_DEPTH)


def is_said_elsewhere(barrier: Barrier) -> bool:
    """Whether some error of the barrier is one that has a rule about the certificate alone.

    These are dates, weak keys and signatures, and chains that end at no anchor.
    """
    from mtls_lint.pki.strength import weak_key, weak_signature  # noqa: PLC0415 - as in chain_check
    from mtls_lint.pki.verify_errors import VerifyError  # noqa: PLC0415

    plain = {
        VerifyError.UNABLE_TO_GET_ISSUER_CERT,
        VerifyError.UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        VerifyError.UNABLE_TO_VERIFY_LEAF_SIGNATURE,
        VerifyError.CERT_NOT_YET_VALID,
        VerifyError.CERT_HAS_EXPIRED,
    }
    return any(
        error in plain
        or (error is VerifyError.CA_KEY_TOO_SMALL and weak_key(culprit) is not None)
        or (error is VerifyError.CA_MD_TOO_WEAK and weak_signature(culprit) is not None)
        for error, culprit in barrier.failures
    )
