"""Client CA files: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Severity
from rules.cases import Case, check


def server(*lines: str, mode: str = "on") -> str:
    """A server whose own lines begin at line 6."""
    head = ["server {", "listen 443 ssl; server_name api.example.com;", "ssl_certificate /pki/server.pem;"]
    return "\n".join(
        [*head, "ssl_certificate_key /pki/server.key;", f"ssl_verify_client {mode};", *lines, "}"]
    )


def ca(name: str, directive: str = "ssl_client_certificate") -> str:
    return f"{directive} /pki/{name};"


CASES: dict[str, list[Case]] = {
    "ca-file-missing": [
        Case(
            "neighbours are there", server(ca("no-such.pem")), [6], "no-such.pem", Severity.ERROR, fatal=True
        ),
        Case(
            "a copy without certificates",
            "server { listen 443 ssl; ssl_certificate /etc/x/s.pem; ssl_certificate_key /etc/x/s.key;\nssl_client_certificate /etc/x/ca.pem; ssl_verify_client on; }",
            words="/etc/x",
            not_evaluated=True,
        ),
        Case("not opened when nobody is asked", server(ca("no-such.pem"), mode="off")),
        Case(
            "a trusted file is opened always",
            server(ca("no-such.pem", "ssl_trusted_certificate"), mode="off"),
            [6],
            fatal=True,
        ),
        Case("it is there", server(ca("root.pem"))),
    ],
    "ca-file-unusable": [
        Case("DER", server(ca("ca.der")), [6], "DER", Severity.ERROR, fatal=True),
        Case("empty", server(ca("empty.pem")), [6], "empty", fatal=True),
        Case("garbage", server(ca("garbage.pem")), [6], fatal=True),
        Case("a broken block behind a good one", server(ca("broken.pem")), [6], fatal=True),
        Case("only a key", server(ca("key-only.pem")), [6], "key", fatal=True),
        Case("only a request", server(ca("csr.pem")), [6], fatal=True),
        Case("only a CRL", server(ca("crl.pem")), [6], "CRL", fatal=True),
        Case(
            "TRUSTED CERTIFICATE before 1.27.2",
            server(ca("trusted.pem")),
            [6],
            "TRUSTED",
            fatal=True,
            version="1.22.1",
        ),
        Case("TRUSTED CERTIFICATE since", server(ca("trusted.pem"))),
        Case("several good ones", server(ca("chain-bundle.pem"))),
    ],
    "ca-not-a-ca": [
        Case("a leaf alone locks everybody out", server(ca("ca-not-a-ca.pem")), [6], severity=Severity.ERROR),
        Case("a pinned self-signed certificate works", server(ca("self-signed-client.pem"))),
        Case("a root", server(ca("root.pem"))),
        Case("absent", server(ca("absent/ca.pem")), not_evaluated=True),
    ],
    "ca-intermediate-only": [
        Case("nobody gets in", server(ca("intermediate.pem")), [6], severity=Severity.ERROR),
        Case("with its root", server(ca("chain-bundle.pem"))),
        Case(
            "its root is in the other file",
            server(ca("intermediate.pem"), ca("root.pem", "ssl_trusted_certificate")),
        ),
        Case("nobody is asked", server(ca("intermediate.pem"), mode="off")),
        Case("a leaf is another matter", server(ca("ca-not-a-ca.pem"))),
    ],
    "ca-expired": [
        Case("expired", server(ca("ca-expired.pem")), [6], "2025-01-01", Severity.ERROR),
        Case(
            "in both files it is said where it stands",
            server(ca("root.pem"), ca("ca-expired.pem", "ssl_trusted_certificate")),
            [7],
        ),
        Case("valid", server(ca("root.pem"))),
        Case("only about to", server(ca("ca-expiring.pem"))),
        Case("not yet valid is another matter", server(ca("ca-future.pem"))),
    ],
    "ca-not-yet-valid": [
        Case("future", server(ca("ca-future.pem")), [6], "2090-01-01", Severity.ERROR),
        Case("valid", server(ca("root.pem"))),
    ],
    "ca-expiring": [
        Case("soon", server(ca("ca-expiring.pem")), [6], "2027-01-01, in 214 days", Severity.WARNING),
        Case("far", server(ca("root.pem"))),
        Case("the user's horizon is shorter", server(ca("ca-expiring.pem")), options={"expiry_days": 7}),
        Case("the user's horizon is longer", server(ca("root.pem")), [6], options={"expiry_days": 20_000}),
        Case("expired is another matter", server(ca("ca-expired.pem"))),
    ],
    "ca-weak-key": [
        Case("RSA 1024", server(ca("ca-weak-rsa.pem")), [6], "1024", Severity.ERROR),
        Case("P-256", server(ca("root.pem"))),
    ],
    "ca-weak-signature": [
        Case(
            "an intermediate signed with SHA-1",
            server(ca("ca-sha1-intermediate.pem")),
            [6],
            "SHA-1",
            Severity.ERROR,
        ),
        Case("SHA-256", server(ca("chain-bundle.pem"))),
    ],
    "ca-file-with-private-key": [
        Case("the key beside its certificate", server(ca("ca-with-key.pem")), [6], "private key"),
        Case("certificates alone", server(ca("root.pem"))),
        Case("a key alone is unusable", server(ca("key-only.pem"))),
    ],
}


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
