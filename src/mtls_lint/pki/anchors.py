"""Trusted certificates by their names: bundles have hundreds, and each chain looks for a few of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.names import CanonicalName


class Anchors:
    """The certificates of a store, each once and in their order."""

    def __init__(self, certificates: Iterable[Certificate]) -> None:
        self._named: dict[CanonicalName, list[Certificate]] = {}
        for certificate in dict.fromkeys(certificates):
            self._named.setdefault(certificate.canonical_subject, []).append(certificate)

    def named_as_issuer(self, certificate: Certificate) -> Sequence[Certificate]:
        """Those that have the name of the certificate's issuer, as OpenSSL compares names."""
        return self._named.get(certificate.canonical_issuer, ())
