"""One hole is one finding: checks of who the client is, and the rules about whether it is checked at all."""

import pytest

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.testing import lint_text
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
