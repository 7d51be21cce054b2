"""Chains of certificates to judge: random ones, well-known ones, and those about name constraints."""

import ipaddress
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.crl import RevocationList
from mtls_lint.pki.peer import Peer
from mtls_lint.pki.verify import Verdict, verify
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.pki import CLOCK, EXPIRED, FUTURE, Authority, Deviation, Identity, make_key


class Case(Struct, frozen=True):
    """What a peer sends (leaf first), what the other side trusts, and the settings that count."""

    sent: Sequence[Identity]
    trusted: Sequence[Identity]
    depth: int = 1
    level: int = 2
    crls: tuple[bytes, ...] = ()
    peer: Peer = Peer.CLIENT

    def verdict(self, now: datetime = CLOCK, *, deltas: bool = True) -> Verdict:
        """Our verdict; ``deltas`` tells whether delta CRLs count as complete ones or are passed over."""
        chain = [Certificate.from_der(issued.der) for issued in self.sent]
        store = [Certificate.from_der(issued.der) for issued in self.trusted]
        lists = [
            RevocationList.from_der(x509.load_pem_x509_crl(pem).public_bytes(serialization.Encoding.DER))
            for pem in self.crls
        ]
        counted = [crl for crl in lists if deltas or not crl.is_delta]
        return verify(chain, store, self.depth, now, counted if self.crls else None, self.level, self.peer)


def pem(issued: Sequence[Identity]) -> bytes:
    return b"".join(one.pem for one in issued)


def extension(oid: str, *, critical: bool) -> x509.Extension[x509.ExtensionType]:
    identifier = x509.ObjectIdentifier(oid)
    return x509.Extension(identifier, critical, x509.UnrecognizedExtension(identifier, b"\x05\x00"))


def constraints(
    permitted: list[x509.GeneralName] | None = None, excluded: list[x509.GeneralName] | None = None
) -> x509.Extension[x509.ExtensionType]:
    value = x509.NameConstraints(permitted, excluded)
    return x509.Extension(value.oid, critical=True, value=value)


DNS = constraints([x509.DNSName("example.com")])
NO_DNS = constraints(None, [x509.DNSName(".example.com")])
DIRECTORY = constraints([x509.DirectoryName(x509.Name.from_rfc4514_string("O=ACME"))])
EMAIL = constraints([x509.RFC822Name("example.com")])
UNKNOWN = extension("1.2.3.4", critical=True)


@cache
def shared_key(kind: str) -> Deviation:
    """Keys that are slow to make are made once."""
    return {"own_key": make_key(kind)}


# What may be odd about a CA and about a leaf.
CA_ODDITIES: list[Deviation] = [
    {"validity": EXPIRED},
    {"validity": FUTURE},
    {"ca": None},
    {"ca": None, "key_usage": None},
    {"ca": False},
    {"key_usage": None},
    {"key_usage": ("cRLSign",)},
    {"key_usage": ("keyCertSign",)},
    {"path_length": 0},
    {"path_length": 1},
    {"extended_key_usage": ("serverAuth",)},
    {"extended_key_usage": ("any",)},
    {"extended_key_usage": ("clientAuth", "serverAuth")},
    {"critical_constraints": False},
    {"subject_key": False},
    {"authority_key": False},
    {"extra": (UNKNOWN,)},
    {"extra": (DNS,)},
    {"extra": (NO_DNS,)},
    {"extra": (DIRECTORY,)},
    {"extra": (EMAIL,)},
    {"key": "ed25519"},
    {"key": "p384"},
]
LEAF_ODDITIES: list[Deviation] = [
    {"validity": EXPIRED},
    {"validity": FUTURE},
    {"ca": None},
    {"ca": True, "key_usage": ("keyCertSign", "digitalSignature")},
    {"ca": True, "key_usage": ("keyCertSign",)},
    {"key_usage": None},
    {"key_usage": ("keyEncipherment",)},
    {"key_usage": ("keyAgreement",)},
    {"extended_key_usage": None},
    {"extended_key_usage": ("serverAuth",)},
    {"extended_key_usage": ("any",)},
    {"extended_key_usage": ("serverAuth", "clientAuth")},
    {"authority_key": False},
    {"subject": ""},
    {"subject": "CN=alice,O=ACME"},
    {"subject": "CN=a.example.com"},
    {"subject": "CN=a.example.org"},
    {"dns": ("a.example.com",)},
    {"dns": ("a.example.org",), "emails": ("a@example.org",)},
    {"emails": ("a@example.com",)},
    {"extra": (UNKNOWN,)},
    {"key": "ed25519"},
    {"version": 1},
]
NAMES = ("CA one", "CA two", "CA three")


