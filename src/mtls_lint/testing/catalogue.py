"""Named certificates, keys and CRLs for the examples of rules, which speak of them as ``/pki/<name>``.

Nothing is made before it is asked for, and everything at most once in a process. To add material, add a
line to ``_CATALOGUE``.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509

from mtls_lint.testing.pki import CLOCK, EXPIRED, EXPIRING, FUTURE, Authority, Identity, Validity, make_key
from mtls_lint.testing.published import (
    CLOUDFLARE_ORIGIN_PULL_CA,
    DIGICERT_GLOBAL_ROOT,
    DIGICERT_GLOBAL_ROOT_G2,
    DIGICERT_HIGH_ASSURANCE_EV_ROOT,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

PREFIX = "/pki/"
"""The directory in which examples find the material."""

PASSPHRASE = b"test-passphrase"
"""Of every encrypted key here."""

_WWW = ("www.example.com", "api.example.com", "example.com")
_INTERMEDIATE_URL = "http://ca.example.com/intermediate.cer"
_OCSP_URL = "http://ocsp.example.com/"
_BASELINE = Validity.between("2026-05-01", "2026-11-17")
"""200 days: what a public CA may issue since 2026-03-15."""
_TOO_LONG = Validity.between("2026-05-01", "2027-05-01")
_DOMAIN_VALIDATED = x509.Extension(
    x509.CertificatePolicies.oid,
    critical=False,
    value=x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), policy_qualifiers=None)]
    ),
)
"""What certificates of public CAs say of themselves."""
_EXPIRED_CA = Validity.between("2014-01-01", "2025-01-01")
_EXPIRING_CA = Validity.between("2017-01-01", "2027-01-01")


@cache
def identity(name: str) -> Identity:
    """The certificate, key and issuer behind a name of the catalogue, such as "server" or "client"."""
    return _IDENTITIES[name]()


@cache
def authority(name: str) -> Authority:
    """The CA behind a name: root, other-root, intermediate, rsa-root and those that are odd in one way."""
    return _AUTHORITIES[name]()


def _root() -> Authority:
    return authority("root")


_AUTHORITIES: Mapping[str, Callable[[], Authority]] = {
    "root": lambda: Authority.root("Example Root CA"),
    "other-root": lambda: Authority.root("Other Root CA"),
    "rsa-root": lambda: Authority.root("Example RSA Root CA", key="rsa2048"),
    "intermediate": lambda: _root().intermediate("Example Intermediate CA"),
    "issuing": lambda: authority("intermediate").intermediate("Example Issuing CA"),
    "ca-expired": lambda: Authority.root("Expired Root CA", validity=_EXPIRED_CA),
    "ca-expiring": lambda: Authority.root("Expiring Root CA", validity=_EXPIRING_CA),
    "ca-future": lambda: Authority.root("Future Root CA", validity=FUTURE),
    "ca-weak-rsa": lambda: Authority.root("Weak Root CA", key="rsa1024"),
    "ca-sha1-intermediate": lambda: authority("rsa-root").intermediate(
        "SHA-1 Intermediate CA", digest="sha1"
    ),
    "ca-sha1-root": lambda: Authority.root("SHA-1 Root CA", key="rsa2048", digest="sha1"),
    "ca-no-cert-sign": lambda: Authority.root("Root CA without keyCertSign", key_usage=("cRLSign",)),
    "ca-no-crl-sign": lambda: Authority.root("Root CA without cRLSign", key_usage=("keyCertSign",)),
    "ca-server-eku": lambda: Authority.root("Server Root CA", extended_key_usage=("serverAuth",)),
    "ca-any-eku": lambda: Authority.root("Any Purpose Root CA", extended_key_usage=("any",)),
    "ca-v1": lambda: Authority.root("Version 1 Root CA", version=1),
    "ca-bounded": lambda: Authority.root("Bounded Root CA", path_length=1),
    "ca-beyond": lambda: authority("ca-constrained").intermediate("CA below the last Intermediate CA"),
    "ocsp-intermediate": lambda: _root().intermediate("OCSP Intermediate CA", ocsp=_OCSP_URL),
    "https-ocsp-intermediate": lambda: _root().intermediate(
        "HTTPS OCSP Intermediate CA", ocsp=_OCSP_URL.replace("http", "https", 1)
    ),
    # Of partners whose own CAs are not at hand: the names of their files.
    "meta-outbound-api-ca-2025-12": lambda: Authority.root("Caller's Root CA"),
    "connect_root": lambda: Authority.root("Connecting Root CA"),
    "pix-prod": lambda: Authority.root("Production Root CA"),
    "pix-homolog": lambda: Authority.root("Test Root CA"),
    "ca-constrained": lambda: _root().intermediate("Last Intermediate CA", path_length=0),
}

_IDENTITIES: Mapping[str, Callable[[], Identity]] = {
    "server": lambda: _root().server(*_WWW),
    "server-any-use": lambda: _root().server(*_WWW, extended_key_usage=None),
    "wildcard": lambda: _root().server("*.example.com"),
    "server-chain": lambda: authority("intermediate").server(*_WWW, ca_issuers=_INTERMEDIATE_URL),
    "server-ocsp": lambda: _root().server(*_WWW, ocsp=_OCSP_URL),
    "server-https-ocsp": lambda: _root().server(*_WWW, ocsp=_OCSP_URL.replace("http", "https", 1)),
    "must-staple-no-ocsp": lambda: _root().server(*_WWW, must_staple=True),
    "must-staple": lambda: _root().server(*_WWW, ocsp=_OCSP_URL, must_staple=True),
    "expired": lambda: _root().server(*_WWW, validity=EXPIRED),
    "expiring": lambda: _root().server(*_WWW, validity=EXPIRING),
    "future": lambda: _root().server(*_WWW, validity=FUTURE),
    "baseline": lambda: _root().server(*_WWW, validity=_BASELINE, extra=(_DOMAIN_VALIDATED,)),
    "baseline-too-long": lambda: _root().server(*_WWW, validity=_TOO_LONG, extra=(_DOMAIN_VALIDATED,)),
    "baseline-client": lambda: _root().server(
        *_WWW,
        validity=_BASELINE,
        extended_key_usage=("serverAuth", "clientAuth"),
        extra=(_DOMAIN_VALIDATED,),
    ),
    "rsa": lambda: authority("rsa-root").server(*_WWW, key="rsa2048"),
    "weak-rsa": lambda: _root().server(*_WWW, key="rsa1024"),
    "sha1": lambda: authority("rsa-root").server(*_WWW, digest="sha1"),
    "ed25519": lambda: _root().server(*_WWW, key="ed25519"),
    "client-only-eku": lambda: _root().server(*_WWW, extended_key_usage=("clientAuth",)),
    "no-digital-signature": lambda: _root().server(*_WWW, key="rsa2048", key_usage=("keyEncipherment",)),
    "cn-only": lambda: _root().server(_WWW[0], dns=()),
    "ip": lambda: _root().server("192.0.2.1", dns=(), ips=("192.0.2.1",)),
    "idn": lambda: _root().server("xn--bcher-kva.example"),
    "other-name": lambda: _root().server("other.example.net"),
    "client": lambda: _root().client("alice"),
    "client-chain": lambda: authority("intermediate").client("bob"),
    "revoked-client": lambda: _root().client("mallory"),
    "expired-client": lambda: _root().client("carol", validity=EXPIRED),
    "expiring-client": lambda: _root().client("dave", validity=EXPIRING),
    "server-eku-client": lambda: _root().client("erin", extended_key_usage=("serverAuth",)),
    "stranger": lambda: authority("other-root").client("eve"),
    "self-signed-client": lambda: Identity.self_signed("pinned client"),
    "ca-not-a-ca": lambda: _root().client("not a CA"),
}


def _crl(name: str, *revoked: str, **dates: int) -> bytes:
    """A CRL of an authority; ``last`` and ``next`` are days from CLOCK."""
    moments = {f"{which}_update": CLOCK + timedelta(days=days) for which, days in dates.items()}
    return authority(name).crl(*map(identity, revoked), **moments)  # type: ignore[arg-type]


def _delta() -> bytes:
    return authority("root").crl(number=2, delta_of=1)


def _trusted(name: str) -> bytes:
    """A TRUSTED CERTIFICATE for clientAuth: the trust settings stand behind the certificate."""
    settings = bytes.fromhex("300c300a06082b06010505070302")
    text = base64.encodebytes(authority(name).der + settings).replace(b"\n", b"")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join(
        [b"-----BEGIN TRUSTED CERTIFICATE-----", *lines, b"-----END TRUSTED CERTIFICATE-----", b""]
    )


def _roots(count: int, more: str) -> bytes:
    """Roots with names of their own; ``more`` is added to each name."""
    key = make_key("p256")
    roots = (
        Authority.root("partner", subject=f"CN=Partner {number} CA{more}", own_key=key)
        for number in range(count)
    )
    return b"".join(root.pem for root in roots)


def _public_roots() -> list[bytes]:
    """The roots of the web; first one that will be among them for long."""
    import certifi  # noqa: PLC0415 - for two names of the catalogue only

    end = "-----END CERTIFICATE-----"
    blocks = [f"{block}{end}\n" for block in certifi.contents().split(end)[:-1]]
    return [block.encode() for block in sorted(blocks, key=lambda block: "ISRG Root X1" not in block)]


def _broken() -> bytes:
    good = _root().pem
    return good + good.replace(b"\nM", b"\n!", 1)


_CATALOGUE: dict[str, Callable[[], bytes]] = {
    # trust anchors
    "chain-bundle.pem": lambda: authority("intermediate").chain_pem(root=True),
    "two-intermediates-bundle.pem": lambda: authority("issuing").chain_pem(root=True),
    "beyond-path-length.pem": lambda: authority("ca-beyond").chain_pem(root=True),
    "many-roots.pem": lambda: _roots(10, ""),
    "too-many-names.pem": lambda: _roots(70, ",OU=".join(["", *["x" * 60] * 16])),
    "public-root.pem": lambda: _public_roots()[0],
    "public-bundle.pem": lambda: b"".join(_public_roots()),
    "authenticated_origin_pull_ca.pem": lambda: CLOUDFLARE_ORIGIN_PULL_CA,
    "DigiCertHighAssuranceEVRootCA.pem": lambda: DIGICERT_HIGH_ASSURANCE_EV_ROOT,
    "DigiCertGlobalRootCA.pem": lambda: DIGICERT_GLOBAL_ROOT,
    "DigiCertGlobalRootG2.pem": lambda: DIGICERT_GLOBAL_ROOT_G2,
    "certificate-chain-prod.crt": lambda: authority("pix-prod").pem,
    "certificate-chain-homolog.crt": lambda: authority("pix-homolog").pem,
    "two-roots.pem": lambda: _root().pem + authority("other-root").pem,
    "duplicate-root.pem": lambda: _root().pem * 2,
    "ca-sha1-intermediate.pem": lambda: authority("ca-sha1-intermediate").chain_pem(root=True),
    "ca-with-key.pem": lambda: _root().pem + _root().key_pem(),
    "ca-with-crl.pem": lambda: _root().pem + _crl("root"),
    "ca-with-leaf.pem": lambda: _root().pem + identity("ca-not-a-ca").pem,
    "root-and-pinned.pem": lambda: _root().pem + identity("self-signed-client").pem,
    "ocsp-intermediate-bundle.pem": lambda: authority("ocsp-intermediate").chain_pem(root=True),
    "https-ocsp-bundle.pem": lambda: authority("https-ocsp-intermediate").chain_pem(root=True),
    "trusted.pem": lambda: _trusted("root"),
    "trusted-intermediate.pem": lambda: _trusted("intermediate"),
    # files that are something else
    "ca.der": lambda: _root().der,
    "empty.pem": lambda: b"",
    "garbage.pem": lambda: b"this is not a certificate\n",
    "broken.pem": _broken,
    "indented.pem": lambda: _root().pem.replace(b"-----BEGIN", b"  -----BEGIN"),
    "csr.pem": lambda: identity("server").request_pem(),
    "key-only.pem": lambda: identity("server").key_pem(),
    "lfs.pem": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n",
    # server certificates
    "server-chain.pem": lambda: identity("server-chain").chain_pem(),
    "server-chain-reversed.pem": lambda: authority("intermediate").pem + identity("server-chain").pem,
    "server-chain-stray.pem": lambda: identity("server-chain").chain_pem() + authority("other-root").pem,
    "server-leaf-only.pem": lambda: identity("server-chain").pem,
    "server-with-root.pem": lambda: identity("server-chain").chain_pem(root=True),
    "server-with-key.pem": lambda: identity("server").pem + identity("server").key_pem(),
    "client-chain.pem": lambda: identity("client-chain").chain_pem(),
    # keys and passwords
    "encrypted.key": lambda: identity("server").key_pem(PASSPHRASE),
    "encrypted-legacy.key": lambda: identity("server").key_pem(PASSPHRASE, traditional=True),
    "traditional.key": lambda: identity("server").key_pem(traditional=True),
    "passwords.txt": lambda: b"another-passphrase\n" + PASSPHRASE + b"\n",
    "wrong-passwords.txt": lambda: b"wrong-passphrase\n",
    "ticket.key": lambda: bytes(range(80)),
    # permissions: see ``mode``
    "readable.key": lambda: identity("server").key_pem(),
    "readable-passwords.txt": lambda: PASSPHRASE + b"\n",
    "readable-ticket.key": lambda: bytes(range(80)),
    "writable-ca.pem": lambda: _root().pem,
    # revocation
    "crl.pem": lambda: _crl("root", "revoked-client"),
    "crl-empty.pem": lambda: _crl("root"),
    "crl-chain.pem": lambda: _crl("root", "revoked-client") + _crl("intermediate"),
    "crl-intermediate.pem": lambda: _crl("intermediate"),
    "crl-expired.pem": lambda: _crl("root", last=-60, next=-30),
    "crl-expiring.pem": lambda: _crl("root", last=-28, next=2),
    "crl-future.pem": lambda: _crl("root", last=365, next=730),
    "crl-other.pem": lambda: _crl("other-root"),
    "crl-delta.pem": _delta,
    "crl-with-ca.pem": lambda: _crl("root") + authority("other-root").pem,
    "crl-two-cas.pem": lambda: _crl("root") + _crl("other-root"),
    "crl-two-cas-with-ca.pem": lambda: _crl("root") + _crl("other-root") + authority("other-root").pem,
    "crl-with-intermediate.pem": lambda: _crl("root") + authority("intermediate").pem,
    "crl-of-expired-ca.pem": lambda: _crl("ca-expired", last=-60, next=-30),
    "crl-bad-certificate.pem": lambda: (
        _crl("root") + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    ),
    "crl-with-own-ca.pem": lambda: _crl("root") + _root().pem,
    "crl-renewed.pem": lambda: _crl("root", last=-60, next=-30) + _crl("root", "revoked-client"),
    "crl-with-delta.pem": lambda: _crl("root", "revoked-client", last=-2) + _delta(),
    "crl-of-old-key.pem": lambda: Authority.root("Example Root CA").crl(),
    "crl-forged.pem": lambda: Authority.root("Example Root CA").crl(authority_key=False),
    "crl-no-crl-sign.pem": lambda: _crl("ca-no-crl-sign"),
    "crl-sha1.pem": lambda: authority("rsa-root").crl(digest="sha1"),
}


def _certificate(name: str) -> Callable[[], bytes]:
    return lambda: identity(name).pem


def _key(name: str) -> Callable[[], bytes]:
    return lambda: identity(name).key_pem()


def _authority_certificate(name: str) -> Callable[[], bytes]:
    return lambda: authority(name).pem


for _name in _IDENTITIES:
    _CATALOGUE.setdefault(f"{_name}.pem", _certificate(_name))
    _CATALOGUE.setdefault(f"{_name}.key", _key(_name))
for _name in _AUTHORITIES:
    _CATALOGUE.setdefault(f"{_name}.pem", _authority_certificate(_name))


def names() -> tuple[str, ...]:
    """Every file name of the catalogue."""
    return tuple(sorted(_CATALOGUE))


@cache
def content(name: str) -> bytes:
    """The bytes of one file, the same ones for the life of the process; ValueError for an unknown name."""
    make = _CATALOGUE.get(name.removeprefix(PREFIX))
    if make is None:
        raise ValueError(
            f"there is no {name!r} in the catalogue of test certificates (mtls_lint.testing.catalogue)"
        )
    return make()


def mode(name: str) -> int:
    """The permissions of a file: secrets are their owner's, but for those whose name says otherwise."""
    short = name.removeprefix(PREFIX)
    if short.startswith("writable-"):
        return 0o666
    secret = short.endswith(".key") or "passwords" in short or b"PRIVATE KEY-----" in content(short)
    return 0o600 if secret and not short.startswith("readable") else 0o644


def materialise(directory: Path, wanted: Iterable[str] | None = None) -> None:
    """Write the wanted files (``/pki/`` before a name is fine), or all of them, into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in names() if wanted is None else wanted:
        short = name.removeprefix(PREFIX)
        path = directory / short
        path.write_bytes(content(short))
        path.chmod(mode(short))
