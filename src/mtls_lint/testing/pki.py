"""Test certificates: sensible by default, one deviation per call.

    root = Authority.root("Example Root")
    intermediate = root.intermediate("Example Intermediate")
    server = intermediate.server("www.example.com", validity=EXPIRED)
    server.chain_pem()     # leaf, then intermediates, without the root
    server.key_pem()

Keys are made when they are wanted and nowhere kept; they are P-256 unless something else is asked for.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.pki.extensions import EXTENDED_KEY_USAGES
from mtls_lint.testing.resign import OLD_DIGESTS, resign_certificate, resign_crl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from typing_extensions import Self, Unpack

    Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


class Validity(tuple[datetime, datetime]):
    """First and last moment of validity."""

    __slots__ = ()

    @classmethod
    def between(cls, first: str, last: str) -> Validity:
        """From midnight UTC of one ISO date to midnight UTC of another."""
        return cls(datetime.fromisoformat(day).replace(tzinfo=timezone.utc) for day in (first, last))


CLOCK = datetime(2026, 6, 1, tzinfo=timezone.utc)
"""The moment at which examples are judged."""

LEAF = Validity.between("2026-01-01", "2036-01-01")
"""Long enough that real handshakes work for years; at CLOCK more than a third of it is left."""
CA = Validity.between("2020-01-01", "2050-01-01")
EXPIRED = Validity.between("2024-01-01", "2025-01-01")
EXPIRING = Validity.between("2026-01-01", "2026-07-01")
FUTURE = Validity.between("2090-01-01", "2100-01-01")

_USAGE_NAMES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
    "encipherOnly": "encipher_only",
    "decipherOnly": "decipher_only",
}
_USAGE_OIDS = {name: oid for oid, name in EXTENDED_KEY_USAGES.items()}
_CURVES: Mapping[str, Callable[[], ec.EllipticCurve]] = {
    "p224": ec.SECP224R1,
    "p256": ec.SECP256R1,
    "p384": ec.SECP384R1,
    "p521": ec.SECP521R1,
}


class Deviation(TypedDict, total=False):
    """What a call may change; each stands for the field of ``Profile`` with its name."""

    subject: str
    validity: Validity
    key: str
    own_key: Key
    digest: str
    version: int
    serial: int
    dns: tuple[str, ...]
    ips: tuple[str, ...]
    uris: tuple[str, ...]
    emails: tuple[str, ...]
    ca: bool | None
    path_length: int | None
    critical_constraints: bool
    key_usage: tuple[str, ...] | None
    extended_key_usage: tuple[str, ...] | None
    subject_key: bool
    authority_key: bool
    ocsp: str | None
    ca_issuers: str | None
    must_staple: bool
    extra: tuple[x509.Extension[x509.ExtensionType], ...]


class Profile(Struct, frozen=True, kw_only=True):
    """What to issue.

    ``subject`` is an RFC 4514 name. ``key`` is one of p224, p256, p384, p521, ed25519, ed448 or rsa1024,
    rsa2048 ...; ``own_key`` takes an existing key instead. ``ca`` is the flag of BasicConstraints and None
    leaves the extension out, as None does for both usages. ``digest`` sha1 and md5 need an RSA issuer.
    """

    subject: str
    validity: Validity = LEAF
    key: str = "p256"
    own_key: Key | None = None
    digest: str = "sha256"
    version: int = 3
    serial: int | None = None
    dns: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    ca: bool | None = False
    path_length: int | None = None
    critical_constraints: bool = True
    key_usage: tuple[str, ...] | None = ("digitalSignature",)
    extended_key_usage: tuple[str, ...] | None = None
    subject_key: bool = True
    authority_key: bool = True
    ocsp: str | None = None
    ca_issuers: str | None = None
    must_staple: bool = False
    extra: tuple[x509.Extension[x509.ExtensionType], ...] = ()


class Identity(Struct, frozen=True, dict=True):
    """A certificate, its key, and the authority that issued it (None when self-signed)."""

    certificate: x509.Certificate
    key: Key
    issuer: Authority | None = None

    @classmethod
    def self_signed(cls, name: str, **deviation: Unpack[Deviation]) -> Self:
        """A leaf that signed itself, as for pinning."""
        profile = Profile(subject=_subject(name), extended_key_usage=("clientAuth",))
        return cls._issue(replace(profile, **deviation), None)

    @classmethod
    def _issue(cls, profile: Profile, issuer: Authority | None) -> Self:
        key = profile.own_key or make_key(profile.key)
        return cls(_sign(profile, key, issuer), key, issuer)

    @cached_property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def chain_pem(self, *, root: bool = False) -> bytes:
        """The certificate, then its issuers up to the root, which is left out unless asked for."""
        issuer = self.issuer
        if issuer is None:
            return self.pem
        if issuer.issuer is None:
            return self.pem + (issuer.pem if root else b"")
        return self.pem + issuer.chain_pem(root=root)

    def key_pem(self, passphrase: bytes | None = None, *, traditional: bool = False) -> bytes:
        """The private key: PKCS#8, or PKCS#1/SEC1 when ``traditional``; encrypted with a passphrase."""
        form = serialization.PrivateFormat
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            form.TraditionalOpenSSL if traditional else form.PKCS8,
            serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
        )

    def request_pem(self) -> bytes:
        """A certificate request for the same subject and key."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(self.certificate.subject)
        return builder.sign(self.key, _hash_for(self.key, "sha256")).public_bytes(serialization.Encoding.PEM)

    def write(self, directory: Path, name: str) -> None:
        """``name.pem`` (with intermediates) and ``name.key``."""
        (directory / f"{name}.pem").write_bytes(self.chain_pem())
        (directory / f"{name}.key").write_bytes(self.key_pem())


class Authority(Identity, frozen=True):
    """A certificate that issues others."""

    @classmethod
    def root(cls, name: str, **deviation: Unpack[Deviation]) -> Authority:
        """A self-signed CA."""
        return cls._issue(replace(_ca_profile(name), **deviation), None)

    def intermediate(self, name: str, **deviation: Unpack[Deviation]) -> Authority:
        """A CA issued by this one."""
        return Authority._issue(replace(_ca_profile(name), **deviation), self)

    def server(self, *names: str, **deviation: Unpack[Deviation]) -> Identity:
        """A server certificate for these DNS names; the first is the common name too."""
        profile = Profile(subject=_subject(names[0]), dns=names, extended_key_usage=("serverAuth",))
        return Identity._issue(replace(profile, **deviation), self)

    def client(self, name: str, **deviation: Unpack[Deviation]) -> Identity:
        """A client certificate with this common name."""
        profile = Profile(subject=_subject(name), extended_key_usage=("clientAuth",))
        return Identity._issue(replace(profile, **deviation), self)

    def crl(
        self,
        *revoked: Identity,
        last_update: datetime = CLOCK - timedelta(days=1),
        next_update: datetime = LEAF[1],
        number: int = 1,
        delta_of: int | None = None,
        authority_key: bool = True,
        digest: str = "sha256",
    ) -> bytes:
        """A CRL in PEM that revokes these certificates; ``delta_of`` makes it a delta of that number."""
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, last_update, next_update)
        for identity in revoked:
            entry = x509.RevokedCertificateBuilder(identity.certificate.serial_number, last_update).build()
            builder = builder.add_revoked_certificate(entry)
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        if delta_of is not None:
            builder = builder.add_extension(x509.DeltaCRLIndicator(delta_of), critical=True)
        if authority_key:
            builder = builder.add_extension(_authority_key(self), critical=False)
        signed = builder.sign(self.key, _hash_for(self.key, digest))
        if digest in OLD_DIGESTS:
            signed = resign_crl(signed, self.key, digest)
        return signed.public_bytes(serialization.Encoding.PEM)


def make_key(kind: str) -> Key:
    """A new key: p224, p256, p384, p521, ed25519, ed448 or rsa with its bits, such as rsa2048."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ed448":
        return ed448.Ed448PrivateKey.generate()
    return ec.generate_private_key(_CURVES[kind]())


