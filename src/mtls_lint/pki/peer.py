"""Whose chain is verified: that of a client, or of a server that nginx connects to."""

from enum import Enum


class Peer(Enum):
    """The purposes X509_PURPOSE_SSL_CLIENT and X509_PURPOSE_SSL_SERVER of OpenSSL, with what they ask for.

    ``label`` is the word for such a peer. ``usage`` is the extended key usage that trust settings speak of;
    one of ``usages`` has to be in every extendedKeyUsage of the chain, one of ``leaf_usages`` in the keyUsage
    of the peer's own certificate (check_purpose_ssl_client and _server in crypto/x509/v3_purp.c).
    """

    CLIENT = "client"
    SERVER = "server"

    @property
    def label(self) -> str:
        """``client`` or ``server``."""
        return self.value

    @property
    def usage(self) -> str:
        """``clientAuth`` or ``serverAuth``."""
        return f"{self.value}Auth"

    @property
    def usages(self) -> frozenset[str]:
        """Extended key usages of which one is enough; "server gated cryptography" is one for servers."""
        return (
            frozenset({"clientAuth"}) if self is Peer.CLIENT else frozenset({"serverAuth", "nsSGC", "msSGC"})
        )

    @property
    def leaf_usages(self) -> frozenset[str]:
        """Key usages of which one is enough."""
        own = frozenset({"digitalSignature", "keyAgreement"})
        return own if self is Peer.CLIENT else own | {"keyEncipherment"}
