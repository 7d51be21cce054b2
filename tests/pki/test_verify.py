"""Chain verification against ``openssl verify`` and against nginx itself."""

import ipaddress
import random
import re
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.crl import RevocationList
from mtls_lint.pki.store import PemStore
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

    def verdict(self, now: datetime = CLOCK) -> Verdict:
        chain = [Certificate.from_der(issued.der) for issued in self.sent]
        store = [Certificate.from_der(issued.der) for issued in self.trusted]
        lists = [
            RevocationList.from_der(x509.load_pem_x509_crl(pem).public_bytes(serialization.Encoding.DER))
            for pem in self.crls
        ]
        return verify(chain, store, self.depth, now, lists if self.crls else None, self.level)


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
    return result.returncode == 0, [
        int(number) for number in re.findall(r"(?m)^error (\d+) at", result.stderr)
    ]


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
    if leaf_oddity.get("version") == 1 and not isinstance(chain[-1].key, ec.EllipticCurvePrivateKey):
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


def server_block(number: int, case: Case, directory: Path) -> str:
    (directory / f"{number}.trusted").write_bytes(pem(case.trusted))
    (directory / f"{number}.sent").write_bytes(pem(case.sent))
    (directory / f"{number}.key").write_bytes(case.sent[0].key_pem())
    revocation = ""
    if case.crls:
        (directory / f"{number}.crl").write_bytes(b"".join(case.crls))
        revocation = f"ssl_crl {number}.crl;"
    return f"""
        server {{
            listen unix:{directory}/socket ssl;
            server_name c{number}.test;
            ssl_certificate server.pem;
            ssl_certificate_key server.key;
            ssl_client_certificate {number}.trusted;
            ssl_verify_client optional_no_ca;
            ssl_verify_depth {case.depth};
            ssl_ciphers DEFAULT:@SECLEVEL={case.level};
            {revocation}
            error_page 495 =200 /hard;
            location / {{ return 200 "soft $ssl_client_verify"; }}
            location = /hard {{ return 200 "hard $ssl_client_verify"; }}
        }}"""


