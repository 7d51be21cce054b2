"""Rules for mail: edge cases, near misses that stay silent, and what rules for all modules say of mail."""

from itertools import product

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.nginx.matrix import matrix
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing import lint_text
from mtls_lint.testing.pki import CLOCK
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; server_name mail.test;"
AUTH = "auth_http 127.0.0.1:9000/auth;"
CA = "ssl_client_certificate /pki/root.pem;"
ON, OPTIONAL, NO_CA = (f"ssl_verify_client {mode};" for mode in ("on", "optional", "optional_no_ca"))


RULES = [rule.id for rule in load_packs([built_in_pack()]) if rule.family in {"enforcement", "exposure"}]


def mail(*lines: str, more: str = AUTH) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", f"mail {{ {PAIR} {more}", *lines, "}"]) + "\n"


def server(listen: str, *lines: str) -> str:
    """One server for IMAP, on one line."""
    return f"server {{ listen {listen}; protocol imap; {' '.join(lines)} }}"


CASES: dict[str, list[Case]] = {
    "mail-login-without-tls": [
        Case("starttls on", mail(server("143", ON, CA, "starttls on;")), [3], "leaves it to the client", Severity.ERROR, Confidence.CERTAIN),
        Case("no TLS at all", mail(server("143", ON, CA)), [3], "`starttls` is off", Severity.ERROR),
        Case("one listen of two", mail(server("993 ssl; listen 143", ON, CA)), [3], "on *:143", Severity.ERROR),
        Case("an inherited check", mail(server("143", "starttls on;"), more=f"{AUTH} {ON} {CA}"), [3], severity=Severity.WARNING),
        Case("an inherited starttls", mail(server("143", ON, CA), more=f"{AUTH}\nstarttls on;"), [3]),
        Case("capitals", mail(server("143", ON, CA, "starttls ON;")), [3], "leaves it to the client"),
        Case("a fragment", server("143", ON, CA), [1], confidence=Confidence.LIKELY),
        Case("starttls only", mail(server("143", ON, CA, "starttls only;")), not_evaluated=False),
        Case("TLS from the start", mail(server("993 ssl", ON, CA)), not_evaluated=False),
        Case("TLS from the start, and starttls", mail(server("993 ssl", ON, CA, "starttls on;"))),
        Case("ssl on", mail(server("143", ON, CA, "ssl on;")), version="1.22.1"),
        Case("webmail on this machine", mail(server("127.0.0.1:143", ON, CA))),
        Case("optional is another matter", mail(server("143", OPTIONAL, CA, "starttls on;"))),
        Case("nobody is asked", mail(server("143", "starttls on;"))),
        Case("http has rules of its own", f"events {{}}\nhttp {{ server {{ listen 80; {ON} {CA} }} }}\n"),
        Case("an include", mail("include absent.conf;", server("143", ON, CA)), words="absent.conf", not_evaluated=True),
    ],
    "mail-client-certificate-optional": [
        Case("optional", mail(server("993 ssl", OPTIONAL, CA)), [3], "is NONE", Severity.WARNING, Confidence.POSSIBLE),
        Case("any certificate", mail(server("993 ssl", NO_CA)), [3], "is FAILED:...", Severity.WARNING),
        Case("after STARTTLS", mail(server("143", OPTIONAL, CA, "starttls only;")), [3]),
        Case("required", mail(server("993 ssl", ON, CA))),
        Case("off", mail(server("993 ssl", "ssl_verify_client off;", CA))),
        Case("no TLS", mail(server("143", OPTIONAL, CA))),
        Case("http has rules of its own", f"events {{}}\nhttp {{ server {{ listen 443 ssl; {PAIR} {OPTIONAL} {CA} }} }}\n"),
    ],
    "mail-auth-http-in-plain": [
        Case("another machine", mail(server("993 ssl", ON, CA), more="\nauth_http 192.0.2.1:9000/auth;"), [3], "192.0.2.1", Severity.WARNING),
        Case("a name", mail(server("993 ssl", ON, CA), more="\nauth_http http://auth.test/x;"), [3], "decided by auth.test in"),
        Case("IPv6", mail(server("993 ssl", ON, CA), more="\nauth_http [2001:db8::1]:9000;"), [3], "2001:db8::1"),
        Case("once for several servers", mail(server("993 ssl", ON, CA), server("995 ssl", OPTIONAL, CA), more="\nauth_http auth.test;"), [3], "_:993 and _:995"),
        Case("of one server", mail(server("993 ssl", ON, CA, "auth_http auth.test;"), server("995 ssl", ON, CA)), [3], "server _:993"),
        Case("loopback", mail(server("993 ssl", ON, CA), more="auth_http localhost:9000/auth;")),
        Case("IPv6 loopback", mail(server("993 ssl", ON, CA), more="auth_http [::1]:9000/auth;")),
        Case("a Unix socket", mail(server("993 ssl", ON, CA), more="auth_http unix:/run/auth.sock:/auth;")),
        Case("nobody is verified", mail(server("993 ssl"), more="auth_http auth.test;")),
        Case("an include", mail("include absent.conf;", server("993 ssl", ON, CA), more=""), words="absent.conf", not_evaluated=True),
    ],
    "mtls-not-enforced": [
        Case("STARTTLS, and nobody is asked", mail(server("143", CA, "starttls only;")), [3], "a password is all it takes", Severity.ERROR),
        Case("no TLS", mail(server("143", CA))),
    ],
    "session-outlives-revocation": [
        Case("mail", mail(server("993 ssl", ON, CA, "ssl_crl /pki/crl.pem;"), more="\nssl_session_cache shared:M:1m; ssl_session_timeout 1d;"), [3], "1 day"),
        Case("mail after STARTTLS", mail(server("143", ON, CA, "ssl_crl /pki/crl.pem; starttls only;"), more="\nssl_session_cache shared:M:1m; ssl_session_timeout 1d;"), [3]),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)


@pytest.mark.parametrize(
    ("listen", "starttls", "mode"),
    list(
        product(
            ["143", "993 ssl", "993 ssl; listen 143"],
            ["off", "on", "only"],
            [ON + CA, OPTIONAL + CA, NO_CA, CA],
        )
    ),
)
def test_rules_and_matrix_say_the_same(listen: str, starttls: str, mode: str) -> None:
    text = mail(server(listen, mode, f"starttls {starttls};"))
    found = {one.rule for one in lint_text(text, rules=RULES).findings}
    rows = {row.places[0]: row.who.kind for row in matrix(build(load_text(text)), CLOCK)}
    # decide knows what nginx does with each of these (test_against_nginx.py); the rules blame one cause each.
    expected = set()
    if ON in mode and rows.get("login without TLS") == "anyone":
        expected.add("mail-login-without-tls")
    if "optional" in mode and "anyone" in {rows.get("login within TLS"), rows.get("login after STARTTLS")}:
        expected.add("mail-client-certificate-optional")
    if mode == CA and "anyone" in {rows.get("login within TLS"), rows.get("login after STARTTLS")}:
        expected.add("mtls-not-enforced")
    assert found == expected
