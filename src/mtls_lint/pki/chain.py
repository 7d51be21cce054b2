"""The certificate file of a server: whether it holds what a client needs, in the order nginx needs."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mtls_lint.pki.certificate import Certificate


class Missing(Enum):
    """Whether an intermediate certificate is missing from the file."""

    NO = "no"
    CERTAIN = "certain"
    LIKELY = "likely"
    UNKNOWN = "unknown"


class ChainReport(Struct, frozen=True):
    """What stands in a server's certificate file.

    ``leaf`` is the first certificate, the one nginx looks for the key of. ``path`` goes from the leaf to
    the last issuer that is in the file, ``top``. ``misplaced_leaf`` is the certificate that should stand
    first when the first one issued another; ``unrelated`` issue nothing of the path and are sent for
    nothing; ``root`` is a self-signed certificate above the leaf, which clients ignore.
    ``missing_issuer`` is the intermediate that should follow ``top``, when it was seen elsewhere.
    """

    leaf: Certificate | None
    path: tuple[Certificate, ...] = ()
    misplaced_leaf: Certificate | None = None
    unrelated: tuple[Certificate, ...] = ()
    duplicates: tuple[Certificate, ...] = ()
    root: Certificate | None = None
    missing: Missing = Missing.NO
    missing_issuer: Certificate | None = None

    @property
    def own(self) -> Certificate | None:
        """The server's own certificate: the first one, or the one that should stand there."""
        return self.misplaced_leaf or self.leaf

    @property
    def top(self) -> Certificate | None:
        """The last certificate of the path."""
        return self.path[-1] if self.path else None


def inspect_chain(
    certificates: Sequence[Certificate],
    issuers_elsewhere: Callable[[Certificate], Sequence[Certificate]] = lambda _: (),
) -> ChainReport:
    """Report on the certificates of one ``ssl_certificate`` file.

    ``issuers_elsewhere`` gives the issuers of a certificate that are in other files.
    """
    if not certificates:
        return ChainReport(None)
    unique = tuple(dict.fromkeys(certificates))
    first = unique[0]
    path = _path(first, unique[1:])
    misplaced = _misplaced_leaf(unique)
    root = path[-1] if len(path) > 1 and path[-1].self_signed else None
    missing, issuer = (Missing.NO, None) if misplaced else _missing(path, issuers_elsewhere)
    return ChainReport(
        leaf=first,
        path=path,
        misplaced_leaf=misplaced,
        unrelated=() if misplaced else _unrelated(unique, path),
        duplicates=_duplicates(certificates) if len(unique) < len(certificates) else (),
        root=root,
        missing=missing,
        missing_issuer=issuer,
    )


def issuers_of(certificate: Certificate, candidates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Those candidates whose name, key identifier and signature say that they issued the certificate."""
    return tuple(c for c in candidates if c.may_have_issued(certificate) and c.signed(certificate))


def _path(leaf: Certificate, rest: Sequence[Certificate]) -> tuple[Certificate, ...]:
    path = [leaf]
    while not (below := path[-1]).self_signed:
        for one in rest:
            if one.may_have_issued(below) and one not in path and one.signed(below):
                path.append(one)
                break
        else:
            break
    return tuple(path)


def _duplicates(certificates: Sequence[Certificate]) -> tuple[Certificate, ...]:
    seen: set[Certificate] = set()
    found = []
    for certificate in certificates:
        if certificate in seen:
            found.append(certificate)
        seen.add(certificate)
    return tuple(found)


def _unrelated(certificates: Sequence[Certificate], path: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """What neither stands in the path nor issued, as another copy of an issuer, something that does."""
    if len(path) == len(certificates):
        return ()
    related = set(path)
    waiting = list(path)
    while waiting:
        issuers = set(issuers_of(waiting.pop(), certificates)) - related
        related |= issuers
        waiting += issuers
    return tuple(certificate for certificate in certificates if certificate not in related)


def _misplaced_leaf(certificates: Sequence[Certificate]) -> Certificate | None:
    """A later certificate that the first one issued, directly or not: then the first is not the leaf."""
    first = certificates[0]
    below = first
    found = None
    rest = list(certificates[1:])
    while True:
        issued = next((c for c in rest if below.may_have_issued(c) and below.signed(c)), None)
        if issued is None:
            return found
        rest.remove(issued)
        found = below = issued


def _missing(
    path: Sequence[Certificate], issuers_elsewhere: Callable[[Certificate], Sequence[Certificate]]
) -> tuple[Missing, Certificate | None]:
    top = path[-1]
    if top.self_signed:
        return Missing.NO, None
    issuers = issuers_elsewhere(top)
    if any(issuer.self_signed for issuer in issuers):
        return Missing.NO, None  # issued by a root, which clients have
    if issuers:
        return Missing.CERTAIN, issuers[0]
    if len(path) == 1 and not top.is_ca and top.ca_issuer_urls:
        # Public CAs never issue server certificates from a root (CA/Browser Forum Baseline Requirements,
        # 6.1.7), and it is they who say where the issuer's certificate can be had.
        return Missing.LIKELY, None
    return Missing.UNKNOWN, None
