"""What a file of certificates, keys and CRLs holds; ``load.py`` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList
    from mtls_lint.pki.key import PrivateKey


class Facts(Struct, frozen=True):
    """What a file holds; a defect is why nginx cannot read the file for that purpose, None when it can.

    ``doubts`` are blocks that could not be read here although OpenSSL may well accept them.
    """

    certificates: tuple[Certificate, ...] = ()
    keys: tuple[PrivateKey, ...] = ()
    crls: tuple[RevocationList, ...] = ()
    certificate_defect: str | None = None
    key_defect: str | None = None
    crl_defect: str | None = None
    doubts: tuple[str, ...] = ()


NOTHING = Facts()
"""Of a file that was not read."""
