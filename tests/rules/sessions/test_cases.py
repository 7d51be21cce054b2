"""Sessions: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

SERVER, WILDCARD = (
    f"ssl_certificate /pki/{name}.pem; ssl_certificate_key /pki/{name}.key;"
    for name in ("server", "wildcard")
)
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"
ROOT, OTHER, TWO = (
    f"ssl_client_certificate /pki/{name}.pem;" for name in ("root", "other-root", "two-roots")
)
MORE = "ssl_trusted_certificate /pki/other-root.pem;"
ON = "ssl_verify_client on;"
REJECT = "server { listen 443 ssl default_server; ssl_reject_handshake on; }"
BOTH_VERSIONS = "ssl_protocols TLSv1.2 TLSv1.3;"
NO_TICKETS = "ssl_session_tickets off;"


def server(name: str, *lines: str, pair: str = SERVER, place: str = PROXY, listen: str = "443 ssl") -> str:
    """One server, on one line."""
    return f"server {{ listen {listen}; server_name {name}; {pair} {' '.join(lines)} {place} }}"


def http(*lines: str) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


A = server("a.test", ROOT, MORE, ON)
B = server("b.test", ROOT, ON)
X, Y = server("a.test", OTHER, ON), server("b.test", ROOT, ON)
OLD, PATCHED = "1.26.2", "1.28.0"

SHARED = [
    Case("one more trusted CA", http(REJECT, A, B), [4], "Other Root CA", Severity.ERROR, Confidence.CERTAIN),
    Case(
        "the other server first",
        http(REJECT, B, A),
        [5],
        "made at a.test:443 opens b.test:443",
        Severity.ERROR,
    ),
    Case(
        "the default server makes the session",
        http(A, B),
        [3],
        "made at a.test:443 opens b.test:443",
        Severity.ERROR,
    ),
    Case(
        "once for a socket",
        http(REJECT, A, B, server("c.test", ROOT, ON)),
        [4],
        "opens b.test:443 and c.test:443",
    ),
    Case("two sockets", http(A, B, *(s.replace("443 ssl", "8443 ssl") for s in (A, B))), [3, 5]),
    Case(
        "only trusted CAs",
        http(
            REJECT, server("a.test", MORE, ON), server("b.test", "ssl_trusted_certificate /pki/root.pem;", ON)
        ),
        [5],
        "made at b.test:443 opens a.test:443",
    ),
    Case(
        "a copy of the certificate under another name",
        http(REJECT, A, server("b.test", ROOT, ON, pair=SERVER.replace("server.pem", "server-with-key.pem"))),
        [4],
    ),
    Case(
        "a CRL at one of them, and somebody revoked",
        http(REJECT, server("a.test", ROOT, ON), server("b.test", ROOT, ON, "ssl_crl /pki/crl.pem;")),
        [5],
        "revokes",
        Severity.ERROR,
    ),
    Case(
        "a CRL that revokes nobody yet",
        http(REJECT, server("a.test", OTHER, ON), server("b.test", OTHER, ON, "ssl_crl /pki/crl-other.pem;")),
        [5],
        "revokes",
        Severity.WARNING,
    ),
    Case(
        "the depth",
        http(REJECT, server("a.test", ROOT, ON, "ssl_verify_depth 3;"), B),
        [4],
        "ssl_verify_depth 1",
        Severity.WARNING,
    ),
    Case(
        "optional and checked",
        http(
            REJECT,
            A,
            server(
                "b.test",
                ROOT,
                "ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) { return 403; }",
            ),
        ),
        [4],
    ),
    Case(
        "the backend is told",
        http(
            REJECT,
            A,
            server(
                "b.test", ROOT, "ssl_verify_client optional; proxy_set_header X-Client $ssl_client_verify;"
            ),
        ),
        [4],
    ),
    Case(
        "through the default server",
        http(
            server("d.test", ROOT, ON, place="return 301 https://a.test;"),
            A,
            server("b.test", ROOT, ON, pair=WILDCARD),
        ),
        [4],
        "without SNI",
        Severity.ERROR,
    ),
    Case(
        "trusted CAs that are not there",
        http(REJECT, server("a.test", ROOT, "ssl_trusted_certificate /x/more.pem;", ON), B),
        [4],
        "/x/more.pem",
        confidence=Confidence.LIKELY,
    ),
    Case("a fragment is less certain", f"{A}\n{B}\n", [1], confidence=Confidence.LIKELY),
    Case(
        "variables alike",
        http(
            "map $host $pem { default /pki/server.pem; }",
            REJECT,
            *(s.replace("/pki/server.pem", "$pem") for s in (A, B)),
        ),
        [5],
    ),
    Case("no tickets, but a cache", http(NO_TICKETS, "ssl_session_cache shared:s:1m;", REJECT, A, B), [6]),
    # Near misses.
    Case(
        "certificates of their own",
        http(REJECT, A, server("b.test", ROOT, ON, pair=WILDCARD)),
        not_evaluated=False,
    ),
    Case("other CA names", http(REJECT, X, Y), not_evaluated=False),
    Case("the same trust", http(REJECT, A, server("b.test", ROOT, MORE, ON))),
    Case(
        "the same CAs, split otherwise",
        http(
            REJECT,
            server("a.test", ROOT, MORE, ON),
            server("b.test", OTHER, "ssl_trusted_certificate /pki/root.pem;", ON),
        ),
    ),
    Case(
        "intermediates more",
        http(REJECT, server("a.test", ROOT, "ssl_trusted_certificate /pki/intermediate.pem;", ON), B),
    ),
    Case("no tickets and no cache", http(NO_TICKETS, REJECT, A, B)),
    Case("OCSP is asked again", http(REJECT, A, server("b.test", ROOT, ON, "ssl_ocsp on;"))),
    Case(
        "a cache elsewhere than in the default server",
        http(NO_TICKETS, REJECT, server("a.test", ROOT, MORE, ON, "ssl_session_cache shared:s:1m;"), B),
    ),
    Case("no tickets where the session would go", http(REJECT, A, server("b.test", ROOT, ON, NO_TICKETS))),
    Case("an open server", http(REJECT, A, server("b.test"))),
    Case("sessions of an open server", http(REJECT, server("a.test"), B)),
    Case(
        "nothing trusted where the session is made",
        http(
            REJECT,
            server("a.test", "ssl_verify_client optional_no_ca;"),
            server("b.test", "ssl_trusted_certificate /pki/root.pem;", ON),
        ),
    ),
    Case(
        "optional and anyone gets in", http(REJECT, A, server("b.test", ROOT, "ssl_verify_client optional;"))
    ),
    Case("it rejects handshakes", http(REJECT, A, server("b.test", ROOT, ON, "ssl_reject_handshake on;"))),
    Case(
        "nothing but a redirect",
        http(REJECT, A, server("b.test", ROOT, ON, place="return 301 https://a.test;")),
    ),
    Case("another socket", http(A, server("b.test", ROOT, ON, listen="8443 ssl"))),
    Case("no certificate of its own", http(A, server("b.test", ROOT, ON, pair=""))),
    Case(
        "no TLS version in common",
        http(
            REJECT,
            server("a.test", ROOT, MORE, ON, "ssl_protocols TLSv1.3;"),
            server("b.test", ROOT, ON, "ssl_protocols TLSv1.2;"),
        ),
    ),
    Case("before 1.29.2", http(REJECT, A, B), version=PATCHED),
    # Not known.
    Case(
        "certificates that are not there",
        http(REJECT, *(s.replace("/pki/server", f"/x/{name}") for s, name in ((A, "a"), (B, "b")))),
        words="/x/",
        not_evaluated=True,
    ),
    Case(
        "a name that is a regular expression",
        http(REJECT, A, server("~^b[0-9]", ROOT, ON)),
        words="regular expressions",
        not_evaluated=True,
    ),
    Case(
        "an include may set CAs",
        http(REJECT, server("a.test", ROOT, ON, "include absent/tls.conf;"), B),
        words="part of this server",
        not_evaluated=True,
    ),
    Case(
        "a command replaces the CAs",
        http(REJECT, server("a.test", ROOT, ON, "ssl_conf_command VerifyCAFile /pki/other-root.pem;"), B),
        words="VerifyCAFile",
        not_evaluated=True,
    ),
]

CROSSING = [
    Case(
        "by number",
        http(REJECT, X, Y, BOTH_VERSIONS),
        [3],
        "CVE-2025-23419",
        Severity.WARNING,
        Confidence.POSSIBLE,
        version=OLD,
    ),
    Case(
        "by number, the CRL",
        http(REJECT, B, server("c.test", ROOT, ON, "ssl_crl /pki/crl.pem;"), BOTH_VERSIONS),
        [3],
        "revokes",
        Severity.WARNING,
        version=OLD,
    ),
    Case(
        "without SNI, the default server is open",
        http(server("d.test"), X, Y, BOTH_VERSIONS),
        [3],
        "without SNI",
        Severity.ERROR,
        Confidence.LIKELY,
        version=OLD,
    ),
    Case(
        "without SNI, in spite of the fix",
        http(server("d.test"), X, Y),
        [3],
        "without SNI",
        Severity.ERROR,
        Confidence.LIKELY,
        version=PATCHED,
    ),
    Case(
        "the default server verifies", http(Y, X), [3], "made at a.test:443", Severity.ERROR, version=PATCHED
    ),
    Case(
        "files that are not there",
        http(REJECT, *(s.replace("/pki/", "/x/") for s in (X, Y))),
        [3],
        "/x/",
        Severity.WARNING,
        Confidence.POSSIBLE,
        version=OLD,
    ),
    Case(
        "no tickets in the servers alone",
        http(REJECT, *(s.replace(ON, ON + NO_TICKETS) for s in (X, Y))),
        version=OLD,
    ),
    Case(
        "no tickets in the default server alone",
        http(REJECT.replace("; }", f"; {NO_TICKETS} }}"), X, Y),
        version=OLD,
    ),
    # Near misses.
    Case("the fix, and a default that rejects", http(REJECT, X, Y), not_evaluated=False, version=PATCHED),
    Case("1.26.3 has the fix", http(REJECT, X, Y), version="1.26.3"),
    Case("1.27.3 has not", http(REJECT, X, Y), [3], "CVE-2025-23419", version="1.27.3"),
    Case("1.27.4 has it", http(REJECT, X, Y), version="1.27.4"),
    Case("1.29.2 chooses the server first", http(server("d.test"), X, Y), version="1.29.2"),
    Case("no TLS 1.3", http("ssl_protocols TLSv1.2;", server("d.test"), X, Y), version=OLD),
    Case("no TLS 1.3 by default", http(server("d.test"), X, Y), version="1.22.1"),
    Case("the same CAs", http(server("d.test"), Y, server("c.test", ROOT, ON)), version=OLD),
    Case("no tickets and no cache", http(NO_TICKETS, server("d.test"), X, Y), version=OLD),
    Case("only one verifies", http(server("d.test"), X), version=OLD),
    # The default server's clients need no session: vhost-shared-socket-ca-mismatch.
    Case("more CAs at the default server", http(server("d.test", TWO, ON), Y), version=PATCHED),
]

CRL = "ssl_crl /pki/crl.pem;"
C = server("c.test", ROOT, ON, CRL)
KEPT, DAY = "ssl_session_cache shared:S:10m;", "ssl_session_timeout 1d;"
KEY = "ssl_session_ticket_key /etc/nginx/ticket.key;"

OUTLIVING = [
    Case("a day", http(KEPT, DAY, C), [3], "up to 1 day", Severity.WARNING, Confidence.CERTAIN),
    Case("five minutes", http(KEPT, C), [3], "up to 5 minutes", Severity.INFO),
    Case("an hour", http(KEPT, "ssl_session_timeout 1h;", C), [3], "up to 1 hour", Severity.INFO),
    Case(
        "longer than the CRL",
        http(KEPT, "ssl_session_timeout 60d;", C.replace("crl.pem", "crl-expiring.pem")),
        [3],
        "longer than the CRL itself is valid (30 days)",
        Severity.ERROR,
    ),
    Case("a key", http(KEY, DAY, C), [3], "ticket.key", Severity.WARNING),
    Case("no timeout is two hours", http(KEY, "ssl_session_timeout 0;", C), [3], "2 hours", Severity.WARNING),
    Case(
        "the CRL is not at hand", http(KEPT, DAY, C.replace("/pki/crl", "/x/crl")), [3], not_evaluated=False
    ),
    Case(
        "once for several servers",
        http(KEPT, DAY, f"{CRL} {ROOT} {ON}", server("a.test"), server("b.test")),
        [3],
    ),
    Case(
        "two caches",
        http(C.replace(CRL, CRL + KEPT), server("e.test", ROOT, ON, CRL, KEPT, listen="8443 ssl")),
        [3, 4],
    ),
    Case("the default server's", http(server("d.test", KEPT, DAY), C), [3], "c.test:443", Severity.WARNING),
    Case("optional", http(KEPT, DAY, C.replace(ON, "ssl_verify_client optional;")), [3]),
    Case(
        "TLS 1.3 without end",
        http(KEY, C, BOTH_VERSIONS),
        [3],
        "as long as",
        Severity.ERROR,
        version="1.22.1",
    ),
    Case("TLS 1.2 by a number", http(KEPT, DAY, C), [3], "1 day", Severity.WARNING, version="1.22.1"),
    Case(
        "stream",
        "events {}\nstream {\n"
        + KEPT
        + DAY
        + C.replace(PROXY, "proxy_pass 127.0.0.1:1;").replace("server_name c.test;", "")
        + "\n}\n",
        [3],
        "1 day",
    ),
    Case("a fragment", f"{KEPT} {DAY} {C}", [1], confidence=Confidence.LIKELY),
    # Near misses.
    Case("nothing outlasts a reload", http(C), not_evaluated=False),
    Case("a cache that ends with its process", http("ssl_session_cache builtin:1000;", DAY, C)),
    Case(
        "a shared one that ends with it", http("ssl_session_cache builtin shared:S:1m;", NO_TICKETS, DAY, C)
    ),
    Case("no cache, no tickets", http(KEY, NO_TICKETS, C)),
    Case("a cache elsewhere", http(server("d.test"), server("c.test", ROOT, ON, CRL, KEPT, DAY))),
    Case("sessions of no time", http(KEPT, NO_TICKETS, "ssl_session_timeout 0;", C)),
    Case("OCSP is asked again", http(KEPT, DAY, C.replace(CRL, CRL + "ssl_ocsp on;"))),
    Case("no CRL", http(KEPT, DAY, B)),
    Case("the CRL is taken back", http(KEPT, DAY, CRL, server("b.test", ROOT, ON, 'ssl_crl "";'))),
    Case("nobody is verified", http(KEPT, DAY, server("c.test", CRL))),
    Case("no TLS", http(KEPT, DAY, C.replace("443 ssl", "80"))),
    Case("tickets of 1.22.1 end with it", http(KEPT, DAY, "ssl_protocols TLSv1.3;", C), version="1.22.1"),
    # Not known.
    Case("an include", http("include absent.conf;", C), words="absent.conf", not_evaluated=True),
    Case("a fragment without", C, words="around", not_evaluated=True),
]

OLDER = "ssl_session_ticket_key /etc/nginx/older.key;"
STATIC = [
    Case("one key", http(KEY, B), [3], "ticket.key", Severity.WARNING, Confidence.POSSIBLE),
    Case("the default server's", http(server("d.test", KEY), B), [3], "server b.test:443"),
    Case("once for several servers", http(KEY, A, B), [3], "a.test:443 and b.test:443"),
    Case("optional", http(KEY, B.replace(ON, "ssl_verify_client optional;")), [3]),
    # Near misses.
    Case("two keys", http(KEY, OLDER, B)),
    Case("keys that nginx makes", http(KEPT, B), not_evaluated=False),
    Case("nobody is asked", http(KEY, server("b.test"))),
    Case("a key that counts nowhere", http(server("d.test"), server("b.test", ROOT, ON, KEY))),
    Case("no tickets", http(KEY, NO_TICKETS, B)),
    Case("no TLS", http(KEY, server("b.test", ROOT, ON, listen="80"))),
    # Not known.
    Case("an include", http("include absent.conf;", B), words="absent.conf", not_evaluated=True),
]
P = server("b.test", ROOT, ON, listen="8443 ssl")
SOCKETS = [
    Case("one more trusted CA", http(KEPT, A, P), [4], "Other Root CA", Severity.ERROR, Confidence.CERTAIN),
    Case("the other way round", http(KEPT, P, A), [5], "made at a.test:443 on *:443 opens b.test:8443"),
    Case("a CRL at one of them", http(KEPT, B, P.replace(ON, ON + CRL)), [5], "revokes", Severity.ERROR),
    Case(
        "the depth", http(KEPT, B.replace(ON, ON + "ssl_verify_depth 3;"), P), [4], "depth", Severity.WARNING
    ),
    Case("IPv4 and IPv6", http(KEPT, A.replace("443 ssl", "443 ssl; listen [::]:443 ssl"), P), [4]),
    Case("TLS 1.2 alone, an old version", http(KEPT, A, P), [4], version="1.22.1"),
    Case("a fragment", f"{KEPT}\n{A}\n{P}\n", [2], confidence=Confidence.LIKELY),
    # Near misses.
    Case("no cache, no key", http(A, P), not_evaluated=False),
    Case("built-in caches", http("ssl_session_cache builtin:100;", A, P), not_evaluated=False),
    Case("OCSP is asked again", http(KEPT, A, P.replace(ON, ON + "ssl_ocsp on;"))),
    Case("the same server on both", http(KEPT, A.replace("443 ssl", "443 ssl; listen 8443 ssl"))),
    Case("an open server", http(KEPT, A, server("b.test", listen="8443 ssl"))),
    Case("no TLS there", http(KEPT, A, server("b.test", ROOT, ON, listen="8080"))),
    Case(
        "no version in common",
        http(
            KEPT, A.replace(ON, ON + "ssl_protocols TLSv1.2;"), P.replace(ON, ON + "ssl_protocols TLSv1.3;")
        ),
    ),
    Case(
        "nothing but a redirect",
        http(KEPT, A, server("b.test", ROOT, ON, listen="8443 ssl", place="return 301 https://a.test;")),
    ),
    # Not known.
    Case("an include", http("include absent.conf;", A, P), words="absent.conf", not_evaluated=True),
    Case(
        "certificates that are not there",
        http(KEPT, *(s.replace("/pki/server", f"/x/{n}") for s, n in ((A, "a"), (P, "b")))),
        words="/x/",
        not_evaluated=True,
    ),
]

EARLY, TELL = "ssl_early_data on;", "proxy_set_header Early-Data $ssl_early_data;"


def place(*lines: str, path: str = "/") -> str:
    """A location with a backend."""
    return f"location {path} {{ {' '.join(lines)} proxy_pass http://127.0.0.1:8080; }}"


def early(*places: str, lines: str = "") -> str:
    """A server that verifies its clients, with these locations."""
    return server("a.test", ROOT, ON, lines, place=" ".join(places))


REPEATED = [
    Case("plain", http(EARLY, early(place())), [3], "a.test:443", Severity.WARNING, Confidence.CERTAIN),
    Case("in the default server", http(server("d.test", EARLY), early(place())), [3], "a.test:443"),
    Case(
        "off in the server itself",
        http(EARLY, server("d.test"), early(place(), lines="ssl_early_data off;")),
        [3],
    ),
    Case("one of two", http(EARLY, early(place(TELL), place(path="/b"))), [3], "/b"),
    Case("the header is lost below", http(EARLY, early(place("proxy_set_header X y;"), lines=TELL)), [3]),
    Case("writing methods", http(EARLY, early(place("limit_except GET POST { deny all; }"))), [3]),
    Case("an if that lets through", http(EARLY, early(place("if ($ssl_early_data) { set $x 1; }"))), [3]),
    Case("optional", http(EARLY, early(place()).replace(ON, "ssl_verify_client optional;")), [3]),
    Case("a fragment", f"{EARLY} {early(place())}", [1], confidence=Confidence.LIKELY),
    # Near misses.
    Case("off", http(early(place())), not_evaluated=False),
    Case(
        "not in the default server", http(server("d.test"), early(place(), lines=EARLY)), not_evaluated=False
    ),
    Case("told", http(EARLY, early(place(), lines=TELL))),
    Case(
        "told by a map",
        http("map $ssl_early_data $e { 1 yes; }", EARLY, early(place("proxy_set_header E $e;"))),
    ),
    Case("425", http(EARLY, early(place(), lines="if ($ssl_early_data) { return 425; }"))),
    Case("425 here", http(EARLY, early(place("if ($ssl_early_data) { return 425; }")))),
    Case("reading methods", http(EARLY, early(place("limit_except GET { deny all; }")))),
    Case(
        "reading methods by if",
        http(EARLY, early(place("if ($request_method !~ ^(GET|HEAD)$) { return 405; }"))),
    ),
    Case("files", http(EARLY, early("root /srv;"))),
    Case("nobody is asked", http(EARLY, server("a.test"))),
    Case("no TLS 1.3", http(EARLY, "ssl_protocols TLSv1.2;", early(place()))),
    Case("no sessions", http(EARLY, NO_TICKETS, early(place()))),
    # Not known.
    Case("an include", http("include absent.conf;", early(place())), words="absent.conf", not_evaluated=True),
]


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_session_shared_between_servers(case: Case) -> None:
    check("session-shared-between-servers", case)


@pytest.mark.parametrize("case", CROSSING, ids=str)
def test_session_resumption_crosses_servers(case: Case) -> None:
    check("session-resumption-crosses-servers", case)


@pytest.mark.parametrize("case", OUTLIVING, ids=str)
def test_session_outlives_revocation(case: Case) -> None:
    check("session-outlives-revocation", case)


@pytest.mark.parametrize("case", STATIC, ids=str)
def test_ticket_key_static(case: Case) -> None:
    check("ticket-key-static", case)


@pytest.mark.parametrize("case", SOCKETS, ids=str)
def test_session_shared_between_sockets(case: Case) -> None:
    check("session-shared-between-sockets", case)


@pytest.mark.parametrize("case", REPEATED, ids=str)
def test_early_data_with_client_certificates(case: Case) -> None:
    check("early-data-with-client-certificates", case)
