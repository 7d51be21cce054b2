"""Who is trusted beyond those who are meant, and who is shut out: edge cases and near misses."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.testing import Authority, lint_text
from mtls_lint.testing.catalogue import content
from mtls_lint.testing.pki import EXPIRED
from mtls_lint.testing.published import LETS_ENCRYPT_R3
from rules.cases import Case, check

BUNDLE = "/etc/ssl/certs/no-such-place/../ca-certificates.crt"
"""A path that is the system's, whatever this machine has: no file can be read below a missing directory."""


def server(*lines: str, mode: str = "on", certificate: str = "server") -> str:
    """A server whose own lines begin at line 6."""
    head = [
        "server {",
        "listen 443 ssl; server_name api.example.com;",
        f"ssl_certificate /pki/{certificate}.pem;",
    ]
    return "\n".join(
        [*head, f"ssl_certificate_key /pki/{certificate}.key;", f"ssl_verify_client {mode};", *lines, "}"]
    )


def ca(name: str, directive: str = "ssl_client_certificate") -> str:
    return f"{directive} /pki/{name};"


def trusted(name: str) -> str:
    return ca(name, "ssl_trusted_certificate")


NAMED = 'if ($ssl_client_s_dn != "CN=partner") { return 403; }'
VERIFIED = "if ($ssl_client_verify != SUCCESS) { return 403; }"
TOLD = "location / { proxy_set_header X-Client $ssl_client_s_dn; proxy_pass http://127.0.0.1:8080; }"
MAPPED = """\
map $ssl_client_s_dn $stranger {
default 1; "CN=partner" 0;
}
"""

