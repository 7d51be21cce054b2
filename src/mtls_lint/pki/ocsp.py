"""A stapled OCSP response: which certificate it speaks of, and for how long."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.pki._crypto import exceptions, ocsp
from mtls_lint.pki.certificate import serial_text
from mtls_lint.pki.signature import family

if TYPE_CHECKING:
    from datetime import datetime


class StapledResponse(Struct, frozen=True):
    """The first answer in the file of ``ssl_stapling_file``.

    ``next_update`` is None when the response does not say until when it counts.
    """

    serial: str
    status: str
    this_update: datetime
    next_update: datetime | None
    signature_family: str | None
    signature_digest: str | None
    sha256: str

    @classmethod
    def from_der(cls, data: bytes) -> StapledResponse:
        """Load a response; ValueError says why it cannot be."""
        try:
            response = ocsp.load_der_ocsp_response(data)
            first = next(iter(response.responses))
            return cls(
                serial_text(first.serial_number),
                first.certificate_status.name.lower(),
                first.this_update_utc,
                first.next_update_utc,
                family(response.signature_algorithm_oid.dotted_string),
                _digest(response),
                hashlib.sha256(data).hexdigest(),
            )
        except (ValueError, TypeError, StopIteration, exceptions.UnsupportedAlgorithm) as error:
            raise ValueError(f"there is no OCSP response in it: {error}") from None


def _digest(response: ocsp.OCSPResponse) -> str | None:
    try:
        algorithm = response.signature_hash_algorithm
    except exceptions.UnsupportedAlgorithm:
        return None
    return None if algorithm is None else algorithm.name