def random_case(seed: int, peer: Peer = Peer.CLIENT) -> Case:
    """The chain of a seed."""
    return some_case(random.Random(seed), peer)


def some_case(pick: random.Random, peer: Peer = Peer.CLIENT) -> Case:
    """A chain of one root, up to three intermediates and a leaf; some of it odd, missing, or doubled."""

    def odd(oddities: list[Deviation]) -> Deviation:
        return pick.choice(oddities) if pick.random() < 0.22 else {}

    def ca_oddity(weak: list[str]) -> Deviation:
        return shared_key(pick.choice(weak)) if pick.random() < 0.08 else odd(CA_ODDITIES)

    roots = [Authority.root("Root", **ca_oddity(["rsa1024", "rsa2048"]))]
    if pick.random() < 0.3:
        same_key = {"own_key": roots[0].key} if pick.random() < 0.5 else {}
        namesake: Deviation = {**odd(CA_ODDITIES), **same_key}  # type: ignore[typeddict-item]
        roots.append(Authority.root("Root", **namesake))
    chain = [pick.choice(roots)]
    for at in range(pick.choice([0, 0, 1, 1, 1, 2, 3])):
        name = chain[-1].certificate.subject.rfc4514_string() if pick.random() < 0.08 else f"CN={NAMES[at]}"
        changed: Deviation = {"subject": name, **ca_oddity(["rsa1024", "rsa2048"])}
        chain.append(chain[-1].intermediate("x", **changed))
    leaf_oddity = shared_key("rsa1024") if pick.random() < 0.05 else odd(LEAF_ODDITIES)
    if leaf_oddity.get("version") == 1 and not isinstance(chain[-1].key, ec.EllipticCurvePrivateKey):
        leaf_oddity = {}
    usage: Deviation = {"extended_key_usage": (peer.usage,)}
    pinned = pick.random() < 0.08
    own: Deviation = {**usage, **(odd(LEAF_ODDITIES[:12]) if pinned else leaf_oddity)}
    leaf = Identity.self_signed("alice", **own) if pinned else chain[-1].client("alice", **own)
    intermediates: list[Identity] = list(chain[1:])
    sent = [one for one in reversed(intermediates) if pick.random() < 0.8]
    if pick.random() < 0.2:
        pick.shuffle(sent)
    sent += [one for one in roots if pick.random() < 0.15]
    trusted: list[Identity] = [one for one in roots if pick.random() < 0.9]
    trusted += [one for one in intermediates if pick.random() < 0.25]
    trusted += [leaf] if pick.random() < 0.08 else []
    pick.shuffle(trusted)
    crls: tuple[bytes, ...] = ()
    if pick.random() < 0.25:
        crls = tuple(random_crl(pick, ca, leaf) for ca in chain for _ in range(pick.choice([0, 1, 1, 1, 2])))
    return Case(
        (leaf, *sent),
        trusted or [authority("other-root")],
        pick.choice([0, 1, 1, 1, 2, 3]),
        pick.choice([0, 1, 2, 2, 2, 3]),
        crls,
        peer,
    )