CASES: dict[str, list[Case]] = {
    "ca-public-root": [
        Case("alone", server(ca("public-root.pem")), [6], '"ISRG Root X1"', Severity.ERROR),
        Case(
            "optional", server(ca("public-root.pem"), VERIFIED, mode="optional"), [6], severity=Severity.ERROR
        ),
        Case(
            "only the verdict is compared",
            server(ca("public-root.pem"), VERIFIED),
            [6],
            "no condition refuses those it does not know",
            Severity.ERROR,
        ),
        Case(
            "the name is compared",
            server(ca("public-root.pem"), NAMED),
            [6],
            "alone looks at who it is",
            Severity.WARNING,
        ),
        Case(
            "the name is compared through a map",
            MAPPED + server(ca("public-root.pem"), "if ($stranger) { return 403; }"),
            [9],
            severity=Severity.WARNING,
        ),
        Case(
            "a list of the unwanted",
            server(ca("public-root.pem"), 'if ($ssl_client_s_dn = "CN=mallory") { return 403; }'),
            [6],
            "no condition refuses those it does not know",
            Severity.ERROR,
        ),
        Case(
            "a name that only sorts",
            server(ca("public-root.pem"), 'if ($ssl_client_s_dn = "CN=partner") { set $known 1; }'),
            [6],
            severity=Severity.ERROR,
        ),
        Case(
            "a name that opens what else is refused",
            server(
                ca("public-root.pem"),
                'location / { set $no 1; if ($ssl_client_s_dn = "CN=partner") { set $no 0; }'
                " if ($no) { return 403; } proxy_pass http://127.0.0.1:8080; }",
            ),
            [6],
            severity=Severity.WARNING,
        ),
        Case(
            "a backend is told the name",
            server(ca("public-root.pem"), TOLD),
            [6],
            "unless a backend turns it away",
            Severity.WARNING,
        ),
        Case(
            "a backend is told the verdict alone",
            server(ca("public-root.pem"), TOLD.replace("s_dn", "verify")),
            [6],
            severity=Severity.ERROR,
        ),
        Case("in a trusted file alone", server(trusted("public-root.pem")), [6]),
        Case(
            "in a trusted file beside the clients' CA",
            server(ca("root.pem"), trusted("public-root.pem")),
            [7],
        ),
        Case("a private CA", server(ca("root.pem"))),
        Case("the bundle is another matter", server(ca("public-bundle.pem"))),
        Case("a partner's private CA is another matter", server(ca("authenticated_origin_pull_ca.pem"))),
        Case("nobody is asked", server(ca("public-root.pem"), mode="off")),
        Case("absent", server(ca("absent/ca.pem")), not_evaluated=True),
        Case(
            "for the server's own backends",
            server(ca("root.pem"), "location / { proxy_ssl_trusted_certificate /pki/public-root.pem; }"),
        ),
    ],
    "ca-system-bundle": [
        Case("by what it holds", server(ca("public-bundle.pem")), [6], "certificates", Severity.ERROR),
        Case(
            "by its path",
            server(f"ssl_client_certificate {BUNDLE};"),
            [6],
            "operating system",
            Severity.ERROR,
            Confidence.LIKELY,
        ),
        Case(
            "by its path beside a file of client CAs",
            server(ca("root.pem"), f"ssl_trusted_certificate {BUNDLE};"),
            [7],
        ),
        Case("the name is compared", server(ca("public-bundle.pem"), NAMED), [6], severity=Severity.WARNING),
        Case("one public root", server(ca("public-root.pem"))),
        Case("the bundle for a backend", server(ca("root.pem"), f"proxy_ssl_trusted_certificate {BUNDLE};")),
        Case("nobody is asked", server(f"ssl_client_certificate {BUNDLE};", mode="off")),
        Case("another file that is not there", server("ssl_client_certificate /etc/ssl/certs/no-such.crt;")),
    ],
    "ca-shared-partner": [
        Case(
            "Cloudflare", server(ca("authenticated_origin_pull_ca.pem")), [6], "Cloudflare", Severity.WARNING
        ),
        Case(
            "by the name of the file",
            server("ssl_client_certificate /etc/nginx/certs/authenticated_origin_pull_ca.pem;"),
            [6],
            "has the name of",
            confidence=Confidence.POSSIBLE,
        ),
        Case(
            "the name of the file with another CA in it",
            server("ssl_client_certificate authenticated_origin_pull_ca.pem;"),
            options={"files": {"authenticated_origin_pull_ca.pem": content("root.pem")}},
        ),
        Case("no condition helps", server(ca("authenticated_origin_pull_ca.pem"), NAMED), [6]),
        Case("a private CA", server(ca("root.pem"))),
    ],
    "verify-depth-too-small": [
        Case(
            "the default",
            server(ca("two-intermediates-bundle.pem")),
            [6],
            'ssl_verify_depth is 1 without the directive, and clients of "Example Issuing CA"',
            Severity.ERROR,
        ),
        Case(
            "it stands where it is set",
            server(ca("two-intermediates-bundle.pem"), "ssl_verify_depth 1;"),
            [7],
            "2 intermediates",
        ),
        Case("0", server(ca("chain-bundle.pem"), "ssl_verify_depth 0;"), [7], "Example Intermediate CA"),
        Case(
            "once for the servers that share it",
            "ssl_verify_depth 1;\n" + 2 * server(ca("two-intermediates-bundle.pem")),
            [1],
            options={"context": ("http",)},
        ),
        Case("enough", server(ca("two-intermediates-bundle.pem"), "ssl_verify_depth 2;")),
        Case("a root alone", server(ca("root.pem"), "ssl_verify_depth 0;")),
        Case("one intermediate and the default", server(ca("chain-bundle.pem"))),
        Case(
            "a chain for stapling",
            server(ca("other-root.pem"), trusted("two-intermediates-bundle.pem")),
        ),
        Case("without a root it is another matter", server(ca("issuing.pem"))),
        Case("nobody is asked", server(ca("two-intermediates-bundle.pem"), mode="off")),
        Case("optional_no_ca", server(ca("two-intermediates-bundle.pem"), mode="optional_no_ca"), [6]),
    ],
    "verify-depth-too-large": [
        Case("100", server(ca("root.pem"), "ssl_verify_depth 100;"), [7], "100", Severity.INFO),
        Case("10", server(ca("root.pem"), "ssl_verify_depth 10;")),
        Case("nobody is asked", server(ca("root.pem"), "ssl_verify_depth 100;", mode="off")),
        Case("of a backend", server(ca("root.pem"), "proxy_ssl_verify_depth 100;")),
        Case("no number", server(ca("root.pem"), "ssl_verify_depth deep;")),
    ],
    "ca-eku-excludes-client": [
        Case("servers only", server(ca("ca-server-eku.pem")), [6], "serverAuth", Severity.ERROR),
        Case("any", server(ca("ca-any-eku.pem")), [6], "anyExtendedKeyUsage", Severity.ERROR),
        Case(
            "beside one for clients",
            server("ssl_client_certificate both.pem;"),
            [6],
            severity=Severity.WARNING,
            options={"files": {"both.pem": content("ca-server-eku.pem") + content("root.pem")}},
        ),
        Case("none", server(ca("root.pem"))),
        Case(
            "optional_no_ca lets nobody more in", server(ca("ca-server-eku.pem"), mode="optional_no_ca"), [6]
        ),
        Case("a chain for stapling", server(ca("root.pem"), trusted("ca-server-eku.pem"))),
        Case("nobody is asked", server(ca("ca-server-eku.pem"), mode="off")),
        Case("absent", server(ca("absent/ca.pem")), not_evaluated=True),
    ],
    "ca-lets-nobody-in": [
        Case(
            "beyond the path length",
            server(ca("beyond-path-length.pem"), "ssl_verify_depth 3;"),
            [6],
            '"Last Intermediate CA" does not allow so many CAs below it (path length constraint exceeded)',
            Severity.WARNING,
        ),
        Case("a depth is another matter", server(ca("two-intermediates-bundle.pem"))),
        Case("dates are another matter", server(ca("ca-expired.pem"))),
        Case("weak keys are another matter", server(ca("ca-weak-rsa.pem"))),
        Case("weak signatures are another matter", server(ca("ca-sha1-intermediate.pem"))),
        Case("extended key usage is another matter", server(ca("ca-server-eku.pem"))),
        Case("no root is another matter", server(ca("intermediate.pem"))),
        Case("no CA is another matter", server(ca("ca-not-a-ca.pem"))),
        Case("pinned", server(ca("self-signed-client.pem"))),
        Case("revocation is another matter", server(ca("chain-bundle.pem"), "ssl_crl /pki/crl.pem;")),
        Case("a CA in the other file", server(ca("chain-bundle.pem"), trusted("beyond-path-length.pem"))),
        Case(
            "a command replaces the trust",
            server(ca("beyond-path-length.pem"), "ssl_conf_command VerifyCAFile /pki/root.pem;"),
            not_evaluated=True,
        ),
    ],
    "ca-name-list-too-long": [
        Case("too many", server(ca("too-many-names.pem")), [6], "70 CAs", Severity.ERROR),
        Case("they are not sent", server(trusted("too-many-names.pem"))),
        Case("nobody is asked", server(ca("too-many-names.pem"), mode="off")),
        Case("the web's roots fit", server(ca("public-bundle.pem"))),
    ],
    "ca-hint-list-leak": [
        Case("ten", server(ca("many-roots.pem")), [6], "10 CAs", Severity.INFO),
        Case("they are not sent", server(trusted("many-roots.pem"))),
        Case("before there was a way around", server(ca("many-roots.pem")), version="1.27.1"),
        Case("two", server(ca("two-roots.pem"))),
        Case(
            "one name twelve times",
            server("ssl_client_certificate same.pem;"),
            options={"files": {"same.pem": content("root.pem") * 12}},
        ),
        Case("the web's roots are another matter", server(ca("public-bundle.pem"))),
        Case("too many are another matter", server(ca("too-many-names.pem"))),
    ],
    "ca-duplicate": [
        Case("twice", server(ca("duplicate-root.pem")), [6], '"Example Root CA" (lines 1 and', Severity.INFO),
        Case("in each of two files", server(ca("root.pem"), trusted("root.pem"))),
        Case("two CAs", server(ca("two-roots.pem"))),
    ],
    "ca-issues-servers-too": [
        Case(
            "without extended key usage",
            server(ca("root.pem"), certificate="server-any-use"),
            [6],
            "it has no extendedKeyUsage",
            Severity.WARNING,
        ),
        Case("for servers alone", server(ca("root.pem"))),
        Case("another CA", server(ca("other-root.pem"), certificate="server-any-use")),
        Case("the name is compared", server(ca("root.pem"), NAMED, certificate="server-any-use")),
        Case(
            "a backend is told the name",
            server(ca("root.pem"), TOLD, certificate="server-any-use"),
            [6],
            severity=Severity.INFO,
        ),
        Case(
            "the certificate is itself the CA file",
            server(ca("self-signed-client.pem"), certificate="self-signed-client"),
        ),
        Case("nobody is asked", server(ca("root.pem"), mode="off", certificate="server-any-use")),
        Case("absent", server(ca("absent/ca.pem"), certificate="server-any-use"), not_evaluated=True),
    ],
    "conf-command-replaces-trust": [
        Case(
            "other CAs and the CRL",
            server(
                ca("root.pem"), "ssl_crl /pki/crl.pem;", "ssl_conf_command VerifyCAFile /pki/other-root.pem;"
            ),
            [8],
            "ssl_client_certificate no longer lets anybody in, and ssl_crl revokes nobody",
            Severity.ERROR,
        ),
        Case(
            "the same file and a CRL",
            server(ca("root.pem"), "ssl_crl /pki/crl.pem;", "ssl_conf_command VerifyCAFile /pki/root.pem;"),
            [8],
        ),
        Case(
            "inherited",
            "ssl_conf_command VerifyCAPath /etc/cas;\n" + server(ca("root.pem")),
            [1],
            options={"context": ("http",)},
        ),
        Case("the same file", server(ca("root.pem"), "ssl_conf_command VerifyCAFile /pki/root.pem;")),
        Case(
            "nothing is replaced",
            server("ssl_conf_command VerifyCAFile /pki/root.pem;", mode="optional_no_ca"),
        ),
        Case(
            "dropped by the server's own command",
            "ssl_conf_command VerifyCAPath /etc/cas;\n"
            + server(ca("root.pem"), "ssl_conf_command Options PrioritizeChaCha;"),
            options={"context": ("http",)},
        ),
        Case("another command", server(ca("root.pem"), "ssl_conf_command ChainCAFile /pki/other-root.pem;")),
        Case(
            "nobody is asked",
            server(ca("root.pem"), "ssl_conf_command VerifyCAFile /pki/other-root.pem;", mode="off"),
        ),
    ],
}


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)


