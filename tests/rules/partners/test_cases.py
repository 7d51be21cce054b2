"""Partners: what their recipes get wrong, and near misses."""

from datetime import datetime, timezone

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.testing import lint_text
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
NAME = "listen 443 ssl; server_name hooks.example.com;"
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"
META_CA = "ssl_client_certificate /pki/meta-outbound-api-ca-2025-12.pem;"
EV = "ssl_client_certificate /pki/DigiCertHighAssuranceEVRootCA.pem;"
OLD = "ssl_client_certificate /pki/DigiCertGlobalRootCA.pem;"
G2 = "ssl_client_certificate /pki/DigiCertGlobalRootG2.pem;"
META = r'if ($ssl_client_s_dn !~ "^CN=client\.webhooks\.fbclientcerts\.com(,|$)") { return 403; }'
SAMPLE = 'if ($ssl_client_s_dn ~ "CN=client.webhooks.fbclientcerts.com") { return 200; }'
PAGER = r'if ($ssl_client_s_dn !~ "^CN=webhooks\.pagerduty\.com,") { return 403; }'
ON = "ssl_verify_client on;"
BEFORE = datetime(2026, 3, 1, tzinfo=timezone.utc)


def http(*lines: str) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


def server(*lines: str) -> str:
    """One server; its lines begin at line 4."""
    return http(f"server {{ {NAME} {PAIR}", *lines, "}")


