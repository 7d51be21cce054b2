"""What the inventory says of files, compared with what ``openssl`` says of them."""

import re
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from mtls_lint.lint.evidence import Evidence
from mtls_lint.lint.inventory import Entry, Inventory, Kind, fits, inventory
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import parse_version
from mtls_lint.pki.store import PemStore
from mtls_lint.pki.validity import LifetimeState
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing import CLOCK, catalogue
from mtls_lint.testing.pki import Authority

CERTIFICATES = [
    name
    for name in catalogue.names()
    if name.endswith(".pem") and catalogue.content(name).startswith(b"-----BEGIN CERTIFICATE-----")
    if name not in {"broken.pem", "indented.pem"}
]
CRLS = [
    name
    for name in catalogue.names()
    if catalogue.content(name).startswith(b"-----BEGIN X509 CRL-----") and name != "crl-with-ca.pem"
]


def openssl(*arguments: str | Path) -> str:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def taken(pki: Path, *lines: str, version: str = "1.31.3") -> Inventory:
    body = "".join(f"{line}\n" for line in lines)
    text = f"events {{}} http {{ server {{ listen 443 ssl; server_name a.test;\n{body} }} }}"
    tree = load_text(text, "nginx.conf", main_directory=str(pki))
    configuration = build(tree, parse_version(version))
    return inventory(configuration, Evidence(configuration, PemStore()), CLOCK)


def only(found: Inventory, kind: Kind) -> list[Entry]:
    return [entry for entry in found.entries if entry.kind is kind]


def moment(text: str) -> datetime:
    return datetime.strptime(text.strip(), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=timezone.utc)


def fields(output: str) -> dict[str, str]:
    """``key=value`` lines; the fingerprint's key has another prefix in each tool."""
    pairs = (line.partition("=") for line in output.splitlines())
    return {key.split()[-1]: value.strip() for key, _, value in pairs if key}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_is_what_openssl_says(name: str, pki: Path) -> None:
    found = taken(pki, f"ssl_certificate {name};", "ssl_certificate_key server.key;")
    (first,) = [e for e in only(found, Kind.CERTIFICATE) if e.uses[0].line == 1]
    asked = ("-serial", "-dates", "-subject", "-issuer", "-fingerprint", "-sha256", "-nameopt", "RFC2253")
    said = fields(openssl("x509", "-in", pki / name, "-noout", *asked))
    text = openssl("x509", "-in", pki / name, "-noout", "-text")
    assert first.serial == said["serial"]
    assert first.sha256 == said["Fingerprint"].replace(":", "").lower()
    assert (first.not_before, first.not_after) == (moment(said["notBefore"]), moment(said["notAfter"]))
    assert (first.subject, first.issuer) == (said["subject"], said["issuer"])
    names = re.search(r"Subject Alternative Name:.*\n\s*(.*)", text)
    shown = names[1].replace("IP Address:", "IP:") if names else ""
    assert sorted(first.alternative_names) == sorted(filter(None, shown.split(", ")))
    bits = re.search(r"Public-Key: \((\d+) bit\)", text)
    if bits:
        assert first.bits == int(bits[1])
    algorithm = re.search(r"Public Key Algorithm: (\S+)", text)
    assert algorithm is not None
    assert (
        first.algorithm
        == {"id-ecPublicKey": "EC", "rsaEncryption": "RSA", "ED25519": "Ed25519"}[algorithm[1]]
    )
    signature = re.search(r"Signature Algorithm: (\S+)", text)
    assert signature is not None
    assert first.signature == SIGNATURES[signature[1]]


SIGNATURES = {
    "ecdsa-with-SHA256": "EC with sha256",
    "ecdsa-with-SHA384": "EC with sha384",
    "sha256WithRSAEncryption": "RSA with sha256",
    "sha1WithRSAEncryption": "RSA with sha1",
    "sha512WithRSAEncryption": "RSA with sha512",
    "ED25519": "Ed25519",
}


