"""Chain verification against ``openssl verify`` and against nginx itself."""

import random
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.crl import RevocationList
from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.pki.verify import Verdict, can_anything_pass, verify
from mtls_lint.pki.verify_errors import VerifyError
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.pki import CLOCK, EXPIRED, FUTURE, Authority, Deviation, Identity, make_key


@dataclass(frozen=True)
class Case:
    """What a client sends (leaf first), what the server trusts, and the settings that count."""

    sent: Sequence[Identity]
    trusted: Sequence[Identity]
    depth: int = 1
    level: int = 2
    crls: tuple[bytes, ...] = field(default=(), repr=False)

    def verdict(self) -> Verdict:
        chain = [Certificate.from_der(issued.der) for issued in self.sent]
        store = [Certificate.from_der(issued.der) for issued in self.trusted]
        lists = [
            RevocationList.from_der(x509.load_pem_x509_crl(pem).public_bytes(serialization.Encoding.DER))
            for pem in self.crls
        ]
        return verify(chain, store, self.depth, CLOCK, lists if self.crls else None, self.level)


def pem(issued: Sequence[Identity]) -> bytes:
    return b"".join(one.pem for one in issued)


def openssl_errors(case: Case, directory: Path) -> tuple[bool, list[int]]:
    """Whether ``openssl verify`` accepts, and the errors that it prints until its callback gives up."""
    (directory / "leaf.pem").write_bytes(case.sent[0].pem)
    (directory / "sent.pem").write_bytes(pem(case.sent))
    (directory / "trusted.pem").write_bytes(pem(case.trusted))
    (directory / "crls.pem").write_bytes(b"".join(case.crls))
    command = (
        f"openssl verify -purpose sslclient -auth_level {case.level} -verify_depth {case.depth} -no-CApath"
        f" -no-CAstore -CAfile trusted.pem -untrusted sent.pem -attime {int(CLOCK.timestamp())}"
    )
    if case.crls:
        command += " -crl_check_all -CRLfile crls.pem"
    result = subprocess.run(
        [*command.split(), "leaf.pem"], cwd=directory, capture_output=True, text=True, check=False
    )
    return result.returncode == 0, [int(number) for number in re.findall(r"(?m)^error (\d+) at", result.stderr)]


def extension(oid: str, *, critical: bool) -> x509.Extension[x509.ExtensionType]:
    identifier = x509.ObjectIdentifier(oid)
    return x509.Extension(identifier, critical, x509.UnrecognizedExtension(identifier, b"\x05\x00"))


def constraints(
    permitted: list[x509.GeneralName] | None = None, excluded: list[x509.GeneralName] | None = None
) -> x509.Extension[x509.ExtensionType]:
    value = x509.NameConstraints(permitted, excluded)
    return x509.Extension(value.oid, True, value)  # noqa: FBT003


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


def random_case(seed: int) -> Case:
    """A chain of one root, up to three intermediates and a leaf; some of it odd, missing, or doubled."""
    pick = random.Random(seed)

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
    if leaf_oddity.get("version") == 1 and not chain[-1].certificate.public_key().__class__.__name__.startswith("EC"):
        leaf_oddity = {}
    leaf = (
        Identity.self_signed("alice", **odd(LEAF_ODDITIES[:12]))
        if pick.random() < 0.08
        else chain[-1].client("alice", **leaf_oddity)
    )
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


def check(case: Case, directory: Path) -> bool:
    """Compare with OpenSSL, errors and their order included, and say whether the chain was accepted."""
    accepted, printed = openssl_errors(case, directory)
    verdict = case.verdict()
    ours = [int(error) for error, _ in verdict.errors]
    assert verdict.ok is accepted, (printed, ours)
    assert ours[: len(printed)] == printed, (printed, ours)
    return accepted


def test_random_chains(tmp_path: Path) -> None:
    accepted = sum(check(random_case(seed), tmp_path) for seed in range(300))
    assert 40 < accepted < 260  # else the chains would show nothing


@pytest.mark.sweep
def test_many_random_chains(tmp_path: Path) -> None:
    for seed in range(1000, 6000):
        check(random_case(seed), tmp_path)