@contextmanager
def running_nginx(binary: str, cases: Sequence[Case]) -> Iterator[Path]:
    """A server for each case, told apart by its name, on one socket (whose path has to be short)."""
    with tempfile.TemporaryDirectory(prefix="verify") as name:
        directory = Path(name)
        (directory / "server.pem").write_bytes(content("server.pem"))
        (directory / "server.key").write_bytes(content("server.key"))
        servers = "".join(server_block(number, case, directory) for number, case in enumerate(cases))
        temporary = "".join(
            f"{module}_temp_path {module};" for module in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (directory / "nginx.conf").write_text(
            "daemon off; master_process off; pid pid; error_log error.log; events {}"
            f" http {{ access_log off; server_names_hash_max_size 4096; {temporary} {servers} }}"
        )
        process = subprocess.Popen(
            [binary, "-p", name, "-c", f"{name}/nginx.conf"], stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 10
            while not (directory / "socket").exists():
                assert process.poll() is None, (directory / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield directory
        finally:
            process.terminate()
            process.wait()


def ask(directory: Path, number: int) -> str:
    """What nginx says of the client of a case."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(directory / f"{number}.sent", directory / f"{number}.key")
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(str(directory / "socket"))
        with context.wrap_socket(plain, server_hostname=f"c{number}.test") as secured:
            secured.sendall(f"GET / HTTP/1.0\r\nHost: c{number}.test\r\n\r\n".encode())
            answer = b""
            while part := secured.recv(4096):
                answer += part
    return answer.partition(b"\r\n\r\n")[2].decode()


def expected(case: Case) -> set[str]:
    """What nginx may say: where two anchors have one name, the C library's sort decides which comes first."""
    cases = (case, replace(case, trusted=case.trusted[::-1]))
    verdicts = [one.verdict(datetime.now(timezone.utc)) for one in cases]
    return {f"{'soft' if found.ok or found.soft else 'hard'} {found.text}" for found in verdicts}


def compare_with_nginx(binary: str, cases: Sequence[Case]) -> None:
    with running_nginx(binary, cases) as directory:
        answers = [ask(directory, number) for number in range(len(cases))]
    wrong = {
        number: (answer, expected(case))
        for number, (case, answer) in enumerate(zip(cases, answers, strict=True))
        if answer not in expected(case)
    }
    assert not wrong


ROOT = authority("root")
INTERMEDIATE = authority("intermediate")
ISSUING = authority("issuing")
BELOW_TWO = ISSUING.client("x")
WEAK: Deviation = {"key": "rsa1024"}

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


@pytest.mark.parametrize("name", CASES)
def test_known_cases(name: str, tmp_path: Path) -> None:
    case, answer = CASES[name]
    assert expected(case) == {answer}
    check(case, tmp_path)


def test_known_cases_in_nginx(any_nginx: str) -> None:
    compare_with_nginx(any_nginx, [case for case, _ in CASES.values()])


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


def test_name_constraints(tmp_path: Path) -> None:
    accepted = [check(case, tmp_path) for case in name_cases()]
    assert 50 < sum(accepted) < len(accepted) - 50


@pytest.fixture
def trusted_block(tmp_path: Path) -> Callable[[Identity, str], Certificate]:
    """Makes a TRUSTED CERTIFICATE block with ``openssl x509`` and reads it."""

    def make(issued: Identity, setting: str) -> Certificate:
        plain, trusted = tmp_path / "plain.pem", tmp_path / "trusted.pem"
        plain.write_bytes(issued.pem)
        command = ["openssl", "x509", "-trustout", *setting.split(), "-in", str(plain), "-out", str(trusted)]
        subprocess.run(command, check=True)
        return PemStore().read(str(trusted)).certificates[0]

    return make


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("-addtrust clientAuth", None),
        ("-addtrust serverAuth", VerifyError.INVALID_PURPOSE),
        ("-addreject clientAuth", VerifyError.INVALID_PURPOSE),
        ("-addreject serverAuth", VerifyError.UNABLE_TO_GET_ISSUER_CERT),
    ],
)
def test_trust_settings_of_an_intermediate(
    setting: str, error: VerifyError | None, trusted_block: Callable[[Identity, str], Certificate]
) -> None:
    leaf = Certificate.from_der(identity("client-chain").der)
    anchor = trusted_block(INTERMEDIATE, setting)
    assert verify([leaf], [anchor], 1, CLOCK).error is error


def facts(issued: Identity) -> Certificate:
    return Certificate.from_der(issued.der)


def test_a_synthetic_client_fares_as_a_real_one() -> None:
    for name in (
        "root",
        "intermediate",
        "rsa-root",
        "ca-any-eku",
        "ca-no-cert-sign",
        "ca-v1",
        "ca-weak-rsa",
        "ca-expired",
    ):
        ca = authority(name)
        real = Case([ca.client("x")], [ca]).verdict()
        synthetic = can_anything_pass([facts(ca)], facts(ca), 1, CLOCK)
        assert [error for error, _ in synthetic.errors] == [error for error, _ in real.errors], name


def test_what_a_verdict_says() -> None:
    store = [facts(ROOT), facts(INTERMEDIATE), facts(ISSUING)]
    deep = can_anything_pass(store, facts(ISSUING), 9, CLOCK)
    assert (deep.ok, deep.intermediates, deep.text) == (True, 2, "SUCCESS")
    assert not can_anything_pass(store, facts(ISSUING), 1, CLOCK).ok
    expired = can_anything_pass([facts(authority("ca-expired"))], facts(authority("ca-expired")), 1, CLOCK)
    assert expired.sentence == "Expired Root CA has expired"
    assert expired.text == "FAILED:certificate has expired"
    assert not expired.soft
    sent = can_anything_pass([facts(ROOT)], facts(INTERMEDIATE), 1, CLOCK, sent=[facts(INTERMEDIATE)])
    assert sent.ok
    assert sent.sentence == "a client of Example Intermediate CA is accepted"


def test_every_error_has_words() -> None:
    for error in VerifyError:
        assert error.text
        assert error.meaning
    assert {error.value for error in VerifyError if error.soft} == {18, 19, 20, 21, 27}


def test_random_chains_in_nginx(any_nginx: str) -> None:
    compare_with_nginx(any_nginx, [random_case(seed) for seed in range(7000, 7150)])


@pytest.mark.sweep
def test_many_random_chains_in_nginx(any_nginx: str) -> None:
    for first in range(8000, 11000, 300):
        compare_with_nginx(any_nginx, [random_case(seed) for seed in range(first, first + 300)])
