"""Server certificates whose faults depend on what stands beside them."""

import pytest
from cryptography import x509

from mtls_lint.lint.runner import Report
from mtls_lint.testing import Authority, Identity, lint_text
from mtls_lint.testing.catalogue import identity
from mtls_lint.testing.pki import EXPIRED, Validity, make_key

ROOT = Authority.root("Root CA")
INTERMEDIATE = ROOT.intermediate("Intermediate CA")


def lint(
    rule: str, certificate: bytes, owner: Identity | None, *lines: str, name: str = "www.example.com"
) -> Report:
    """One server: the name is on line 5, the certificate on line 6, its key on line 7."""
    text = "\n".join(
        [
            "events {}",
            "http {",
            "server {",
            "listen 443 ssl;",
            f"server_name {name};",
            "ssl_certificate own.pem;",
            "ssl_certificate_key own.key;",
            *lines,
            "}",
            "}",
        ]
    )
    key = owner.key_pem() if owner is not None else b""
    files: dict[str, str | bytes] = {
        "own.pem": certificate,
        "root.pem": ROOT.pem,
        "other.pem": INTERMEDIATE.pem,
    }
    report = lint_text(text, rules=[rule], files=files | ({"own.key": key} if key else {}))
    assert report.crashes == ()
    return report


def said(report: Report) -> list[str]:
    return [f"{f.span.line} {f.severity.value} {f.confidence.value}" for f in report.findings]


def test_an_intermediate_that_another_file_holds_is_missing_for_certain() -> None:
    leaf = INTERMEDIATE.server("www.example.com")
    lines = "ssl_trusted_certificate other.pem;"
    report = lint("cert-chain-incomplete", leaf.pem, leaf, lines)
    assert said(report) == ["6 error certain"]
    assert "Intermediate CA" in report.findings[0].finding.remedy
    assert said(lint("cert-chain-incomplete", leaf.chain_pem(), leaf, lines)) == []


def test_an_issuer_that_is_nowhere_is_not_decided() -> None:
    leaf = ROOT.server("www.example.com")
    report = lint("cert-chain-incomplete", leaf.pem, leaf)
    assert report.findings == ()
    assert "is not known here" in report.not_evaluated[0].reason
    assert (
        lint("cert-chain-incomplete", leaf.pem, leaf, "ssl_trusted_certificate root.pem;").not_evaluated == ()
    )


def test_a_cross_signed_copy_belongs_to_the_chain() -> None:
    key = make_key("p256")
    other = Authority.root("Old Root CA")
    crossed = other.intermediate("Intermediate CA", own_key=key)
    own = ROOT.intermediate("Intermediate CA", own_key=key)
    leaf = own.server("www.example.com")
    assert said(lint("cert-chain-unrelated", leaf.pem + own.pem + crossed.pem, leaf)) == []
    report = lint("cert-chain-unrelated", leaf.pem + own.pem + INTERMEDIATE.client("x").pem, leaf)
    assert said(report) == ["6 warning certain"]


def test_a_private_root_that_is_at_hand_is_no_public_ca() -> None:
    policy = identity("baseline").certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    leaf = ROOT.server("www.example.com", extra=(policy,))
    assert said(lint("cert-validity-too-long", leaf.pem, leaf)) == ["6 warning likely"]
    assert said(lint("cert-validity-too-long", leaf.pem + ROOT.pem, leaf)) == []
    assert said(lint("cert-validity-too-long", leaf.pem, leaf, "ssl_trusted_certificate root.pem;")) == []


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-03-14", "2027-04-16", []),
        ("2026-03-14", "2027-04-17", ["6 warning likely"]),
        ("2026-03-15", "2026-10-01", []),
        ("2026-03-15", "2026-10-02", ["6 warning likely"]),
        ("2027-03-15", "2027-06-23", []),
        ("2027-03-15", "2027-06-24", ["6 warning likely"]),
        ("2029-03-15", "2029-05-01", []),
        ("2029-03-15", "2029-05-02", ["6 warning likely"]),
        ("2020-08-31", "2030-08-31", []),
    ],
)
def test_the_limit_is_that_of_the_first_day(first: str, last: str, expected: list[str]) -> None:
    policy = identity("baseline").certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    leaf = ROOT.server("www.example.com", validity=Validity.between(first, last), extra=(policy,))
    assert said(lint("cert-validity-too-long", leaf.pem, leaf)) == expected


def test_the_wrong_order_without_the_key_is_likely() -> None:
    leaf = INTERMEDIATE.server("www.example.com")
    report = lint("cert-chain-wrong-order", INTERMEDIATE.pem + leaf.pem, None)
    assert said(report) == ["6 error likely"]
    assert not report.findings[0].finding.fatal


@pytest.mark.parametrize(
    "rule",
    [
        "cert-without-san",
        "cert-wrong-usage",
        "cert-san-mismatch",
        "cert-key-mismatch",
        "cert-chain-unrelated",
    ],
)
def test_the_wrong_order_is_one_finding(rule: str) -> None:
    leaf = INTERMEDIATE.server("www.example.com")
    assert said(lint(rule, INTERMEDIATE.pem + leaf.pem, leaf)) == []