def _subject(name: str) -> str:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]).rfc4514_string()


def _ca_profile(name: str) -> Profile:
    return Profile(subject=_subject(name), validity=CA, ca=True, key_usage=("keyCertSign", "cRLSign"))


def _sign(profile: Profile, key: Key, issuer: Authority | None) -> x509.Certificate:
    subject = x509.Name.from_rfc4514_string(profile.subject, {"emailAddress": NameOID.EMAIL_ADDRESS})
    signing_key = issuer.key if issuer else key
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        key.public_key(),
        profile.serial or x509.random_serial_number(),
        *profile.validity,
    )
    for extension in _extensions(profile, key, issuer) if profile.version == 3 else ():
        builder = builder.add_extension(extension.value, extension.critical)
    signed = builder.sign(signing_key, _hash_for(signing_key, profile.digest))
    if profile.digest in OLD_DIGESTS or profile.version == 1:
        return resign_certificate(signed, signing_key, profile.digest, profile.version)
    return signed


def _extensions(
    profile: Profile, key: Key, issuer: Authority | None
) -> Iterable[x509.Extension[x509.ExtensionType]]:
    if profile.ca is not None:
        constraints = x509.BasicConstraints(profile.ca, profile.path_length)
        yield _extension(constraints, critical=profile.critical_constraints)
    if profile.key_usage is not None:
        named = {_USAGE_NAMES[name] for name in profile.key_usage}
        usage = x509.KeyUsage(**{attribute: attribute in named for attribute in _USAGE_NAMES.values()})
        yield _extension(usage, critical=True)
    if profile.extended_key_usage is not None:
        oids = [x509.ObjectIdentifier(_USAGE_OIDS.get(name, name)) for name in profile.extended_key_usage]
        yield _extension(x509.ExtendedKeyUsage(oids))
    if alternatives := _alternative_names(profile):
        yield _extension(x509.SubjectAlternativeName(alternatives))
    if profile.subject_key:
        yield _extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()))
    if profile.authority_key and issuer is not None:
        yield _extension(_authority_key(issuer))
    if access := _access(profile):
        yield _extension(x509.AuthorityInformationAccess(access))
    if profile.must_staple:
        yield _extension(x509.TLSFeature([x509.TLSFeatureType.status_request]))
    yield from profile.extra


def _extension(value: x509.ExtensionType, *, critical: bool = False) -> x509.Extension[x509.ExtensionType]:
    return x509.Extension(value.oid, critical, value)


def _alternative_names(profile: Profile) -> list[x509.GeneralName]:
    return [
        *map(x509.DNSName, profile.dns),
        *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in profile.ips),
        *map(x509.UniformResourceIdentifier, profile.uris),
        *map(x509.RFC822Name, profile.emails),
    ]


def _access(profile: Profile) -> list[x509.AccessDescription]:
    methods = AuthorityInformationAccessOID
    wanted = ((methods.OCSP, profile.ocsp), (methods.CA_ISSUERS, profile.ca_issuers))
    return [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in wanted if url
    ]


def _authority_key(issuer: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _hash_for(key: Key, digest: str) -> Digest | None:
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None
    return _DIGESTS["sha256" if digest in OLD_DIGESTS else digest]


_DIGESTS: Mapping[str, Digest] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
