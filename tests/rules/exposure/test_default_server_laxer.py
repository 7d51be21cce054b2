"""``default-server-laxer``: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.testing import lint_text
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"
A, B = "/pki/root.pem", "/pki/other-root.pem"
CRL, OCSP = "ssl_crl /pki/crl.pem;", "ssl_ocsp on;"
DEEP = "curl -i -k --cert client-of-root-below-2-intermediates.pem"
UNLESS_GOOD = "if ($ssl_client_verify != SUCCESS) { return 403; }"
UNLESS_NAMED = "if ($ssl_client_s_dn !~ CN=x) { return 403; }"
RULE = "default-server-laxer"


def server(name: str, more: str = "", ca: str = A, mode: str = "on", listen: str = "443 ssl") -> str:
    """One server, on one line."""
    head = f"server {{ listen {listen}; server_name {name}; ssl_client_certificate {ca};"
    return f"{head} ssl_verify_client {mode}; {PAIR} {more} {PROXY} }}"


def http(*servers: str) -> str:
    """A whole configuration: nothing is assumed of it."""
    return "\n".join(["events {} http {", *servers, "}"])


CASES = [
    Case(
        "no CRL in the default server",
        http(server("a.test"), server("b.test", CRL)),
        [2],
        "b.test:443 refuses as revoked",
        Severity.ERROR,
        Confidence.CERTAIN,
        witness="curl -i -k --cert revoked-client-of-root.pem https://127.0.0.1/ -H 'Host: b.test'",
    ),
    Case(
        "what surrounds a fragment may set it",
        "\n".join([server("a.test"), server("b.test", CRL)]),
        [1],
        confidence=Confidence.LIKELY,
    ),
    Case(
        "several servers are one finding",
        http(server("a.test"), server("b.test", CRL), server("c.test", CRL), server("d.test")),
        [2],
        "b.test:443 and c.test:443 refuse as revoked",
    ),
    Case(
        "no OCSP in the default server",
        http(server("a.test"), server("b.test", OCSP)),
        [2],
        "no revocation",
        Severity.ERROR,
    ),
    Case(
        "a list that lacks something",
        http(server("a.test", "ssl_crl /pki/crl-empty.pem;"), server("b.test", CRL)),
        [2],
        "/crl-empty.pem does not list",
        Severity.ERROR,
    ),
    Case("a cancelled list", http(CRL, server("a.test", 'ssl_crl "";'), server("b.test")), [3]),
    Case(
        "a deeper chain",
        http(server("a.test", "ssl_verify_depth 3;"), server("b.test")),
        [2],
        "below 2 or more",
        Severity.WARNING,
        Confidence.CERTAIN,
        witness=f"{DEEP} https://127.0.0.1/ -H 'Host: b.test'",
    ),
    Case("two holes", http(server("a.test", "ssl_verify_depth 3;"), server("b.test", CRL)), [2, 2]),
    Case(
        "optional and checked",
        http(server("a.test"), server("b.test", f"{CRL} {UNLESS_GOOD}", mode="optional")),
        [2],
    ),
    Case(
        "optional in the default server", http(server("a.test", mode="optional"), server("b.test", CRL)), [2]
    ),
    Case(
        "the same CA in two files",
        http(server("a.test"), server("b.test", CRL, ca="/pki/duplicate-root.pem")),
        [2],
    ),
    Case(
        "a name is compared",
        http(server("a.test"), server("b.test", f"{CRL} {UNLESS_NAMED}")),
        [2],
        confidence=Confidence.LIKELY,
    ),
    Case(
        "OCSP without a certificate of its own",
        http(server("a.test"), server("b.test", OCSP).replace(PAIR, "")),
        [2],
        witness="curl -i -k --cert revoked-client-of-root.pem https://b.test/",
    ),
    Case(
        "a CRL without a certificate of its own",
        http(server("a.test"), server("b.test", CRL).replace(PAIR, "")),
    ),
    Case(
        "IPv6",
        http(server("a.test", listen="[::]:443 ssl"), server("b.test", CRL, listen="[::]:443 ssl")),
        [2],
    ),
    Case("the lists are one", http(server("a.test", CRL), server("b.test", CRL))),
    Case(
        "the default's list has more",
        http(server("a.test", "ssl_crl /pki/crl-chain.pem;"), server("b.test", CRL)),
    ),
    Case(
        "the default's list lets nobody pass",
        http(server("a.test", "ssl_crl /pki/crl-expired.pem;"), server("b.test", CRL)),
    ),
    Case("the default asks OCSP", http(server("a.test", OCSP), server("b.test", CRL))),
    Case("the default is stricter", http(server("a.test", f"{CRL} ssl_verify_depth 0;"), server("b.test"))),
    Case(
        "inherited by all",
        http("ssl_crl /pki/crl.pem; ssl_verify_depth 2;", server("a.test"), server("b.test")),
    ),
    Case(
        "no longer chain is possible",
        http(
            server("a.test", "ssl_verify_depth 3;", ca="/pki/ca-bounded.pem"),
            server("b.test", ca="/pki/ca-bounded.pem"),
        ),
    ),
    Case(
        "handshakes are rejected",
        http(
            "server { listen 443 ssl default_server; ssl_reject_handshake on; }",
            server("a.test"),
            server("b.test", CRL),
        ),
    ),
    Case("the default asks nobody", http(server("a.test", mode="off"), server("b.test", CRL))),
    Case("the CAs differ", http(server("a.test", ca=B), server("b.test", CRL))),
    Case(
        "the default trusts more",
        http(server("a.test", f"ssl_trusted_certificate {B};"), server("b.test", CRL)),
    ),
    Case(
        "addresses of their own",
        http(server("a.test", listen="192.0.2.1:443 ssl"), server("b.test", CRL, listen="192.0.2.2:443 ssl")),
    ),
    Case("nothing to enter", http(server("a.test"), server("b.test", f"{CRL} return 403;"))),
    Case("open to anyone anyway", http(server("a.test"), server("b.test", CRL, mode="optional"))),
    Case("verifying nobody", http(server("a.test"), server("b.test", CRL, mode="off"))),
    Case("a plain socket", http(server("a.test", listen="80"), server("b.test", CRL, listen="80"))),
    Case(
        "a list that is not there",
        http(server("a.test", "ssl_crl /x/a.pem;"), server("b.test", CRL)),
        words="/x/a.pem",
        not_evaluated=True,
    ),
    Case(
        "an absent list of the server alone",
        http(server("a.test"), server("b.test", "ssl_crl /x/b.pem;")),
        [2],
    ),
    Case(
        "OCSP beside a list",
        http(server("a.test", CRL), server("b.test", f"{CRL} {OCSP}")),
        words="OCSP",
        not_evaluated=True,
    ),
    Case(
        "a delta",
        http(server("a.test", "ssl_crl /pki/crl-delta.pem;"), server("b.test", CRL)),
        words="delta",
        not_evaluated=True,
    ),
    Case(
        "CAs that are not there",
        http(server("a.test", ca="/x/a.pem"), server("b.test", CRL, ca="/x/b.pem")),
        words="/x/a.pem",
        not_evaluated=True,
    ),
    Case(
        "an include is absent",
        http(server("a.test", "include absent.conf;"), server("b.test", CRL)),
        words="absent.conf",
        not_evaluated=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(RULE, case)


def test_one_hole_is_one_finding() -> None:
    text = http(server("a.test", ca=B), server("b.test", CRL))
    rules = [RULE, "vhost-shared-socket-ca-mismatch"]
    assert [found.rule for found in lint_text(text, rules=rules).findings] == rules[1:]
    rules = [RULE, "verify-client-without-own-certificate"]
    text = http(server("a.test"), server("b.test", CRL).replace(PAIR, ""))
    assert [found.rule for found in lint_text(text, rules=rules).findings] == rules[1:]
    text = http(server("a.test"), server("b.test", CRL))
    assert [found.rule for found in lint_text(text, rules=rules).findings] == rules[:1]