@pytest.mark.parametrize("name", CRLS)
def test_a_crl_is_what_openssl_says(name: str, pki: Path) -> None:
    found = taken(pki, "ssl_certificate server.pem;", "ssl_certificate_key server.key;", f"ssl_crl {name};")
    (first,) = [e for e in found.entries if e.uses[0].role.startswith("CRL") and e.uses[0].line == 1]
    asked = ("-lastupdate", "-nextupdate", "-issuer", "-fingerprint", "-sha256", "-nameopt", "RFC2253")
    said = fields(openssl("crl", "-in", pki / name, "-noout", *asked))
    assert first.sha256 == said["Fingerprint"].replace(":", "").lower()
    assert (first.not_before, first.not_after) == (moment(said["lastUpdate"]), moment(said["nextUpdate"]))
    assert first.issuer == said["issuer"]
    assert first.kind is (Kind.DELTA_CRL if name == "crl-delta.pem" else Kind.CRL)
    signature = re.search(r"Signature Algorithm: (\S+)", openssl("crl", "-in", pki / name, "-noout", "-text"))
    assert signature is not None
    assert first.signature == SIGNATURES[signature[1]]


@pytest.mark.parametrize("name", ["server.key", "rsa.key", "ed25519.key", "traditional.key"])
def test_a_key_is_what_openssl_says_of_its_public_half(name: str, pki: Path) -> None:
    found = taken(pki, "ssl_certificate server.pem;", f"ssl_certificate_key {name};")
    (key,) = only(found, Kind.PRIVATE_KEY)
    der = subprocess.run(
        ["openssl", "pkey", "-in", str(pki / name), "-pubout", "-outform", "DER"],
        capture_output=True,
        check=True,
    ).stdout
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    assert key.sha256 == digest.finalize().hex()
    assert fits(key.uses) is (name in {"server.key", "traditional.key"})


def test_an_encrypted_key_is_opened_by_its_passwords(pki: Path) -> None:
    lines = ("ssl_certificate server.pem;", "ssl_certificate_key encrypted.key;")
    (closed,) = only(taken(pki, *lines), Kind.PRIVATE_KEY)
    assert (closed.encrypted, closed.sha256, fits(closed.uses)) == (True, None, None)
    (opened,) = only(taken(pki, *lines, "ssl_password_file passwords.txt;"), Kind.PRIVATE_KEY)
    assert (opened.encrypted, opened.bits, fits(opened.uses)) == (True, 256, True)


def test_what_fails_first_comes_first(pki: Path) -> None:
    found = taken(
        pki,
        "ssl_certificate future.pem; ssl_certificate_key future.key;",
        "ssl_certificate server-chain.pem; ssl_certificate_key server-chain.key;",
        "ssl_client_certificate ca-expired.pem; ssl_verify_client on; ssl_crl crl-expiring.pem;",
    )
    assert [entry.name for entry in found.entries][:3] == [
        "Expired Root CA",
        "www.example.com",
        "CN=Example Root CA",
    ]
    assert [entry.state(CLOCK) for entry in found.entries][:3] == [
        LifetimeState.EXPIRED,
        LifetimeState.NOT_YET_VALID,
        LifetimeState.VALID,
    ]
    assert [entry.kind for entry in found.entries][-2:] == [Kind.PRIVATE_KEY] * 2
    chain = [use.role for entry in found.entries for use in entry.uses if "chain" in use.role]
    assert chain == ["chain of a server certificate"]


