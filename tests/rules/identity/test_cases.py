"""Server certificates, keys and names: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check
from rules.identity.client_cases import CASES as CLIENT_CASES


def server(
    certificate: str,
    key: str = "",
    *lines: str,
    name: str = "server_name www.example.com;",
    listen: str = "443 ssl",
) -> str:
    """A server: the certificate is on line 4, the key on line 5, further lines follow."""
    key = key or certificate.replace(".pem", ".key")
    return "\n".join(
        [
            "server {",
            f"listen {listen};",
            name,
            f"ssl_certificate /pki/{certificate};",
            f"ssl_certificate_key /pki/{key};",
            *lines,
            "}",
        ]
    )


OTHER = "ssl_certificate /pki/other-name.pem; ssl_certificate_key /pki/other-name.key;"
RSA = OTHER.replace("other-name", "rsa")
ABSENT = "server {\nlisten 443 ssl;\nserver_name x.test;\nssl_certificate /etc/x/s.pem;\nssl_certificate_key /etc/x/s.key;\n}"


CASES: dict[str, list[Case]] = {
    **CLIENT_CASES,
    "certificate-file-missing": [
        Case(
            "neighbours are there",
            server("no-such.pem", "server.key"),
            [4],
            "no-such.pem",
            Severity.ERROR,
            fatal=True,
        ),
        Case("a copy without certificates", ABSENT, not_evaluated=True),
        Case(
            "a variable",
            server("server.pem").replace("/pki/server.pem", "/pki/$ssl_server_name.pem"),
            words="variable",
            not_evaluated=True,
        ),
        Case(
            "data",
            server("server.pem").replace("/pki/server.pem", "data:$x"),
            words="in a variable (data:)",
            not_evaluated=True,
        ),
    ],
    "certificate-file-unusable": [
        Case("DER", server("ca.der", "server.key"), [4], "DER", fatal=True),
        Case("empty", server("empty.pem", "server.key"), [4], fatal=True),
        Case("a key in its place", server("key-only.pem", "server.key"), [4], fatal=True),
        Case("good", server("server.pem")),
    ],
    "key-file-missing": [
        Case("neighbours are there", server("server.pem", "no-such.key"), [5], fatal=True),
        Case("a copy without certificates", ABSENT, not_evaluated=True),
        Case("good", server("server.pem")),
    ],
    "key-file-unusable": [
        Case("a certificate in its place", server("server.pem", "root.pem"), [5], fatal=True),
        Case("empty", server("server.pem", "empty.pem"), [5], fatal=True),
        Case(
            "an engine holds it",
            server("server.pem").replace("/pki/server.key", "engine:pkcs11:id"),
            not_evaluated=True,
        ),
        Case("good", server("server.pem")),
    ],
    "certificate-without-key": [
        Case(
            "no key at all", "server {\nlisten 443 ssl;\nssl_certificate /pki/server.pem;\n}", [3], fatal=True
        ),
        Case("one key for two", server("server.pem", "", "ssl_certificate /pki/rsa.pem;"), [6], fatal=True),
        Case(
            "a key of http",
            "events {}\nhttp {\nssl_certificate_key /pki/server.key;\nserver { listen 443 ssl; ssl_certificate /pki/server.pem; } }",
        ),
        Case(
            "an include may give it",
            "server { listen 443 ssl; ssl_certificate /pki/server.pem; include snippets/key.conf; }",
            not_evaluated=True,
        ),
    ],
    "cert-key-mismatch": [
        Case(
            "the same type: nginx refuses",
            server("server.pem", "wildcard.key"),
            [5],
            severity=Severity.ERROR,
            fatal=True,
        ),
        Case(
            "another type: nginx starts",
            server("server.pem", "rsa.key"),
            [5],
            severity=Severity.ERROR,
            fatal=False,
        ),
        Case("it fits", server("rsa.pem")),
        Case(
            "one of the same kind that is in order is replaced",
            server("server.pem", "", OTHER.replace("other-name.key", "rsa.key")),
            [6],
            "every handshake with server www.example.com:443 fails",
            Severity.ERROR,
        ),
        Case(
            "one of another kind is in order",
            server("server.pem", "rsa.key", RSA),
            [5],
            "never presents this certificate",
            Severity.WARNING,
        ),
        Case("replaced by one that is in order", server("server.pem", "rsa.key", OTHER)),
        Case(
            "an intermediate in front is another matter",
            server("server-chain-reversed.pem", "server-chain.key"),
        ),
        Case("absent", ABSENT, not_evaluated=True),
    ],
    "key-encrypted-without-password": [
        Case("no passwords", server("server.pem", "encrypted.key"), [5], severity=Severity.ERROR),
        Case(
            "the wrong ones",
            server("server.pem", "encrypted.key", "ssl_password_file /pki/wrong-passwords.txt;"),
            [6],
            fatal=True,
        ),
        Case("the right one", server("server.pem", "encrypted.key", "ssl_password_file /pki/passwords.txt;")),
        Case("not encrypted", server("server.pem")),
    ],
    "cert-expired": [
        Case("expired", server("expired.pem"), [4], "2025-01-01", Severity.ERROR, fatal=False),
        Case("valid", server("server.pem")),
        Case("only about to", server("expiring.pem")),
        Case("clients never see it", server("expired.pem", "", OTHER)),
        Case("one of another kind hides nothing", server("expired.pem", "", RSA), [4]),
    ],
    "cert-not-yet-valid": [
        Case("future", server("future.pem"), [4], "2090-01-01", Severity.ERROR),
        Case("valid", server("server.pem")),
    ],
    "cert-expiring": [
        Case("soon", server("expiring.pem"), [4], "30 days", Severity.WARNING),
        Case("far", server("server.pem")),
        Case("the user's horizon", server("expiring.pem"), options={"expiry_days": 10}),
        Case("expired is another matter", server("expired.pem")),
    ],
    "cert-validity-too-long": [
        Case(
            "a public CA's",
            server("baseline-too-long.pem"),
            [4],
            "365 days",
            Severity.WARNING,
            Confidence.LIKELY,
            fatal=False,
        ),
        Case("as long as may be", server("baseline.pem")),
        Case("a private CA's", server("server.pem")),
        Case("no client is shown it", server("baseline-too-long.pem", "", "ssl_reject_handshake on;")),
        Case("absent", ABSENT, not_evaluated=True),
    ],
    "cert-weak-key": [
        Case("RSA 1024", server("weak-rsa.pem"), [4], "1024", Severity.ERROR),
        Case("RSA 2048", server("rsa.pem")),
        Case("P-256", server("server.pem")),
    ],
    "cert-weak-signature": [
        Case("SHA-1", server("sha1.pem"), [4], "SHA-1", Severity.ERROR),
        Case("SHA-256", server("rsa.pem")),
    ],
    "cert-wrong-usage": [
        Case("for clients only", server("client-only-eku.pem"), [4], "serverAuth", Severity.ERROR),
        Case("without digitalSignature", server("no-digital-signature.pem"), [4], "digitalSignature"),
        Case("good", server("server.pem")),
    ],
    "cert-chain-wrong-order": [
        Case(
            "the intermediate first", server("server-chain-reversed.pem", "server-chain.key"), [4], fatal=True
        ),
        Case("the leaf first", server("server-chain.pem")),
    ],
    "cert-chain-incomplete": [
        Case(
            "a public leaf without its intermediate", server("server-leaf-only.pem", "server-chain.key"), [4]
        ),
        Case("complete", server("server-chain.pem")),
        Case("directly below a root", server("server.pem")),
    ],
    "cert-chain-with-root": [
        Case("root sent", server("server-with-root.pem", "server-chain.key"), [4], severity=Severity.INFO),
        Case("root left out", server("server-chain.pem")),
    ],
    "cert-san-mismatch": [
        Case(
            "another name",
            server("server.pem", name="server_name other.example.net;"),
            [3],
            "other.example.net",
            Severity.ERROR,
        ),
        Case(
            "one of two",
            server("server.pem", name="server_name www.example.com other.example.net;"),
            [3],
            "other.example.net",
        ),
        Case("a wildcard covers one label", server("wildcard.pem", name="server_name a.example.com;")),
        Case("not two", server("wildcard.pem", name="server_name a.b.example.com;"), [3]),
        Case("not the domain itself", server("wildcard.pem", name="server_name example.com;"), [3]),
        Case("nginx's dot means both", server("wildcard.pem", name="server_name .example.com;"), [3]),
        Case("a wildcard name", server("wildcard.pem", name="server_name *.example.com;")),
        Case("an IP address", server("ip.pem", name="server_name 192.0.2.1;")),
        Case("an IP address in no SAN", server("server.pem", name="server_name 192.0.2.1;"), [3]),
        Case("an IDN", server("idn.pem", name="server_name bücher.example;")),
        Case("an IDN of another name", server("idn.pem", name="server_name bücher.example.com;"), [3]),
        Case("an IPv6 address in no SAN", server("ip.pem", name="server_name [2001:db8::1];"), [3]),
        Case("a port is none of the name", server("server.pem", name="server_name api.example.com:443;")),
        Case("no name to speak of", server("server.pem", name='server_name _ "" localhost printer.local;')),
        Case(
            "a regular expression is not judged",
            server("server.pem", name="server_name ~^(?<n>.+)$;"),
            not_evaluated=True,
        ),
        Case("case and final dot do not matter", server("server.pem", name="server_name WWW.Example.com;")),
        Case(
            "no TLS, no certificate shown",
            server("server.pem", name="server_name other.example.net;", listen="80"),
        ),
        Case("a name that went with another certificate", server("server.pem", "", OTHER)),
        Case(
            "a name that neither has",
            server("server.pem", "", OTHER, name="server_name x.test;"),
            [3],
            "other-name.pem",
        ),
        Case("without SAN another rule speaks", server("cn-only.pem")),
    ],
    "cert-replaced-by-another": [
        Case(
            "a name is lost",
            server("server.pem", "", OTHER),
            [4],
            "clients that ask for www.example.com find no such name in it",
            Severity.ERROR,
        ),
        Case(
            "nothing is lost",
            server("expiring.pem", "", OTHER.replace("other-name", "server")),
            [4],
            "clients never see it",
            Severity.WARNING,
        ),
        Case(
            "the last of three stays",
            server("server.pem", "", OTHER, OTHER.replace("other-name", "wildcard")),
            [4, 6],
            "wildcard.pem replaces",
            Severity.WARNING,
        ),
        Case("another kind between them", server("server.pem", "", RSA, OTHER), [4], severity=Severity.ERROR),
        Case("each of its own kind", server("server.pem", "", RSA, RSA.replace("rsa", "ed25519"))),
        Case("the same one twice", server("server.pem", "", OTHER.replace("other-name", "server"))),
        Case("a name that neither covers", server("server.pem", "", RSA, name="server_name x.test;")),
        Case(
            "the names of mail are for its greeting",
            "events {}\nmail { auth_http localhost:9000;\n"
            + server("server.pem", "", OTHER).replace("listen", "protocol imap; listen")
            + "}",
            [6],
            "clients never see it",
            Severity.WARNING,
        ),
        Case(
            "no client is shown any",
            server("server.pem", "", OTHER, "ssl_reject_handshake on;"),
        ),
        Case(
            "a variable may be of any kind",
            server("server.pem", "", OTHER.replace("other-name", "$ssl_server_name")),
            words="variable",
            not_evaluated=True,
        ),
    ],
    "cert-without-san": [
        Case("only a common name", server("cn-only.pem"), [4], severity=Severity.ERROR),
        Case("with SAN", server("server.pem")),
    ],
}


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
