"""Mail: what ``decide`` says of a login is what real nginx does, and what it tells to auth_http."""

import ssl
from datetime import datetime, timezone
from itertools import product
from pathlib import Path

import pytest

from mail.mailbox import Authority, authority, log_in
from mtls_lint.nginx.chain_check import reader
from mtls_lint.nginx.clients import ChainClient
from mtls_lint.nginx.decide import decide
from mtls_lint.nginx.decision import Answer, Connection, Decision, Outcome, Request
from mtls_lint.nginx.model import build
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load
from mtls_lint.testing import NginxBinary
from mtls_lint.testing.catalogue import materialise
from mtls_lint.testing.client import client_context

CLIENTS = ("", "client", "revoked-client", "self-signed-client", "expired-client")
MODES = {
    "off": "",
    "on": "ssl_client_certificate root.pem;",
    "optional": "ssl_client_certificate root.pem;",
    "optional_no_ca": "",
    "on, a CRL": "ssl_client_certificate root.pem; ssl_crl crl.pem;",
}
LISTENS = [("", "off"), ("", "on"), ("", "only"), (" ssl", "off"), (" ssl", "only")]
WAYS = [(None, False), ("1.2", False), ("1.2", True)]
"""In plain, within TLS, and after STARTTLS."""


@pytest.fixture
def mail(nginx: NginxBinary) -> NginxBinary:
    """An nginx with mail: those built without are skipped."""
    if not nginx.can_run("mail {}"):
        pytest.skip(f"{nginx} has no mail")
    return nginx


def text_of(protocol: str, listen: str, starttls: str, mode: str, auth: Authority) -> str:
    return f"""events {{}}
mail {{
    auth_http 127.0.0.1:{auth.port}/; server_name mail.test;
    ssl_certificate server.pem; ssl_certificate_key server.key;
    server {{
        listen 127.0.0.1:PORT_mail{listen}; protocol {protocol}; starttls {starttls};
        ssl_verify_client {mode.partition(",")[0]}; {MODES[mode]}
    }}
}}
"""


def context_of(directory: Path, who: str, tls: str) -> ssl.SSLContext:
    certificate, key = (directory / f"{who}.{ending}" if who else None for ending in ("pem", "key"))
    return client_context(certificate=certificate, key=key, minimum=tls, maximum=tls)


def expected(decision: Decision) -> str:
    """The outcome in the words of ``seen``."""
    if decision.outcome is Outcome.RESPONSE:
        return "login" if decision.answer is Answer.CONTENT else "refused"
    return str(decision.outcome.value)


def seen(heard: str, asked: list[dict[str, str]]) -> str:
    if asked:
        return "login"
    if "No required SSL certificate" in heard:
        return Outcome.NO_CERTIFICATE.value
    if "SSL certificate error" in heard:
        return Outcome.CERTIFICATE_ERROR.value
    if heard.endswith("handshake failed"):
        return Outcome.HANDSHAKE_FAILED.value
    return Outcome.PLAIN_TO_HTTPS.value if heard == "closed" else "refused"


@pytest.mark.parametrize("protocol", ["imap", "pop3", "smtp"])
@pytest.mark.parametrize(("listen", "starttls"), LISTENS)
def test_a_login_goes_as_decide_says(
    protocol: str, listen: str, starttls: str, mail: NginxBinary, tmp_path: Path
) -> None:
    materialise(tmp_path)
    store = PemStore()
    with authority() as auth:
        for mode in MODES:
            with mail.run(text_of(protocol, listen, starttls, mode, auth), tmp_path) as running:
                port = running.ports["mail"]
                configuration = build(load(str(tmp_path / "nginx.conf")), mail.version)
                for (tls, changes), who in product(WAYS, CLIENTS):
                    if who and (tls is None or (changes and listen)):
                        continue  # it comes to no handshake
                    context = context_of(tmp_path, who, tls) if tls is not None else None
                    auth.asked.clear()
                    heard = log_in(port, protocol, context, starttls=changes)
                    chain = store.read(str(tmp_path / f"{who}.pem")).certificates if who else ()
                    decision = decide(
                        configuration,
                        Connection("127.0.0.1", port, tls, starttls=changes),
                        Request(None),
                        ChainClient(configuration, chain, reader(store)) if who else None,
                        datetime.now(timezone.utc),
                    )
                    what = (mode, tls, changes, who, heard)
                    told = seen(heard, auth.asked)
                    if told == "refused" and decision.outcome is Outcome.HANDSHAKE_FAILED and changes:
                        told = Outcome.HANDSHAKE_FAILED.value  # the command itself was refused
                    assert told == expected(decision), what
                    if auth.asked:
                        check_headers(auth.asked[0], decision, verified=mode != "off")


def check_headers(headers: dict[str, str], decision: Decision, *, verified: bool) -> None:
    """Auth-SSL with TLS, Auth-SSL-Verify and its kin where clients are asked, no Auth-SSL-Cert by itself."""
    assert ("Auth-SSL" in headers) is (decision.tls_server is not None)
    said = decision.client_verify.partition(":")[0] if verified else ""
    assert headers.get("Auth-SSL-Verify", "").partition(":")[0] == said
    assert ("Auth-SSL-Subject" in headers) is (said in {"SUCCESS", "FAILED"})
    assert "Auth-SSL-Cert" not in headers