EVERYWHERE = """
events {}
http {
    server {
        listen 443 ssl;
        ssl_certificate /pki/server.pem;
        ssl_certificate_key /pki/server.key;
        ssl_client_certificate /pki/ca-expiring.pem;
        ssl_verify_client on;
        ssl_crl /pki/crl-expiring.pem;
        ssl_session_ticket_key /pki/ticket.key;
        location /p {
            proxy_pass https://backend;
            proxy_ssl_certificate /pki/expired-client.pem;
            proxy_ssl_certificate_key /pki/expired-client.key;
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate /pki/other-root.pem;
            proxy_ssl_crl /pki/crl-other.pem;
        }
        location /g {
            grpc_pass grpcs://backend;
            grpc_ssl_certificate /pki/expiring-client.pem;
            grpc_ssl_certificate_key /pki/expiring-client.key;
        }
        location /u {
            uwsgi_pass suwsgi://backend;
            uwsgi_ssl_verify on;
            uwsgi_ssl_trusted_certificate /pki/ca-expired.pem;
        }
    }
}
stream {
    server {
        listen 8443 ssl;
        ssl_certificate /pki/expiring.pem;
        ssl_certificate_key /pki/expiring.key;
        proxy_pass 127.0.0.1:1;
        proxy_ssl on;
        proxy_ssl_certificate /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
mail {
    auth_http 127.0.0.1:1;
    server {
        listen 993 ssl;
        protocol imap;
        ssl_certificate /pki/expired.pem;
        ssl_certificate_key /pki/expired.key;
        ssl_client_certificate /pki/rsa-root.pem;
        ssl_verify_client on;
    }
}
"""


def test_everything_with_an_end_in_http_stream_and_mail_is_in_one_report(pki: Path) -> None:
    tree = load_text(EVERYWHERE.replace("/pki/", f"{pki}/"), "nginx.conf", main_directory=str(pki))
    configuration = build(tree, parse_version("1.31.3"))
    found = inventory(configuration, Evidence(configuration, PemStore()), CLOCK)
    assert found.complete
    ends = {Path(use.file.reference.written).name for entry in found.entries for use in entry.uses}
    named = {word.rstrip(";").rpartition("/")[2] for word in EVERYWHERE.split() if word.startswith("/pki/")}
    assert ends == named - {"ticket.key"}  # has no end
    assert all(entry.opened for entry in found.entries)
    dated = [entry for entry in found.entries if entry.not_after is not None]
    assert dated == sorted(dated, key=lambda entry: entry.not_after or CLOCK)
    soon = {
        Path(use.file.reference.written).name for e in found.within(timedelta()).entries for use in e.uses
    }
    assert soon == {"expired-client.pem", "expired.pem", "ca-expired.pem"}


def test_an_object_used_in_many_places_is_one(pki: Path) -> None:
    (pki / "copy-of-root.pem").write_bytes(catalogue.content("root.pem"))
    found = taken(
        pki,
        "ssl_certificate server.pem; ssl_certificate_key server.key;",
        "ssl_client_certificate root.pem; ssl_verify_client on;",
        "ssl_trusted_certificate copy-of-root.pem;",
        "location / { proxy_pass https://b; proxy_ssl_verify on;",
        "proxy_ssl_trusted_certificate two-roots.pem; }",
    )
    (root,) = [entry for entry in found.entries if entry.name == "Example Root CA"]
    assert [use.role for use in root.uses] == ["client CA", "trusted CA", "upstream CA"]


@pytest.mark.parametrize(
    ("within", "names"),
    [
        (timedelta(0), ["Expired Root CA"]),
        (timedelta(days=1), ["Expired Root CA"]),
        (timedelta(days=2), ["Expired Root CA", "CN=Example Root CA"]),
        (timedelta(days=30), ["Expired Root CA", "CN=Example Root CA", "www.example.com"]),
    ],
)
def test_within(pki: Path, within: timedelta, names: list[str]) -> None:
    found = taken(
        pki,
        "ssl_certificate expiring.pem; ssl_certificate_key expiring.key;",
        "ssl_client_certificate ca-expired.pem; ssl_verify_client on; ssl_crl crl-expiring.pem;",
    )
    assert [entry.name for entry in found.within(within).entries] == names


