"""What partners document who call their customers' servers with a client certificate: CAs, names, protocols.

Only what their own pages and repositories say; ``source`` is where. A CA is known by the SHA-256 of its
public key (the encoded SubjectPublicKeyInfo) where its certificate was at hand, and by the names of the file
in which it comes.
"""

from __future__ import annotations

import os.path
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.pki.public_key import key_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtls_lint.pki.certificate import Certificate


_SUFFIXES = expression(r"(\.(pem|crt|cer|cert))+$")
_SIGNS = expression(r"[^a-z0-9]")


class PartnerCA(Struct, frozen=True):
    """A CA that a partner's recipe has, or had, its customers trust.

    ``whose`` names it in a sentence. ``files`` are the names under which it is published, compared without
    case, punctuation and ending. ``left`` is the day from which on the partner's certificates come from
    another one. ``test`` tells that it is for the partner's test environment. ``enters`` and ``instead`` are
    there for a CA by which the owner calls the servers of all customers alike: no name in the certificate
    tells one customer from another. They say who gets in by it, and what a single customer is offered.
    """

    whose: str
    files: tuple[str, ...] = ()
    key: str | None = None
    left: date | None = None
    test: bool = False
    enters: str = ""
    instead: str = ""

    def is_in(self, certificates: Iterable[Certificate]) -> bool:
        """Whether one of the certificates has its key."""
        keys = (one.public_key for one in certificates)
        return self.key is not None and any(key and key_sha256(key) == self.key for key in keys)

    def is_called(self, path: str) -> bool:
        """Whether the file has one of the names under which it is published."""
        return bool(self.files) and _plain(path) in map(_plain, self.files)


class Partner(Struct, frozen=True):
    """Somebody who calls servers of others with a client certificate.

    ``names`` are what its certificates are called, ``asks_for_name`` tells that its recipe wants them
    compared; ``protocols`` all versions of TLS that its calls speak, none where that is not known.
    """

    name: str
    source: str
    cas: tuple[PartnerCA, ...] = ()
    names: tuple[str, ...] = ()
    asks_for_name: bool = False
    protocols: tuple[str, ...] = ()

    @property
    def current(self) -> tuple[PartnerCA, ...]:
        """The CAs that its calls come from."""
        return tuple(ca for ca in self.cas if ca.left is None and not ca.test)

    def is_meant_by(self, text: str) -> bool:
        """Whether a text to compare names with, a regular expression perhaps, holds one of its names."""
        plain = text.replace("\\", "").lower()
        return any(name in plain for name in self.names)


_DIGICERT_GLOBAL_ROOT = "aff988906dde12955d9bebbf928fdcc31cce328d5b9384f21c8941ca26e20391"
_DIGICERT_GLOBAL_ROOT_G2 = "8bb593a93be1d0e8a822bb887c547890c3e706aad2dab76254f97fb36b82fc26"
_DIGICERT_HIGH_ASSURANCE = "5a889647220e54d6bd8a16817224520bb5c78e58984bd570506388b9de0f075f"

PARTNERS = (
    Partner(
        "Cloudflare",
        "https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/set-up/global/",
        (
            PartnerCA(
                "Cloudflare's CA for global authenticated origin pulls",
                ("authenticated_origin_pull_ca.pem",),
                "e2ef9fe85ac39f522dc773505f399875aa75ac10c49766ca899f8f99b07da34c",
                enters="the owner of any Cloudflare account",
                instead="upload a certificate of your own at Cloudflare (authenticated origin pulls for the"
                " zone or the host name) and trust its CA alone",
            ),
        ),
    ),
    Partner(
        "Meta",
        "https://developers.facebook.com/docs/graph-api/webhooks/getting-started#mtls-for-webhooks",
        (
            PartnerCA("Meta's CA for outbound calls", ("meta-outbound-api-ca-2025-12.pem",)),
            PartnerCA(
                "DigiCert High Assurance EV Root CA",
                ("DigiCertHighAssuranceEVRootCA.crt.pem",),
                _DIGICERT_HIGH_ASSURANCE,
                left=date(2026, 3, 31),
            ),
        ),
        ("client.webhooks.fbclientcerts.com",),
        asks_for_name=True,
    ),
    Partner(
        "PagerDuty",
        "https://github.com/PagerDuty/developer-docs/blob/main/docs/webhooks/03-Mutual-TLS.md",
        (
            PartnerCA("DigiCert Global Root G2", ("DigiCertGlobalRootG2.crt.pem",), _DIGICERT_GLOBAL_ROOT_G2),
            # https://github.com/PagerDuty/developer-docs/pull/118
            PartnerCA(
                "DigiCert Global Root CA",
                ("DigiCertGlobalRootCA.crt.pem",),
                _DIGICERT_GLOBAL_ROOT,
                left=date(2024, 12, 18),
            ),
        ),
        ("webhooks.pagerduty.com", "webhooks.eu.pagerduty.com"),
        asks_for_name=True,
        protocols=("TLSv1.2",),
    ),
    Partner(
        "Adobe Workfront",
        "https://experienceleague.adobe.com/en/docs/workfront/using/adobe-workfront-api/api-notes/event-sub-certs",
        (),
        ("eventsubscriptions.workfront.com",),
        asks_for_name=True,
        protocols=("TLSv1.2", "TLSv1.3"),
    ),
    Partner(
        "Slack",
        "https://api.slack.com/docs/verifying-requests-from-slack",
        (),
        ("platform-tls-client.slack.com",),
        asks_for_name=True,
    ),
    Partner(
        "DocuSign",
        "https://www.docusign.com/blog/dsdev-configuring-nginx-mutual-tls",
        (PartnerCA("the root of DocuSign Connect's certificate", ("connect_root.pem",)),),
        asks_for_name=True,
    ),
    Partner(
        "Efí",
        "https://dev.efipay.com.br/en/docs/api-pix/webhooks/",
        (
            PartnerCA("Efí's chain for production", ("certificate-chain-prod.crt",)),
            PartnerCA("Efí's chain for its test environment", ("certificate-chain-homolog.crt",), test=True),
        ),
    ),
)
"""Partners of whom something is documented that a configuration can get wrong."""


def known_cas(
    path: str, certificates: Iterable[Certificate], *, absent: bool
) -> tuple[tuple[Partner, PartnerCA, bool], ...]:
    """The CAs of partners in a file, each with whether only the name of the file tells.

    The name counts where the CA's key is not known, and where the file is not there.
    """
    found = []
    for partner in PARTNERS:
        for ca in partner.cas:
            called = (absent or ca.key is None) and ca.is_called(path)
            if called or ca.is_in(certificates):
                found.append((partner, ca, called))
    return tuple(found)


def shared_ca(certificate: Certificate) -> PartnerCA | None:
    """What is known of the CA when it is a partner's that all of his customers trust."""
    return next((ca for ca in _shared() if ca.is_in((certificate,))), None)


def shared_ca_file(path: str) -> PartnerCA | None:
    """What is known of the CA that all customers of a partner trust and that is published under this name."""
    return next((ca for ca in _shared() if ca.is_called(path)), None)


@cache
def _shared() -> tuple[PartnerCA, ...]:
    return tuple(ca for partner in PARTNERS for ca in partner.cas if ca.enters)


@lru_cache(256)
def _plain(path: str) -> str:
    """``DigiCert_Global_Root_CA.pem`` and ``DigiCertGlobalRootCA.crt.pem`` are one."""
    name = os.path.basename(path).lower()
    return _SIGNS.sub("", _SUFFIXES.sub("", name))
