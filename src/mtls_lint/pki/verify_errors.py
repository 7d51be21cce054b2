"""What OpenSSL says when it refuses a chain, and what that means."""

from __future__ import annotations

from enum import IntEnum

from mtls_lint.pki.peer import Peer

SOFT = frozenset({18, 19, 20, 21, 27})
"""Errors that ``ssl_verify_client optional_no_ca`` lets pass (ngx_ssl_verify_error_optional)."""


class VerifyError(IntEnum):
    """Numbers of X509_V_ERR_... in include/openssl/x509_vfy.h of OpenSSL 3."""

    UNABLE_TO_GET_ISSUER_CERT = 2
    UNABLE_TO_GET_CRL = 3
    UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY = 6
    CERT_SIGNATURE_FAILURE = 7
    CRL_SIGNATURE_FAILURE = 8
    CERT_NOT_YET_VALID = 9
    CERT_HAS_EXPIRED = 10
    CRL_NOT_YET_VALID = 11
    CRL_HAS_EXPIRED = 12
    DEPTH_ZERO_SELF_SIGNED_CERT = 18
    SELF_SIGNED_CERT_IN_CHAIN = 19
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20
    UNABLE_TO_VERIFY_LEAF_SIGNATURE = 21
    CERT_CHAIN_TOO_LONG = 22
    CERT_REVOKED = 23
    PATH_LENGTH_EXCEEDED = 25
    INVALID_PURPOSE = 26
    CERT_UNTRUSTED = 27
    CERT_REJECTED = 28
    KEYUSAGE_NO_CERTSIGN = 32
    UNABLE_TO_GET_CRL_ISSUER = 33
    UNHANDLED_CRITICAL_EXTENSION = 34
    KEYUSAGE_NO_CRL_SIGN = 35
    PERMITTED_VIOLATION = 47
    EXCLUDED_VIOLATION = 48
    UNSUPPORTED_CONSTRAINT_TYPE = 51
    EE_KEY_TOO_SMALL = 66
    CA_KEY_TOO_SMALL = 67
    CA_MD_TOO_WEAK = 68
    INVALID_CA = 79

    @property
    def text(self) -> str:
        """OpenSSL's words, which nginx shows as ``FAILED:...`` in ``$ssl_client_verify``."""
        return _TEXTS[self][0]

    @property
    def meaning(self) -> str:
        """What it means for a client's chain, in words that follow the name of the certificate."""
        return self.meaning_for(Peer.CLIENT)

    def meaning_for(self, peer: Peer) -> str:
        """What it means for the chain of such a peer."""
        return _TEXTS[self][1].format(peer=peer.label)

    @property
    def soft(self) -> bool:
        """Whether ``optional_no_ca`` lets it pass."""
        return self.value in SOFT


_E = VerifyError
_TEXTS = {
    _E.UNABLE_TO_GET_ISSUER_CERT: (
        "unable to get issuer certificate",
        "is trusted, but it is no end of a chain: its issuer is not trusted or beyond ssl_verify_depth",
    ),
    _E.UNABLE_TO_GET_CRL: ("unable to get certificate CRL", "has no CRL of its issuer in ssl_crl"),
    _E.UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: (
        "unable to decode issuer public key",
        "has a key that OpenSSL cannot read",
    ),
    _E.CERT_SIGNATURE_FAILURE: (
        "certificate signature failure",
        "was not signed by the CA with its issuer's name",
    ),
    _E.CRL_SIGNATURE_FAILURE: ("CRL signature failure", "has a CRL that its issuer did not sign"),
    _E.CERT_NOT_YET_VALID: ("certificate is not yet valid", "is not yet valid"),
    _E.CERT_HAS_EXPIRED: ("certificate has expired", "has expired"),
    _E.CRL_NOT_YET_VALID: ("CRL is not yet valid", "has a CRL that is not yet valid"),
    _E.CRL_HAS_EXPIRED: ("CRL has expired", "has a CRL that has expired"),
    _E.DEPTH_ZERO_SELF_SIGNED_CERT: ("self-signed certificate", "is self-signed and not trusted"),
    _E.SELF_SIGNED_CERT_IN_CHAIN: (
        "self-signed certificate in certificate chain",
        "is a root that is not trusted",
    ),
    _E.UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (
        "unable to get local issuer certificate",
        "has an issuer that is neither trusted nor sent, or is beyond ssl_verify_depth",
    ),
    _E.UNABLE_TO_VERIFY_LEAF_SIGNATURE: (
        "unable to verify the first certificate",
        "has an issuer that is neither trusted nor sent",
    ),
    _E.CERT_CHAIN_TOO_LONG: ("certificate chain too long", "is beyond ssl_verify_depth"),
    _E.CERT_REVOKED: ("certificate revoked", "is revoked"),
    _E.PATH_LENGTH_EXCEEDED: ("path length constraint exceeded", "does not allow so many CAs below it"),
    _E.INVALID_PURPOSE: ("unsuitable certificate purpose", "may not be used for TLS {peer}s"),
    _E.CERT_UNTRUSTED: ("certificate not trusted", "is not trusted for TLS {peer}s"),
    _E.CERT_REJECTED: ("certificate rejected", "is marked as not trusted for TLS {peer}s"),
    _E.KEYUSAGE_NO_CERTSIGN: (
        "key usage does not include certificate signing",
        "may not issue certificates: its key usage lacks keyCertSign",
    ),
    _E.UNABLE_TO_GET_CRL_ISSUER: ("unable to get CRL issuer certificate", "has a CRL of an unknown issuer"),
    _E.UNHANDLED_CRITICAL_EXTENSION: (
        "unhandled critical extension",
        "has a critical extension that OpenSSL does not know",
    ),
    _E.KEYUSAGE_NO_CRL_SIGN: (
        "key usage does not include CRL signing",
        "has a CRL whose issuer may not sign CRLs: its key usage lacks cRLSign",
    ),
    _E.PERMITTED_VIOLATION: ("permitted subtree violation", "has a name that a CA above it does not permit"),
    _E.EXCLUDED_VIOLATION: ("excluded subtree violation", "has a name that a CA above it excludes"),
    _E.UNSUPPORTED_CONSTRAINT_TYPE: (
        "unsupported name constraint type",
        "has a name of a kind whose constraints OpenSSL cannot test",
    ),
    _E.EE_KEY_TOO_SMALL: ("EE certificate key too weak", "has a key that is too weak"),
    _E.CA_KEY_TOO_SMALL: ("CA certificate key too weak", "has a key that is too weak"),
    _E.CA_MD_TOO_WEAK: (
        "CA signature digest algorithm too weak",
        "has a signature with a digest that is too weak",
    ),
    _E.INVALID_CA: ("invalid CA certificate", "is not a CA certificate"),
}
