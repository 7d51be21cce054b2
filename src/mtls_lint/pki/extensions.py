"""X.509 extensions as plain values."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mtls_lint.pki import der, names
from mtls_lint.pki._crypto import x509
from mtls_lint.sharing import once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

EXTENDED_KEY_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "any",
    "2.16.840.1.113730.4.1": "nsSGC",
    "1.3.6.1.4.1.311.10.3.3": "msSGC",
}
"""Names of extended key usages (RFC 5280, 4.2.1.12); others are shown as dotted numbers."""

_KEY_USAGES = (
    ("digital_signature", "digitalSignature"),
    ("content_commitment", "nonRepudiation"),
    ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"),
    ("key_agreement", "keyAgreement"),
    ("key_cert_sign", "keyCertSign"),
    ("crl_sign", "cRLSign"),
)
_KEY_AGREEMENT_ONLY = (("encipher_only", "encipherOnly"), ("decipher_only", "decipherOnly"))

_OCSP = "1.3.6.1.5.5.7.48.1"
_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
_STATUS_REQUEST = 5

_UNDERSTOOD_IF_CRITICAL = frozenset(
    {
        "2.16.840.1.113730.1.1",  # Netscape certificate type
        "2.5.29.15",  # key usage
        "2.5.29.17",  # subject alternative name
        "2.5.29.19",  # basic constraints
        "2.5.29.35",  # authority key identifier (since OpenSSL 3.0)
        "2.5.29.32",  # certificate policies
        "2.5.29.31",  # CRL distribution points
        "2.5.29.37",  # extended key usage
        "2.5.29.36",  # policy constraints
        "2.5.29.30",  # name constraints
        "2.5.29.33",  # policy mappings
        "2.5.29.54",  # inhibit any policy
        "1.3.6.1.5.5.7.1.14",  # proxy certificate information
        "1.3.6.1.5.5.7.1.7",  # IP address blocks
        "1.3.6.1.5.5.7.1.8",  # AS numbers
        "1.3.6.1.5.5.7.48.1.5",  # OCSP no-check
    }
)
"""X509_supported_extension() of OpenSSL 3: any other critical extension fails the verification."""


class GeneralNames(Struct, frozen=True):
    """Names of a subjectAltName or of one side of name constraints; ``other`` counts the remaining kinds."""

    dns: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    uri: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    directory: "tuple[names.CanonicalName, ...]" = ()
    other: int = 0


class AuthorityKey(Struct, frozen=True):
    """An authority key identifier: who signed, by key, by serial number and issuer, or not at all."""

    key_identifier: bytes | None = None
    serial: int | None = None
    issuer: "names.CanonicalName | None" = None


class Extensions(Struct, frozen=True):
    """Every extension that decides something; None or empty when absent."""

    basic_constraints: bool | None = None  # the CA flag
    path_length: int | None = None
    key_usage: frozenset[str] | None = None
    extended_key_usage: frozenset[str] | None = None
    alternative_names: GeneralNames = GeneralNames()
    has_alternative_names: bool = False
    subject_key: bytes | None = None
    authority_key: AuthorityKey | None = None
    ocsp_urls: tuple[str, ...] = ()
    ca_issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    must_staple: bool = False
    policies: frozenset[str] = frozenset()
    permitted: GeneralNames | None = None
    excluded: GeneralNames | None = None
    unknown_critical: tuple[str, ...] = ()
    malformed: str | None = None


def read(certificate: "x509.Certificate", written: "Sequence[bytes]") -> Extensions:
    """The extensions of a certificate; malformed ones make all of them absent and are named instead.

    ``written`` are the same extensions in their bytes.
    """
    try:
        return _read(certificate.extensions, written)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        return Extensions(malformed=f"its extensions cannot be read: {error}")
    except KeyError as error:  # the library's word for a TLS feature that it has no name for
        return Extensions(malformed=f"its extensions cannot be read: {error} is no TLS feature")


def _read(found: "x509.Extensions", written: "Sequence[bytes]") -> Extensions:
    facts: dict[str, object] = {}
    unknown = []
    for extension, encoded in zip(found, written, strict=True):
        known = _alike.get(encoded)
        if known is None:
            oid = extension.oid.dotted_string
            if extension.critical and oid not in _UNDERSTOOD_IF_CRITICAL:
                unknown.append(oid)
            reader = _READERS.get(oid)
            if reader is None:
                continue
            known = reader(extension.value)
            if oid not in _OWN:
                if len(_alike) >= _MANY_ALIKE:
                    _alike.clear()
                _alike[encoded] = known
        facts.update(known)
    return Extensions(**facts, unknown_critical=tuple(unknown))  # type: ignore[arg-type]


def _basic_constraints(value: "x509.BasicConstraints") -> dict[str, object]:
    return {"basic_constraints": value.ca, "path_length": value.path_length}


def _extended_key_usage(value: "x509.ExtendedKeyUsage") -> dict[str, object]:
    oids = (usage.dotted_string for usage in value)
    return {"extended_key_usage": once(frozenset(EXTENDED_KEY_USAGES.get(oid, oid) for oid in oids))}


def _crl_points(value: "x509.CRLDistributionPoints") -> dict[str, object]:
    points = (name for point in value for name in point.full_name or ())
    return {"crl_urls": tuple(n.value for n in points if isinstance(n, x509.UniformResourceIdentifier))}


def _policies(value: "x509.CertificatePolicies") -> dict[str, object]:
    return {"policies": once(frozenset(policy.policy_identifier.dotted_string for policy in value))}


def _name_constraints(value: "x509.NameConstraints") -> dict[str, object]:
    return {
        "permitted": general_names(value.permitted_subtrees or ()),
        "excluded": general_names(value.excluded_subtrees or ()),
    }


_SUBJECT_KEY, _ALTERNATIVE_NAMES = "2.5.29.14", "2.5.29.17"
_OWN = frozenset({_SUBJECT_KEY, _ALTERNATIVE_NAMES})
"""What each certificate has for itself. All else is the same in what one CA issues for one purpose."""

_READERS: "dict[str, Callable[[Any], dict[str, object]]]" = {
    "1.3.6.1.5.5.7.1.1": lambda value: {
        "ocsp_urls": _urls(value, _OCSP),
        "ca_issuer_urls": _urls(value, _CA_ISSUERS),
    },
    "1.3.6.1.5.5.7.1.24": lambda value: {
        "must_staple": any(feature.value == _STATUS_REQUEST for feature in value)
    },
    _SUBJECT_KEY: lambda value: {"subject_key": value.digest},
    "2.5.29.15": lambda value: {"key_usage": once(_key_usage(value))},
    _ALTERNATIVE_NAMES: lambda value: {
        "alternative_names": general_names(value),
        "has_alternative_names": True,
    },
    "2.5.29.19": _basic_constraints,
    "2.5.29.30": _name_constraints,
    "2.5.29.31": _crl_points,
    "2.5.29.32": _policies,
    "2.5.29.35": lambda value: {"authority_key": once(authority_key(value))},
    "2.5.29.37": _extended_key_usage,
}
"""What is read of each extension, by its object identifier."""

_MANY_ALIKE = 1000
_alike: dict[bytes, dict[str, object]] = {}
"""What was read of extensions, by their bytes."""


def _key_usage(value: "x509.KeyUsage") -> frozenset[str]:
    usages = {name for attribute, name in _KEY_USAGES if getattr(value, attribute)}
    if value.key_agreement:  # only then does the library let one ask
        usages |= {name for attribute, name in _KEY_AGREEMENT_ONLY if getattr(value, attribute)}
    return frozenset(usages)


def _urls(value: "x509.AuthorityInformationAccess", method: str) -> tuple[str, ...]:
    found = tuple(
        access.access_location.value
        for access in value
        if access.access_method.dotted_string == method
        and isinstance(access.access_location, x509.UniformResourceIdentifier)
    )
    shared: tuple[str, ...] = once(found)
    return shared


def authority_key(value: "x509.AuthorityKeyIdentifier") -> AuthorityKey:
    """The three parts of an authority key identifier; the issuer is its first directory name."""
    directories = [n.value for n in value.authority_cert_issuer or () if isinstance(n, x509.DirectoryName)]
    return AuthorityKey(
        value.key_identifier,
        value.authority_cert_serial_number,
        names.canonical(directories[0]) if directories else None,
    )


def general_names(found: "Iterable[x509.GeneralName]") -> GeneralNames:
    """Names sorted by kind, each kind in its order."""
    dns, ip, uri, email, directory = [], [], [], [], []
    other = 0
    for name in found:
        if isinstance(name, x509.DNSName):
            dns.append(name.value)
        elif isinstance(name, x509.IPAddress):
            ip.append(str(name.value))
        elif isinstance(name, x509.UniformResourceIdentifier):
            uri.append(name.value)
        elif isinstance(name, x509.RFC822Name):
            email.append(name.value)
        elif isinstance(name, x509.DirectoryName):
            directory.append(names.canonical(name.value))
        else:
            other += 1
    return GeneralNames(tuple(dns), tuple(ip), tuple(uri), tuple(email), tuple(directory), other)


def aux_purposes(aux: bytes, tag: int) -> frozenset[str] | None:
    """The purposes that stand under one tag behind a TRUSTED CERTIFICATE; None where there are none."""
    # X509_CERT_AUX ::= SEQUENCE { trust SEQUENCE OF OID OPTIONAL, reject [0] SEQUENCE OF OID OPTIONAL, ... }
    outer = der.first_value(aux)
    for part in der.values(outer.contents) if outer else ():
        if part.tag == tag:
            oids = (der.object_identifier(value.contents) for value in der.values(part.contents))
            return frozenset(EXTENDED_KEY_USAGES.get(oid, oid) for oid in oids)
    return None