def random_crl(pick: random.Random, ca: Authority, leaf: Identity) -> bytes:
    last = CLOCK - timedelta(days=pick.randrange(1, 99)) if pick.random() < 0.95 else FUTURE[0]
    return ca.crl(
        *([leaf] if pick.random() < 0.15 else []),
        last_update=last,
        next_update=last + timedelta(days=pick.choice([20, 400, 400])),
        delta_of=pick.choice([None, None, None, 1]),
        authority_key=pick.random() < 0.8,
    )


ROOT = authority("root")
INTERMEDIATE = authority("intermediate")
ISSUING = authority("issuing")
BELOW_TWO = ISSUING.client("x")
WEAK: Deviation = {"key": "rsa1024"}

DELTA_ALONE = Case([identity("client")], [ROOT], crls=(ROOT.crl(number=2, delta_of=1),))

# Cases that are known to be easily got wrong, and what nginx says of them.
CASES = {
    "direct": (Case([identity("client")], [ROOT]), "soft SUCCESS"),
    "stranger": (Case([identity("stranger")], [ROOT]), "soft FAILED:unable to verify the first certificate"),
    "intermediate alone": (
        Case([identity("client-chain")], [INTERMEDIATE]),
        "hard FAILED:unable to get issuer certificate",
    ),
    "depth too small, sent": (
        Case([BELOW_TWO, ISSUING, INTERMEDIATE], [ROOT]),
        "soft FAILED:unable to get local issuer certificate",
    ),
    "depth too small, trusted": (
        Case([BELOW_TWO], [ROOT, INTERMEDIATE, ISSUING]),
        "hard FAILED:unable to get issuer certificate",
    ),
    "depth large enough": (Case([BELOW_TWO, ISSUING, INTERMEDIATE], [ROOT], depth=2), "soft SUCCESS"),
    "depth 0": (Case([identity("client")], [ROOT], depth=0), "soft SUCCESS"),
    "untrusted root sent": (
        Case([identity("client"), ROOT], [authority("other-root")]),
        "soft FAILED:self-signed certificate in certificate chain",
    ),
    "self-signed": (Case([identity("self-signed-client")], [ROOT]), "soft FAILED:self-signed certificate"),
    "pinned": (Case([identity("self-signed-client")], [identity("self-signed-client")]), "soft SUCCESS"),
    "pinned, but not self-signed": (
        Case([identity("client")], [identity("client")]),
        "soft FAILED:unable to verify the first certificate",
    ),
    "pinned with a CRL": (
        Case([identity("self-signed-client")], [identity("self-signed-client")], crls=(ROOT.crl(),)),
        "hard FAILED:unable to get certificate CRL",
    ),
    "server certificate": (
        Case([identity("server-eku-client")], [ROOT]),
        "hard FAILED:unsuitable certificate purpose",
    ),
    "expired stranger": (
        Case([authority("other-root").client("x", validity=EXPIRED)], [ROOT]),
        "hard FAILED:certificate has expired",
    ),
    "CA for any purpose": (
        Case([authority("ca-any-eku").client("x")], [authority("ca-any-eku")]),
        "hard FAILED:unsuitable certificate purpose",
    ),
    "CA without keyCertSign": (
        Case([authority("ca-no-cert-sign").client("x")], [authority("ca-no-cert-sign")]),
        "hard FAILED:key usage does not include certificate signing",
    ),
    "version 1 root": (Case([authority("ca-v1").client("x")], [authority("ca-v1")]), "soft SUCCESS"),
    "weak key of an unknown CA": (
        Case([ROOT.client("x", **WEAK), ROOT], [authority("other-root")]),
        "hard FAILED:EE certificate key too weak",
    ),
    "weak key": (Case([ROOT.client("x", **WEAK)], [ROOT]), "hard FAILED:EE certificate key too weak"),
    "weak key allowed": (Case([ROOT.client("x", **WEAK)], [ROOT], level=1), "soft SUCCESS"),
    "SHA-1 below": (
        Case(
            [authority("ca-sha1-intermediate").client("x")],
            [authority("rsa-root"), authority("ca-sha1-intermediate")],
        ),
        "hard FAILED:CA signature digest algorithm too weak",
    ),
    "SHA-1 root": (
        Case([authority("ca-sha1-root").client("x")], [authority("ca-sha1-root")]),
        "soft SUCCESS",
    ),
    "CRL": (Case([identity("client")], [ROOT], crls=(ROOT.crl(),)), "soft SUCCESS"),
    "revoked": (
        Case([identity("revoked-client")], [ROOT], crls=(content("crl.pem"),)),
        "hard FAILED:certificate revoked",
    ),
    "expired CRL": (
        Case([identity("client")], [ROOT], crls=(content("crl-expired.pem"),)),
        "hard FAILED:CRL has expired",
    ),
    "CRL of the root only": (
        Case([identity("client-chain"), INTERMEDIATE], [ROOT], crls=(ROOT.crl(),)),
        "hard FAILED:unable to get certificate CRL",
    ),
    "both CRLs": (
        Case([identity("client-chain"), INTERMEDIATE], [ROOT], crls=(ROOT.crl(), INTERMEDIATE.crl())),
        "soft SUCCESS",
    ),
    "CA that may not sign CRLs": (
        Case(
            [authority("ca-no-crl-sign").client("x")],
            [authority("ca-no-crl-sign")],
            crls=(authority("ca-no-crl-sign").crl(),),
        ),
        "hard FAILED:key usage does not include CRL signing",
    ),
    "newer delta takes a revocation back": (
        Case(
            [identity("revoked-client")],
            [ROOT],
            crls=(
                ROOT.crl(identity("revoked-client"), last_update=CLOCK - timedelta(days=2)),
                ROOT.crl(number=2, delta_of=1),
            ),
        ),
        "soft SUCCESS",
    ),
}


