"""A revoked client comes back: what of its session comes through a reload is what ``survivals`` says."""

import ssl
import time
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.nginx.model import build
from mtls_lint.nginx.resumption import SHARED_KEYS
from mtls_lint.nginx.session_life import DEFAULT_TIMEOUT, Survival, survivals
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.catalogue import authority, materialise
from mtls_lint.testing.client import Reply, client_context
from mtls_lint.testing.nginx import NginxBinary, request

SHARED = "ssl_session_cache shared:S:1m;"
BUILTIN = "ssl_session_cache builtin:100;"
BOTH = "ssl_session_cache builtin:100 shared:S:1m;"
OFF = "ssl_session_cache off;"
KEY = "ssl_session_ticket_key ticket.key;"
NO_TICKETS = "ssl_session_tickets off;"
ZERO = "ssl_session_timeout 0;"
VERSIONS = ("1.2", "1.3")

CASES = [
    # What stands in http.
    *((one, "", "") for one in ("", SHARED, SHARED + NO_TICKETS, BUILTIN, BUILTIN + NO_TICKETS, BOTH)),
    *((one, "", "") for one in (BOTH + NO_TICKETS, KEY, KEY + NO_TICKETS, OFF + KEY, OFF + NO_TICKETS)),
    *((ZERO + one, "", "") for one in ("", SHARED + NO_TICKETS, KEY)),
    # What stands in the default server, and in the server that verifies.
    *(("", SHARED, one) for one in ("", NO_TICKETS)),
    *(("", SHARED + NO_TICKETS, one) for one in ("", NO_TICKETS)),
    *(("", KEY, one) for one in ("", NO_TICKETS)),
    ("", KEY + NO_TICKETS, ""),
    ("", BOTH, ""),
    ("", "", SHARED),
    ("", "", KEY),
    ("", NO_TICKETS, SHARED + NO_TICKETS),
]


class Layout(Struct, frozen=True):
    """Lines in http, in the default server, and in a.test, which verifies clients."""

    http: str
    default: str
    own: str

    def text(self, *, crl: bool) -> str:
        """The configuration, before the CRL or with it."""
        pairs = [
            f"ssl_certificate {name}.pem; ssl_certificate_key {name}.key;" for name in ("wildcard", "server")
        ]
        listen = "listen 127.0.0.1:PORT_tls ssl"
        return f"""events {{}}
http {{
    ssl_protocols TLSv1.2 TLSv1.3; {self.http}
    server {{ {listen} default_server; server_name d.test; {pairs[0]} {self.default} return 200; }}
    server {{
        {listen}; server_name a.test; {pairs[1]} {self.own}
        ssl_client_certificate root.pem; ssl_verify_client on; {"ssl_crl crl.pem;" if crl else ""}
        return 200 $ssl_client_verify;
    }}
}}
"""

    def survivals(self, version: NginxVersion) -> list[Survival]:
        """What the model says."""
        configuration = build(load_text(self.text(crl=True).replace("PORT_tls", "443")), version)
        (socket,) = configuration.sockets
        return list(survivals(configuration.servers[1], socket.default_server))


def context_of(
    directory: Path, tls: str, client: str = "revoked-client", *, tickets: bool = True
) -> ssl.SSLContext:
    context = client_context(
        certificate=directory / f"{client}.pem", key=directory / f"{client}.key", minimum=tls, maximum=tls
    )
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    return context