def test_what_nginx_does_not_open_never_fails(pki: Path) -> None:
    lines = (
        "ssl_certificate server.pem; ssl_certificate_key server.key;",
        "ssl_client_certificate ca-expired.pem;",
    )
    found = taken(pki, *lines)
    assert [entry.name for entry in found.entries if not entry.opened] == ["Expired Root CA"]
    assert found.within(timedelta(days=1)).entries == ()
    assert taken(pki, lines[0], "ssl_client_certificate absent.pem;").complete


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ssl_crl absent.pem;", "no such file"),
        ("ssl_crl .;", "directory"),
        ("ssl_crl garbage.pem;", "no BEGIN line"),
        ("ssl_crl root.pem;", "no CRL in it"),
        ("ssl_trusted_certificate broken.pem;", "broken"),
        ("ssl_trusted_certificate ca.der;", "DER"),
        ("ssl_stapling on; ssl_stapling_file garbage.pem;", "no OCSP response"),
    ],
)
def test_what_is_not_read_is_listed_with_its_reason(pki: Path, line: str, words: str) -> None:
    found = taken(pki, "ssl_certificate server.pem; ssl_certificate_key server.key;", line)
    (unread,) = found.not_read
    assert words in unread.reason
    assert unread.counts
    assert not found.complete
    assert [use.servers[0].label for use in unread.uses] == ["a.test:443"]


def test_paths_known_at_run_time_are_listed_and_do_not_count(pki: Path) -> None:
    found = taken(pki, "ssl_certificate $ssl_server_name.pem;", "ssl_certificate_key engine:pkcs11:key;")
    assert [unread.path for unread in found.not_read] == ["$ssl_server_name.pem", "engine:pkcs11:key"]
    assert found.complete


def test_a_certificate_in_the_crl_file_is_a_client_ca_before_1_27_2(pki: Path) -> None:
    lines = (
        "ssl_certificate server.pem; ssl_certificate_key server.key;",
        "ssl_client_certificate root.pem; ssl_verify_client on; ssl_crl crl-with-ca.pem;",
    )
    assert "Other Root CA" not in [entry.name for entry in taken(pki, *lines).entries]
    found = taken(pki, *lines, version="1.22.1")
    (other,) = [entry for entry in found.entries if entry.name == "Other Root CA"]
    assert [use.role for use in other.uses] == ["client CA, in the CRL file"]


def test_a_stapled_response(tmp_path: Path) -> None:
    root = Authority.root("Root")
    leaf = root.server("a.test")
    certificate, issuer = (x509.load_pem_x509_certificate(pem) for pem in (leaf.pem, root.pem))
    key = serialization.load_pem_private_key(root.key_pem(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            certificate,
            issuer,
            hashes.SHA1(),
            ocsp.OCSPCertStatus.GOOD,
            CLOCK,
            CLOCK + timedelta(days=7),
            None,
            None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer)
        .sign(key, hashes.SHA256())
    )
    for name, data in {
        "s.pem": leaf.pem,
        "s.key": leaf.key_pem(),
        "ocsp.der": response.public_bytes(serialization.Encoding.DER),
    }.items():
        (tmp_path / name).write_bytes(data)
    found = taken(
        tmp_path,
        "ssl_certificate s.pem; ssl_certificate_key s.key;",
        "ssl_stapling on; ssl_stapling_file ocsp.der;",
    )
    (entry,) = only(found, Kind.OCSP_RESPONSE)
    text = openssl("ocsp", "-respin", tmp_path / "ocsp.der", "-noverify", "-text")
    until = re.search(r"Next Update: (.*)", text)
    serial = re.search(r"Serial Number: (\w+)", text)
    assert until is not None
    assert serial is not None
    assert (entry.not_after, entry.serial) == (moment(until[1]), serial[1])
    assert (entry.name, entry.signature) == (f"good: serial {serial[1]}", "EC with sha256")
    assert found.entries[0] is entry


def test_a_crl_without_an_end_never_fails() -> None:
    end = Entry(Kind.CRL, "CN=x", not_before=CLOCK)
    assert (end.fails_in(CLOCK), end.state(CLOCK), end.days_left(CLOCK)) == (None, LifetimeState.VALID, None)