def name_cases() -> Iterator[Case]:
    """Every kind of constraint against names within it, outside, and of another kind."""
    network = ipaddress.ip_network("192.0.2.0/24")
    bases: list[x509.GeneralName] = [
        x509.DNSName("example.com"),
        x509.DNSName(".example.com"),
        x509.RFC822Name("example.com"),
        x509.RFC822Name(".example.com"),
        x509.RFC822Name("a@example.com"),
        x509.UniformResourceIdentifier("example.com"),
        x509.UniformResourceIdentifier(".example.com"),
        x509.IPAddress(network),
        x509.DirectoryName(x509.Name.from_rfc4514_string("O=ACME")),
    ]
    leaves: list[Deviation] = [
        {},
        {"subject": "CN=alice,O=acme"},
        {"subject": "CN=www.example.com"},
        {"subject": "CN=www.example.org"},
        {"subject": "CN=-.example.org"},
        {"subject": "1.2.840.113549.1.9.1=a@example.org"},
        {"dns": ("EXAMPLE.com",)},
        {"dns": ("www.example.com", "badexample.com")},
        {"subject": "CN=www.example.org", "dns": ("www.example.com",)},
        {"emails": ("a@example.com",)},
        {"emails": ("b@Example.com",)},
        {"emails": ("a@mail.example.com",)},
        {"uris": ("https://example.com/a",)},
        {"uris": ("https://www.example.com:8443/a",)},
        {"uris": ("spiffe://example.org/a",)},
        {"ips": ("192.0.2.1",)},
        {"ips": ("198.51.100.1", "192.0.2.1")},
        {"ips": ("2001:db8::1",)},
    ]
    for base in bases:
        for extra in (constraints([base]), constraints(None, [base])):
            root = Authority.root("Constraining root", extra=(extra,))
            yield from (Case([root.client("alice", **leaf)], [root]) for leaf in leaves)


PINNED_SERVER = Identity.self_signed("app.test", extended_key_usage=("serverAuth",))
_ANY_SERVER = ROOT.server("app.test")