def ask(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> Reply:
    return request(port, context=context, sni="a.test", host="a.test", session=session)


def prepare(directory: Path) -> None:
    materialise(directory)
    (directory / "ticket.key").write_bytes(bytes(range(80)))


@pytest.mark.parametrize(("http", "default", "own"), CASES, ids=lambda one: one.replace(" ", "-") or "none")
def test_which_sessions_come_through_a_reload(
    http: str, default: str, own: str, nginx: NginxBinary, tmp_path: Path
) -> None:
    layout = Layout(http, default, own)
    prepare(tmp_path)
    with nginx.run(layout.text(crl=False), tmp_path, master=True) as running:
        port = running.ports["tls"]
        contexts = [(tls, context_of(tmp_path, tls, tickets=on)) for tls in VERSIONS for on in (True, False)]
        made = [(tls, context, ask(port, context)) for tls, context in contexts]
        assert [reply.body for _, _, reply in made] == ["SUCCESS"] * 4
        running.reload(layout.text(crl=True))
        survived = set()
        for tls, context, first in made:
            assert ask(port, context_of(tmp_path, tls)).status == 400  # a full handshake asks the CRL
            again = ask(port, context, first.session)
            assert (again.status, again.body) == (200, "SUCCESS") if again.reused else again.status == 400
            survived |= {tls} if again.reused else set()
    said = layout.survivals(nginx.version)
    assert survived == {one.tls for one in said}


@pytest.mark.parametrize("timeout", ["2s", "0"])
def test_how_long_a_session_lasts(timeout: str, nginx: NginxBinary, tmp_path: Path) -> None:
    # It is brought back again and again, each time the newest, for longer than the timeout.
    layout = Layout("", f"{KEY}ssl_session_timeout {timeout};", "ssl_session_timeout 1h;")
    prepare(tmp_path)
    with nginx.run(layout.text(crl=False), tmp_path) as running:
        lasting = set()
        contexts = {tls: context_of(tmp_path, tls) for tls in VERSIONS}
        replies = {tls: ask(running.ports["tls"], context) for tls, context in contexts.items()}
        for _ in range(5):
            time.sleep(0.9)
            for tls, context in contexts.items():
                replies[tls] = ask(running.ports["tls"], context, replies[tls].session)
                # Without one, nginx has verified the client anew; that session would last, too.
                lasting |= set() if replies[tls].reused else {tls}
    said = {one.tls: one.seconds for one in layout.survivals(nginx.version)}
    old = nginx.version < SHARED_KEYS
    if timeout == "0":
        assert lasting == (set() if old else {"1.3"})
        assert said == ({"1.3": None, "1.2": DEFAULT_TIMEOUT} if old else {"1.2": DEFAULT_TIMEOUT})
    else:
        assert lasting == ({"1.2"} if old else {"1.2", "1.3"})
        assert said == {"1.3": None if old else 2, "1.2": 2}


@pytest.mark.parametrize("directive", ["ssl_trusted_certificate", "ssl_client_certificate"])
def test_a_ca_that_is_taken_away(directive: str, nginx: NginxBinary, tmp_path: Path) -> None:
    # The names of the CAs in ssl_client_certificate belong to the session-id context, those of
    # ssl_trusted_certificate do not.
    prepare(tmp_path)
    authority("other-root").client("partner").write(tmp_path, "partner")
    before, after = ("two-roots.pem", "root.pem")
    text = """events {{}} http {{ server {{
        listen 127.0.0.1:PORT_tls ssl; server_name a.test;
        ssl_certificate server.pem; ssl_certificate_key server.key;
        ssl_session_cache shared:S:1m; ssl_verify_client on; {}
        return 200 $ssl_client_verify; }} }}"""
    own = "" if directive == "ssl_client_certificate" else "ssl_client_certificate root.pem; "
    with nginx.run(text.format(f"{own}{directive} {before};"), tmp_path, master=True) as running:
        context = context_of(tmp_path, "1.2", "partner", tickets=False)
        first = ask(running.ports["tls"], context)
        running.reload(text.format(f"{own}{directive} {after};"))
        assert ask(running.ports["tls"], context_of(tmp_path, "1.2", "partner")).status == 400
        again = ask(running.ports["tls"], context, first.session)
    assert first.body == "SUCCESS"
    assert again.reused is (directive == "ssl_trusted_certificate")
    assert again.status == (200 if again.reused else 400)


def test_stream_keeps_sessions_too(nginx: NginxBinary, tmp_path: Path) -> None:
    prepare(tmp_path)
    text = """events {{}} stream {{ server {{
        listen 127.0.0.1:PORT_tls ssl; ssl_certificate server.pem; ssl_certificate_key server.key;
        ssl_session_ticket_key ticket.key; ssl_verify_client on; ssl_client_certificate root.pem; {}
        return $ssl_client_verify; }} }}"""
    with nginx.run(text.format(""), tmp_path, master=True) as running:
        context = context_of(tmp_path, "1.2")
        first = ask(running.ports["tls"], context)
        running.reload(text.format("ssl_crl crl.pem;"))
        refused = ask(running.ports["tls"], context_of(tmp_path, "1.2"))
        again = ask(running.ports["tls"], context, first.session)
    assert (first.raw, refused.raw, again.raw, again.reused) == (b"SUCCESS", b"", b"SUCCESS", True)