def test_a_stranger_in_front_is_a_matter_of_order() -> None:
    leaf = INTERMEDIATE.server("www.example.com")
    certificates = ROOT.client("stranger").pem + leaf.chain_pem()
    assert said(lint("cert-chain-wrong-order", certificates, leaf)) == ["6 error certain"]
    assert said(lint("cert-chain-unrelated", certificates, leaf)) == []
    assert said(lint("cert-key-mismatch", certificates, leaf)) == []


def test_an_expired_intermediate_and_its_renewed_copy() -> None:
    key = make_key("p256")
    old = ROOT.intermediate("Intermediate CA", own_key=key, validity=EXPIRED)
    new = ROOT.intermediate("Intermediate CA", own_key=key)
    leaf = old.server("www.example.com")
    assert said(lint("cert-expired", leaf.pem + old.pem, leaf)) == ["6 error likely"]
    assert said(lint("cert-expired", leaf.pem + old.pem + new.pem, leaf)) == []


@pytest.mark.parametrize(
    ("deviation", "expected"),
    [
        ({"extended_key_usage": ("serverAuth", "clientAuth")}, []),
        ({"extended_key_usage": None, "key_usage": None}, []),
        ({"extended_key_usage": ("any",)}, ["6 warning certain"]),
        ({"key_usage": ("keyAgreement",)}, ["6 error certain"]),
        ({"key_usage": ("keyEncipherment",), "key": "rsa2048"}, ["6 warning certain"]),
        ({"key_usage": ("digitalSignature", "keyEncipherment"), "key": "rsa2048"}, []),
        ({"ca": True}, ["6 warning certain"]),
        ({"ca": None}, []),
    ],
)
def test_usages(deviation: dict[str, object], expected: list[str]) -> None:
    leaf = ROOT.server("www.example.com", **deviation)  # type: ignore[arg-type]
    assert said(lint("cert-wrong-usage", leaf.pem, leaf)) == expected


def test_names_below_a_wildcard_may_be_all_that_are_asked_for() -> None:
    leaf = ROOT.server("a.example.com", "b.example.com")
    assert said(lint("cert-san-mismatch", leaf.pem, leaf, name="*.example.com")) == ["5 warning likely"]
    assert said(lint("cert-san-mismatch", leaf.pem, leaf, name="*.example.net")) == ["5 error certain"]


def test_the_dot_form_names_what_is_lacking() -> None:
    leaf = ROOT.server("example.com")
    (found,) = lint("cert-san-mismatch", leaf.pem, leaf, name=".example.com").findings
    assert "does not cover *.example.com" in found.finding.message


def test_each_certificate_of_a_server_has_to_cover_its_names() -> None:
    leaf = ROOT.server("www.example.com")
    second = "ssl_certificate /pki/rsa.pem; ssl_certificate_key /pki/rsa.key;"
    report = lint("cert-san-mismatch", leaf.pem, leaf, second, name="api.example.com")
    assert said(report) == ["5 error certain"]
    assert [related.span.line for related in report.findings[0].finding.related] == [6]


def test_a_certificate_that_a_later_one_replaces_is_never_shown() -> None:
    leaf = ROOT.server("old.example.com")
    second = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
    assert said(lint("cert-san-mismatch", leaf.pem, leaf, second)) == []


def test_a_server_that_rejects_handshakes_shows_nothing() -> None:
    leaf = ROOT.server("old.example.com", validity=EXPIRED)
    for rule in ("cert-san-mismatch", "cert-expired"):
        assert said(lint(rule, leaf.pem, leaf, "ssl_reject_handshake on;")) == []


def test_the_names_of_mail_servers_are_for_their_greeting() -> None:
    text = (
        "events {}\nmail { auth_http localhost:9000; server_name mail.example.org;\n"
        "server { listen 993 ssl; protocol imap; server_name mx.example.org;"
        " ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; } }\n"
    )
    assert lint_text(text, rules=["cert-san-mismatch"]).findings == ()


def test_alternative_names_of_another_kind_are_no_names() -> None:
    leaf = ROOT.server("www.example.com", dns=(), uris=("spiffe://example.com/web",))
    report = lint("cert-without-san", leaf.pem, leaf)
    assert said(report) == ["6 error certain"]
    assert "neither a DNS name nor an IP address" in report.findings[0].finding.message


def test_extensions_that_cannot_be_read_are_not_judged() -> None:
    broken = x509.Extension(
        x509.ObjectIdentifier("2.5.29.15"),
        False,
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), b"\x04\x00"),
    )
    leaf = ROOT.server("www.example.com", key_usage=None, extra=(broken,))
    report = lint("cert-wrong-usage", leaf.pem, leaf)
    assert report.findings == ()
    assert "cannot be read" in report.not_evaluated[0].reason