def _server_case(
    *sent: Identity, trusted: Sequence[Identity] = (ROOT,), depth: int = 1, crls: tuple[bytes, ...] = ()
) -> Case:
    return Case(sent, trusted, depth, crls=crls, peer=Peer.SERVER)


# Chains of upstream servers, and what nginx writes into its log; "" where it is content.
SERVER_CASES = {
    "direct": (_server_case(_ANY_SERVER), ""),
    "another CA": (
        _server_case(_ANY_SERVER, trusted=[authority("other-root")]),
        "unable to verify the first certificate",
    ),
    "another CA, root sent": (
        _server_case(_ANY_SERVER, ROOT, trusted=[authority("other-root")]),
        "self-signed certificate in certificate chain",
    ),
    "no usage": (_server_case(ROOT.server("app.test", extended_key_usage=None)), ""),
    "clientAuth": (_server_case(identity("client")), "unsuitable certificate purpose"),
    "any usage": (
        _server_case(ROOT.server("app.test", extended_key_usage=("any",))),
        "unsuitable certificate purpose",
    ),
    "gated cryptography": (_server_case(ROOT.server("app.test", extended_key_usage=("nsSGC",))), ""),
    "keyEncipherment": (_server_case(identity("no-digital-signature")), ""),
    "cRLSign": (
        _server_case(ROOT.server("app.test", key_usage=("cRLSign",))),
        "unsuitable certificate purpose",
    ),
    "expired": (_server_case(identity("expired")), "certificate has expired"),
    "intermediate sent": (_server_case(identity("server-chain"), INTERMEDIATE), ""),
    "intermediate not sent": (
        _server_case(identity("server-chain")),
        "unable to verify the first certificate",
    ),
    "intermediate trusted": (_server_case(identity("server-chain"), trusted=[ROOT, INTERMEDIATE]), ""),
    "intermediate alone": (
        _server_case(identity("server-chain"), trusted=[INTERMEDIATE]),
        "unable to get issuer certificate",
    ),
    "depth 0": (
        _server_case(identity("server-chain"), INTERMEDIATE, depth=0),
        "unable to get local issuer certificate",
    ),
    "two intermediates": (
        _server_case(ISSUING.server("app.test"), ISSUING, INTERMEDIATE),
        "unable to get local issuer certificate",
    ),
    "two intermediates, depth 2": (
        _server_case(ISSUING.server("app.test"), ISSUING, INTERMEDIATE, depth=2),
        "",
    ),
    "CA for servers": (
        _server_case(authority("ca-server-eku").server("app.test"), trusted=[authority("ca-server-eku")]),
        "",
    ),
    "CA for any purpose": (
        _server_case(authority("ca-any-eku").server("app.test"), trusted=[authority("ca-any-eku")]),
        "unsuitable certificate purpose",
    ),
    "CA expired": (
        _server_case(authority("ca-expired").server("app.test"), trusted=[authority("ca-expired")]),
        "certificate has expired",
    ),
    "weak key": (_server_case(identity("weak-rsa")), "EE certificate key too weak"),
    "self-signed": (_server_case(identity("self-signed-client")), "unsuitable certificate purpose"),
    "pinned": (_server_case(PINNED_SERVER, trusted=[PINNED_SERVER]), ""),
    "pinned, but not self-signed": (
        _server_case(_ANY_SERVER, trusted=[_ANY_SERVER]),
        "unable to verify the first certificate",
    ),
    "CRL": (_server_case(_ANY_SERVER, crls=(ROOT.crl(),)), ""),
    "revoked": (_server_case(_ANY_SERVER, crls=(ROOT.crl(_ANY_SERVER),)), "certificate revoked"),
    "expired CRL": (_server_case(_ANY_SERVER, crls=(content("crl-expired.pem"),)), "CRL has expired"),
    "CRL of the root only": (
        _server_case(identity("server-chain"), INTERMEDIATE, crls=(ROOT.crl(),)),
        "unable to get certificate CRL",
    ),
}