CASES: dict[str, list[Case]] = {
    "partner-ca-superseded": [
        Case("Meta's old root", server(EV, ON, META, PROXY), [4], "come from Meta's CA for outbound calls from 2026-03-31 on: its calls are refused", Severity.ERROR, Confidence.CERTAIN),
        Case("before the day", server(EV, ON, META, PROXY), [4], "will be refused then", Severity.WARNING, options={"now": BEFORE}),
        Case("in a fragment", f"server {{ {NAME} {PAIR}\n{EV}\n{ON} {META} {PROXY} }}", [2], confidence=Confidence.LIKELY),
        Case("the name in a map", http('map $ssl_client_s_dn $known { "~CN=client.webhooks.fbclientcerts.com" 1; default 0; }', f"server {{ {NAME} {PAIR}", EV, ON, "if ($known = 0) { return 403; }", PROXY, "}"), [5]),
        Case("the name as a whole", server(EV, ON, 'if ($ssl_client_s_dn != "CN=client.webhooks.fbclientcerts.com,O=Meta") { return 403; }', PROXY), [4]),
        Case("a file that is not here", server("ssl_client_certificate /absent/DigiCert_High_Assurance_EV_Root_CA.pem;", ON, META, PROXY), [4], "has the name of", Severity.ERROR, Confidence.LIKELY),
        Case("PagerDuty's old root", server(OLD, ON, "ssl_verify_depth 2;", PAGER, PROXY), [4], "DigiCert Global Root G2 from 2024-12-18"),
        Case("PagerDuty in Europe", server(OLD, ON, PAGER.replace(r"webhooks\.", r"webhooks\.eu\."), PROXY), [4]),
        Case("the new root", server(G2, ON, PAGER, PROXY)),
        Case("Meta's own CA", server(META_CA, ON, META, PROXY)),
        Case("both of them", server(EV, "ssl_trusted_certificate /pki/meta-outbound-api-ca-2025-12.pem;", ON, META, PROXY)),
        Case("a CA that may be the new one", server(EV, "ssl_trusted_certificate /pki/root.pem;", ON, META, PROXY)),
        Case("the roots of the web, which the old one has left", server("ssl_client_certificate /pki/public-bundle.pem;", ON, META, PROXY)),
        Case("nobody's name is looked for", server(EV, ON, PROXY)),
        Case("another partner's old root", server(OLD, ON, META, PROXY)),
        Case("nobody is refused", server(EV, "ssl_verify_client optional_no_ca;", META, PROXY)),
        Case("nobody is asked", server(EV, META, PROXY)),
        Case("a map that nobody asks", http('map $ssl_client_s_dn $known { "~CN=client.webhooks.fbclientcerts.com" 1; default 0; }', f"server {{ {NAME} {PAIR} {EV} {ON} {PROXY} }}")),
        Case("the issuer's name", server(EV, ON, 'if ($ssl_client_i_dn !~ "client.webhooks.fbclientcerts.com") { return 403; }', PROXY)),
    ],
    "partner-name-unchecked": [
        Case("Meta's own example", server(META_CA, ON, SAMPLE, PROXY), [6], "Meta has `CN=client.webhooks.fbclientcerts.com` compared", Severity.WARNING, Confidence.LIKELY),
        Case("with a public root anybody can", server(G2, ON, PAGER.replace("!~", "~").replace("403", "200"), PROXY), [6], "the name of PagerDuty is looked for", Severity.ERROR),
        Case("compared where the calls arrive", server(META_CA, ON, f"location /hook {{ {META} proxy_pass http://127.0.0.1:8080; }}", PROXY)),
        Case("a map whose value leads nowhere", http('map $ssl_client_s_dn $known { "~^CN=client.webhooks.fbclientcerts.com" 1; default 0; }', f"server {{ {NAME} {PAIR} {META_CA} {ON}", "if ($known) { set $seen yes; }", PROXY, "}"), [3]),
        Case("the file of the recipe, and no look at the name", server(META_CA, ON, PROXY), [4], "/pki/meta-outbound-api-ca-2025-12.pem is Meta's CA".replace("/pki/", "")[:32]),
        Case("DocuSign's file", server("ssl_client_certificate /pki/connect_root.pem;", ON, PROXY), [4], "DocuSign has the name of DocuSign compared"),
        Case("the name is compared", server(META_CA, ON, META, PROXY)),
        Case("an expression that is not anchored is what another rule is for", server(META_CA, ON, META.replace("^", ""), PROXY)),
        Case("the fingerprint is compared", server("ssl_client_certificate /pki/connect_root.pem;", ON, "if ($ssl_client_fingerprint != 0123456789012345678901234567890123456789) { return 403; }", PROXY)),
        Case("the backend is told", server(META_CA, ON, "location / { proxy_set_header X-DN $ssl_client_s_dn; proxy_pass http://127.0.0.1:8080; }")),
        Case("what is served is a redirect", server(META_CA, ON, "return 301 https://x.test/;")),
        Case("a public root without any look is what another rule is for", server(G2, ON, PROXY)),
        Case("several CAs, and the partner's known by its file", server("ssl_client_certificate /pki/root.pem;", "ssl_trusted_certificate /pki/meta-outbound-api-ca-2025-12.pem;", ON, META, PROXY)),
        Case("several CAs, and none is known", server("ssl_client_certificate /pki/two-roots.pem;", ON, SAMPLE, PROXY), words="which of the trusted CAs", not_evaluated=True),
        Case("Efí has no name compared", server("ssl_client_certificate /pki/certificate-chain-prod.crt;", ON, PROXY)),
        Case("nobody is asked", server(META_CA, PROXY)),
    ],
    "partner-test-ca": [
        Case("alone", server("ssl_client_certificate /pki/certificate-chain-homolog.crt;", ON, PROXY), [4], "calls of Efí's production are refused", Severity.WARNING, Confidence.POSSIBLE),
        Case("beside", server("ssl_client_certificate /pki/certificate-chain-prod.crt;", "ssl_trusted_certificate /pki/certificate-chain-homolog.crt;", ON, PROXY), [5], "beside the one for production", confidence=Confidence.LIKELY),
        Case("a file that is not here", server("ssl_client_certificate /absent/certificate-chain-homolog.crt;", ON), [4]),
        Case("the chain for production", server("ssl_client_certificate /pki/certificate-chain-prod.crt;", ON, PROXY)),
        Case("a test server", http(f"server {{ listen 443 ssl; server_name pix-hml.example.com; {PAIR} ssl_client_certificate /pki/certificate-chain-homolog.crt; {ON} }}")),
        Case("a sandbox", http(f"server {{ listen 443 ssl; server_name sandbox.example.com; {PAIR} ssl_client_certificate /pki/certificate-chain-homolog.crt; {ON} }}")),
        Case("a name with such letters in it is none", http(f"server {{ listen 443 ssl; server_name contest.example.com; {PAIR}", f"ssl_client_certificate /pki/certificate-chain-homolog.crt; {ON} }}"), [4]),
        Case("a server without a name", http(f"server {{ listen 443 ssl; {PAIR} ssl_client_certificate /pki/certificate-chain-homolog.crt; {ON} }}")),
        Case("a test server that trusts both", http(f"server {{ listen 443 ssl; server_name test.example.com; {PAIR} ssl_client_certificate /pki/certificate-chain-prod.crt;", f"ssl_trusted_certificate /pki/certificate-chain-homolog.crt; {ON} }}"), [4]),
        Case("nobody is asked", server("ssl_client_certificate /pki/certificate-chain-homolog.crt;", PROXY)),
    ],
    "partner-protocol-missing": [
        Case("TLS 1.3 alone", server(G2, ON, "ssl_protocols TLSv1.3;", PAGER, PROXY), [6], "calls of PagerDuty speak TLSv1.2", Severity.ERROR),
        Case("inherited", http("ssl_protocols TLSv1.3;", f"server {{ {NAME} {PAIR} {G2} {ON} {PAGER} {PROXY} }}"), [3]),
        Case("the default server decides", http(f"server {{ listen 443 ssl default_server; {PAIR} ssl_protocols TLSv1.3; }}", f"server {{ {NAME} {PAIR} {G2} {ON}", "ssl_protocols TLSv1.2;", PAGER, PROXY, "}"), [5], version="1.22.1"),
        Case("but not since 1.29.2", http(f"server {{ listen 443 ssl default_server; {PAIR} ssl_protocols TLSv1.3; }}", f"server {{ {NAME} {PAIR} {G2} {ON} ssl_protocols TLSv1.2; {PAGER} {PROXY} }}")),
        Case("both versions", server(G2, ON, "ssl_protocols TLSv1.2 TLSv1.3;", PAGER, PROXY)),
        Case("the default", server(G2, ON, PAGER, PROXY)),
        Case("versions that nobody speaks are what another rule is for", server(G2, ON, "ssl_protocols TLSv1 TLSv1.1;", PAGER, PROXY)),
        Case("Workfront speaks both", server(OLD, ON, "ssl_protocols TLSv1.3;", r'if ($ssl_client_s_dn !~ "CN=\*\.prod\.eventsubscriptions\.workfront\.com") { return 403; }', PROXY)),
        Case("of Meta that is not known", server(META_CA, ON, "ssl_protocols TLSv1.3;", META, PROXY)),
        Case("nobody calls", server(G2, ON, "ssl_protocols TLSv1.3;", PROXY)),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"), [pytest.param(r, c, id=f"{r}:{c}") for r, cases in CASES.items() for c in cases]
)
def test_cases(rule: str, case: Case) -> None:
    check(rule, case)


def test_the_recipe_of_meta_as_it_stood_in_2025() -> None:
    """One finding for each thing that is wrong: who is trusted, that he calls no more, and that all get in."""
    found = lint_text(server(EV, ON, "ssl_verify_depth 3;", SAMPLE, PROXY)).findings
    assert {one.rule for one in found if one.rule.startswith(("ca-", "dn-", "partner-"))} == {
        "ca-public-root",
        "partner-ca-superseded",
        "partner-name-unchecked",
    }


def test_the_recipe_of_pagerduty_as_it_stands() -> None:
    """Its expression is what dn-regex-unanchored is for: the names that it is not for are refused."""
    check = 'location / { if ($ssl_client_s_dn !~ "CN=webhooks.pagerduty.com") { return 403; } proxy_pass http://127.0.0.1:1; }'
    found = lint_text(server(G2, ON, "ssl_verify_depth 2;", check)).findings
    rules = {one.rule for one in found if one.severity is not Severity.INFO}
    assert "dn-regex-unanchored" in rules
    assert not {rule for rule in rules if rule.startswith("partner-")}