@pytest.mark.parametrize(
    ("file", "rule"), [("public-root.pem", "ca-public-root"), ("public-bundle.pem", "ca-system-bundle")]
)
def test_a_public_ca_beside_the_clients_ca_is_said_once(file: str, rule: str) -> None:
    rules = ["ca-public-root", "ca-system-bundle", "trusted-certificate-widens-trust"]
    report = lint_text(server(ca("root.pem"), trusted(file)), rules=rules)
    assert [(found.rule, found.severity) for found in report.findings] == [(rule, Severity.ERROR)]


def test_a_public_intermediate_for_stapling_lets_nobody_in() -> None:
    text = server(ca("root.pem"), "ssl_trusted_certificate chain.pem;")
    rules = ["ca-public-root", "trusted-certificate-widens-trust"]
    assert lint_text(text, rules=rules, files={"chain.pem": LETS_ENCRYPT_R3}).findings == ()


def test_an_expired_public_root_lets_nobody_in() -> None:
    public = content("public-root.pem")
    text = server("ssl_client_certificate ca.pem;")
    later = lint_text(
        text, rules=["ca-public-root"], files={"ca.pem": public}, now=EXPIRED[0].replace(year=2090)
    )
    assert later.findings == ()


def test_a_leaf_beside_its_ca_pins_nobody() -> None:
    (found,) = lint_text(server(ca("ca-with-leaf.pem")), rules=["ca-not-a-ca"]).findings
    assert 'every client of "Example Root CA", its CA' in found.finding.message
    assert "remove it" in found.finding.remedy


def test_a_root_with_many_cas_is_judged_in_time() -> None:
    """Every server of a large configuration shares the work on a shared file."""
    servers = "\n".join(
        f"server {{ listen 443 ssl; server_name s{number}.example.com; }}" for number in range(300)
    )
    head = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; ssl_verify_client on;"
    text = f"events {{}} http {{ {head} ssl_client_certificate /pki/public-bundle.pem; {servers} }}"
    report = lint_text(text, rules=["ca-system-bundle", "ca-lets-nobody-in", "verify-depth-too-small"])
    assert [found.rule for found in report.findings] == ["ca-system-bundle"]


def test_two_roots_of_one_partner_are_named_together() -> None:
    roots = [Authority.root(f"Partner CA {number}", extended_key_usage=("serverAuth",)) for number in (1, 2)]
    text = server("ssl_client_certificate ca.pem;")
    report = lint_text(text, rules=["ca-eku-excludes-client"], files={"ca.pem": roots[0].pem + roots[1].pem})
    assert [found.severity for found in report.findings] == [Severity.ERROR, Severity.ERROR]
