"""One hole is one finding: checks of who the client is, and the rules about whether it is checked at all."""

import pytest

from mtls_lint.lint.finding import Severity
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.testing import Authority, lint_text
from rules.identity.client_cases import CASES, NOT_ALICE, OF_ROOT, SHA1, refuse

FAMILIES = {"enforcement", "exposure", "trust"}
RULES = [rule.id for rule in load_packs([built_in_pack()]) if rule.family in FAMILIES or rule.id in CASES]
SERVER = """server {{
    listen 443 ssl;
    ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;
    ssl_client_certificate /pki/{};
    {}
    location / {{ proxy_pass http://127.0.0.1:8080; }}
}}
"""
ON, OPTIONAL, ANY = (f"ssl_verify_client {mode};" for mode in ("on", "optional", "optional_no_ca"))
VERIFIED = refuse("$ssl_client_verify != SUCCESS")
LOOSE = refuse('$ssl_client_s_dn !~ "CN=alice"')
OLD_FORM = refuse('$ssl_client_s_dn != "/O=Acme/CN=alice"')
UNWANTED = refuse('$ssl_client_s_dn = "CN=mallory"')
UNWANTED_SERIAL = refuse("$ssl_client_serial = 1A2B")


@pytest.mark.parametrize(
    ("directives", "ca", "rules"),
    [
        (f"{ON} {NOT_ALICE}", "root.pem", []),
        (f"{OPTIONAL} {NOT_ALICE}", "root.pem", []),
        (f"{ON} {LOOSE}", "root.pem", ["dn-regex-unanchored"]),
        (f"{OPTIONAL} {LOOSE}", "root.pem", ["dn-regex-unanchored"]),
        (f"{ANY} {LOOSE}", "root.pem", ["verify-check-too-weak"]),
        (f"{ANY} {VERIFIED} {LOOSE}", "root.pem", ["dn-regex-unanchored"]),
        (f"{ANY} {NOT_ALICE}", "two-roots.pem", ["verify-check-too-weak"]),
        (f"{ANY} {refuse('$ssl_client_serial != 1A2B')}", "two-roots.pem", ["verify-check-too-weak"]),
        (f"{ANY} {refuse('$ssl_client_s_dn_legacy != /CN=x')}", "root.pem", ["verify-check-too-weak"]),
        (f"{ON} {OLD_FORM}", "root.pem", ["client-identity-never-matches"]),
        (f"{ON} {OLD_FORM}", "two-roots.pem", ["client-identity-never-matches"]),
        (f"{ON} {UNWANTED} {UNWANTED_SERIAL}", "root.pem", []),
        (f"{OPTIONAL} {UNWANTED}", "root.pem", ["verify-check-too-weak"]),
        (f"{OPTIONAL} {VERIFIED} {UNWANTED} {UNWANTED_SERIAL}", "two-roots.pem", []),
        (f"{ON} {NOT_ALICE}", "two-roots.pem", ["issuer-unchecked"]),
        (f"{ON} {NOT_ALICE} {OF_ROOT}", "two-roots.pem", []),
        (f"{ON} {NOT_ALICE} ssl_trusted_certificate /pki/other-root.pem;", "root.pem", ["issuer-unchecked"]),
        (f"{ON} {NOT_ALICE} {refuse('$ssl_client_serial != 1A2B')}", "two-roots.pem", ["issuer-unchecked"]),
        (f"{ON} {refuse('$ssl_client_serial != 1A2B')}", "two-roots.pem", ["serial-only-authz"]),
        (f"{ON} {refuse(f'$ssl_client_fingerprint != {SHA1}')}", "two-roots.pem", ["fingerprint-sha1"]),
        (
            f"{ON} {refuse(f'$ssl_client_fingerprint != {SHA1.upper()}')}",
            "two-roots.pem",
            ["client-identity-never-matches"],
        ),
        (f"{ON} {NOT_ALICE}", "public-root.pem", ["ca-public-root"]),
        (f"{ON} {NOT_ALICE}", "public-bundle.pem", ["ca-system-bundle"]),
    ],
)
def test_one_finding(directives: str, ca: str, rules: list[str]) -> None:
    report = lint_text(SERVER.format(ca, directives), rules=RULES)
    assert report.crashes == ()
    assert [found.rule for found in report.findings] == rules


@pytest.mark.parametrize(
    ("ca", "severities"),
    [
        ("CN=Root,O=Acme", [Severity.WARNING]),
        ("CN=Root", [Severity.INFO]),
        ("O=Acme,CN=Root", []),
    ],
)
def test_the_name_of_the_ca_tells_the_order_of_its_clients_names(ca: str, severities: list[Severity]) -> None:
    text = SERVER.format("", f"{ON} {refuse('$ssl_client_s_dn != O=Acme,CN=alice')}").replace(
        "/pki/;", "ca.pem;"
    )
    files: dict[str, str | bytes] = {"ca.pem": Authority.root("x", subject=ca).pem}
    report = lint_text(text, rules=["client-identity-never-matches"], files=files)
    assert [found.severity for found in report.findings] == severities


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("CN=Acme CA", "CN=Partner CA", True),
        ("CN=Partner 1 CA", "CN=Partner 2 CA", True),
        ("CN=Acme CA,O=Acme", "CN=Partner CA,O=Partner", True),
        ("CN=Root CA,O=Acme", "CN=Root CA,O=Partner", True),
        ("CN=Acme CA,O=Acme", "CN=Devices CA,O=ACME", False),
        ("CN=Acme CA G1", "CN=Acme CA G2", False),
        ("CN=Acme CA 2019", "CN=Acme CA 2026", False),
        ("CN=Acme CA", "CN=Acme CA", False),
    ],
)
def test_cas_in_one_hand(first: str, second: str, found: bool) -> None:
    text = SERVER.format("", f"{ON} {NOT_ALICE}").replace("/pki/;", "ca.pem;")
    roots = b"".join(Authority.root("x", subject=name).pem for name in (first, second))
    report = lint_text(text, rules=["issuer-unchecked"], files={"ca.pem": roots})
    assert bool(report.findings) is found


def test_a_file_whose_certificates_issue_none_names_nobody() -> None:
    """There is no holder to ask about: `decide` says who gets in, and no rule fails."""
    text = (
        "server { listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
        " ssl_client_certificate /pki/server.pem; ssl_verify_client optional_no_ca;"
        ' if ($ssl_client_s_dn !~ "CN=alice") { return 403; } location / { proxy_pass http://127.0.0.1:1; } }'
    )
    report = lint_text(text)
    assert report.crashes == ()
