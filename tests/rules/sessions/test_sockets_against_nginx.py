"""Sessions that go from one address and port to another: what the rule says is what real nginx does."""

import ssl
from pathlib import Path

import pytest

from mtls_lint.testing import lint_text
from mtls_lint.testing.catalogue import authority, materialise
from mtls_lint.testing.client import client_context
from mtls_lint.testing.nginx import NginxBinary, request

RULE = "session-shared-between-sockets"
ONE, TWO = (f"ssl_certificate {name}.pem; ssl_certificate_key {name}.key;" for name in ("server", "wildcard"))
SHARED, OTHER_CACHE = ("ssl_session_cache shared:S:1m;", "ssl_session_cache shared:T:1m;")
KEY, OTHER_KEY = ("ssl_session_ticket_key ticket.key;", "ssl_session_ticket_key other.key;")
NO_TICKETS = "ssl_session_tickets off;"
ROOT, OTHER = ("ssl_client_certificate root.pem;", "ssl_client_certificate other-root.pem;")
MORE = "ssl_trusted_certificate other-root.pem;"
REJECT = (
    "server { listen 127.0.0.1:PORT_a ssl default_server; listen 127.0.0.1:PORT_b ssl default_server;"
    " ssl_reject_handshake on; ssl_verify_client off; }"
)

CASES = [
    ("nothing shared", "", ONE + ROOT + MORE, ONE + ROOT, ""),
    ("a cache", SHARED, ONE + ROOT + MORE, ONE + ROOT, ""),
    ("a cache, no tickets", SHARED + NO_TICKETS, ONE + ROOT + MORE, ONE + ROOT, ""),
    ("a cache, no tickets there", SHARED, ONE + ROOT + MORE, ONE + ROOT + NO_TICKETS, ""),
    ("two caches", "", ONE + ROOT + MORE + SHARED, ONE + ROOT + OTHER_CACHE, ""),
    ("a cache, other certificate", SHARED, ONE + ROOT + MORE, TWO + ROOT, ""),
    ("a cache, other CAs", SHARED, ONE + OTHER, ONE + ROOT, ""),
    ("a key", KEY, ONE + ROOT + MORE, ONE + ROOT, ""),
    ("a key in both", "", ONE + ROOT + MORE + KEY, ONE + ROOT + KEY, ""),
    ("an older key", "", ONE + ROOT + MORE + KEY, ONE + ROOT + OTHER_KEY + KEY, ""),
    ("a newer key", "", ONE + ROOT + MORE + KEY + OTHER_KEY, ONE + ROOT + OTHER_KEY, ""),
    ("two keys", "", ONE + ROOT + MORE + KEY, ONE + ROOT + OTHER_KEY, ""),
    ("keys of their own, a cache", SHARED, ONE + ROOT + MORE + KEY, ONE + ROOT + OTHER_KEY, ""),
    ("a key, other certificate", KEY, ONE + ROOT + MORE, TWO + ROOT, ""),
    ("one default server", "", ONE + ROOT + MORE, ONE + ROOT, REJECT),
    ("one default server, other CAs", SHARED, ONE + OTHER, ONE + ROOT, REJECT),
    ("the same trust", SHARED, ONE + ROOT, ONE + ROOT, ""),
]


def text_of(http: str, first: str, second: str, more: str) -> str:
    return f"""events {{}}
http {{
    ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on; {http}
    {more}
    server {{ listen 127.0.0.1:PORT_a ssl; server_name a.test; {first} return 200 content; }}
    server {{
        listen 127.0.0.1:PORT_b ssl; server_name b.test; {second}
        location / {{ proxy_pass http://127.0.0.1:PORT_c; }}
    }}
    server {{ listen 127.0.0.1:PORT_c; return 200 content; }}
}}
"""


def context_of(directory: Path, tls: str, *, tickets: bool) -> ssl.SSLContext:
    context = client_context(
        certificate=directory / "partner.pem", key=directory / "partner.key", minimum=tls, maximum=tls
    )
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    return context


@pytest.mark.parametrize(("what", "http", "first", "second", "more"), CASES, ids=[case[0] for case in CASES])
def test_who_gets_in_from_the_other_socket(
    what: str, http: str, first: str, second: str, more: str, nginx: NginxBinary, tmp_path: Path
) -> None:
    materialise(tmp_path)
    authority("other-root").client("partner").write(tmp_path, "partner")
    for number, name in enumerate(("ticket.key", "other.key")):
        (tmp_path / name).write_bytes(bytes(range(number, number + 80)))
    text = text_of(http, first, second, more)
    entered = set()
    with nginx.run(text, tmp_path) as running:
        a, b = running.ports["a"], running.ports["b"]
        for tls, tickets in (("1.2", True), ("1.2", False), ("1.3", True)):
            context = context_of(tmp_path, tls, tickets=tickets)
            made = request(a, context=context, sni="a.test", host="a.test")
            own = request(b, context=context_of(tmp_path, tls, tickets=tickets), sni="b.test", host="b.test")
            assert own.status == 400
            for sni in ("b.test", None):
                if made.session is not None:
                    reply = request(b, context=context, sni=sni, host="b.test", session=made.session)
                    entered |= {reply.body} if reply.status == 200 else set()
    numbered = text.replace("PORT_a", "443").replace("PORT_b", "8443").replace("PORT_c", "8080")
    for name in ("root", "other-root", "server", "wildcard"):
        numbered = numbered.replace(f" {name}.", f" /pki/{name}.")
    report = lint_text(numbered, rules=[RULE], version=str(nginx.version))
    found = report.findings
    assert report.crashes == ()
    assert bool(entered) is bool(found), what
    assert all("Other Root CA" in one.finding.message for one in found)
