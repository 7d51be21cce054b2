"""Revoked, expired and too deep certificates in the matrix: its holes are those of real nginx."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from mtls_lint.nginx.chain_check import reader
from mtls_lint.nginx.flaws import EXPIRED, REVOKED, TOO_DEEP, Flaw
from mtls_lint.nginx.matrix import matrix
from mtls_lint.nginx.matrix_rows import ANY_CERTIFICATE, CERTIFICATES, Row, Who
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import EXPIRED as PAST
from mtls_lint.testing.pki import Authority, Identity

PROXY = "proxy_pass http://127.0.0.1:PORT_back;"
PASS = f"location / {{ {PROXY} }}"
AT_495 = "error_page 495 = @495;"
UNLESS_EXPIRED = "if ($ssl_client_verify !~ expired) { return 403; }"
UNLESS_GOOD = "if ($ssl_client_verify != SUCCESS) { return 403; }"
PAIR = "ssl_certificate server.pem; ssl_certificate_key server.key;"
OCSP = "ssl_ocsp on; ssl_ocsp_responder http://127.0.0.1:1;"
NOW = datetime.now(timezone.utc)


def server(port: str, name: str, more: str = "", ca: str = "ca.pem", pair: str = PAIR) -> str:
    return (
        f"server {{ listen 127.0.0.1:PORT_{port} ssl; server_name {name}; {pair}"
        f" ssl_client_certificate {ca}; ssl_verify_client on; {more} {PASS} }}"
    )


# By the name of the socket: its servers, the first of which is the default.
SOCKETS = {
    "crl": [server("crl", "lax.test"), server("crl", "strict.test", "ssl_crl crl.pem;")],
    "same": [server("same", "a.test", "ssl_crl crl.pem;"), server("same", "b.test", "ssl_crl crl.pem;")],
    "more": [server("more", "a.test", "ssl_crl newer.pem;"), server("more", "b.test", "ssl_crl crl.pem;")],
    "less": [
        server("less", "lax.test", "ssl_crl empty.pem;"),
        server("less", "strict.test", "ssl_crl crl.pem;"),
    ],
    "none": [server("none", "a.test", "ssl_crl other.pem;"), server("none", "b.test", "ssl_crl crl.pem;")],
    "past": [server("past", "a.test", "ssl_crl past.pem;"), server("past", "b.test", "ssl_crl crl.pem;")],
    "copy": [server("copy", "lax.test"), server("copy", "strict.test", "ssl_crl crl.pem;", ca="copy.pem")],
    "bare": [server("bare", "lax.test"), server("bare", "strict.test", "ssl_crl crl.pem;", pair="")],
    "ocsp": [server("ocsp", "lax.test"), server("ocsp", "strict.test", OCSP)],
    "asks": [server("asks", "a.test", OCSP), server("asks", "b.test", "ssl_crl crl.pem;")],
    "deep": [server("deep", "lax.test", "ssl_verify_depth 3;"), server("deep", "strict.test")],
    "even": [server("even", "a.test", "ssl_verify_depth 1;"), server("even", "b.test")],
    "less_deep": [server("less_deep", "a.test"), server("less_deep", "b.test", "ssl_verify_depth 3;")],
    "bounded": [
        server("bounded", "a.test", "ssl_verify_depth 3;", ca="bounded.pem"),
        server("bounded", "b.test", ca="bounded.pem"),
    ],
    "shut": [
        "server { listen 127.0.0.1:PORT_shut ssl; ssl_reject_handshake on; }",
        server("shut", "a.test", "ssl_crl crl.pem;"),
    ],
    "open": [
        f"server {{ listen 127.0.0.1:PORT_open ssl; {PAIR} return 403; }}",
        server("open", "a.test", "ssl_crl crl.pem;"),
    ],
    "grace": [server("grace", "grace.test", f"{AT_495} location @495 {{ {UNLESS_EXPIRED} {PROXY} }}")],
    "soft": [
        server("soft", "soft.test", f"{AT_495} location @495 {{ {PROXY} }} {UNLESS_GOOD}").replace(
            "ssl_verify_client on", "ssl_verify_client optional_no_ca"
        )
    ],
    "page": [server("page", "page.test", "error_page 495 496 /page.html;")],
}
TEXT = "\n".join(
    [
        "events {} http { server { listen 127.0.0.1:PORT_back; return 200 backend; }",
        *(line for servers in SOCKETS.values() for line in servers),
        "}",
    ]
)
HOLES = {
    "crl": {(None, REVOKED)},
    "less": {(None, REVOKED)},
    "copy": {(None, REVOKED)},
    "bare": {("strict.test", REVOKED)},
    "ocsp": {(None, REVOKED)},
    "deep": {(None, TOO_DEEP)},
    "grace": {("grace.test", EXPIRED)},
    "soft": {("soft.test", EXPIRED)},
}


@pytest.fixture
def clients(tmp_path: Path) -> dict[str, Identity]:
    """A client for each flaw; all files that the configuration names are written too."""
    root = Authority.root("Root")
    revoked = root.client("revoked")
    Authority.root("Servers").server("a.test").write(tmp_path, "server")
    before = NOW - timedelta(days=60)
    files = {
        "ca": root.pem,
        "copy": root.pem * 2,
        "bounded": Authority.root("Bounded", path_length=1).pem,
        "crl": root.crl(revoked),
        "newer": root.crl(revoked, root.client("another")),
        "empty": root.crl(),
        "other": Authority.root("Other").crl(),
        "past": root.crl(last_update=before, next_update=before + timedelta(days=1)),
    }
    for name, data in files.items():
        (tmp_path / f"{name}.pem").write_bytes(data)
    made = {
        REVOKED: revoked,
        TOO_DEEP: root.intermediate("One").intermediate("Two").client("deep"),
        EXPIRED: Identity.self_signed("old", validity=PAST),
    }
    for flaw, identity in made.items():
        identity.write(tmp_path, f"client-{flaw}")
    return made


def rows(text: str, directory: Path, version: NginxVersion = NEWEST_STABLE) -> list[Row]:
    tree = load_text(text, "nginx.conf", main_directory=str(directory))
    return list(matrix(build(tree, version), NOW, reader(PemStore())))


def test_every_flaw_on_real_nginx(nginx: NginxBinary, clients: dict[str, Identity], tmp_path: Path) -> None:
    with nginx.run(TEXT, tmp_path) as running:
        text = TEXT
        sockets = {}
        for name, port in sorted(running.ports.items(), reverse=True):
            text = text.replace(f"PORT_{name}", str(port))
            sockets[port] = name
        found = {}
        for row in rows(text, tmp_path, nginx.version):
            assert row.uncertain == ()
            if not row.socket.ssl or row.name == "lax.test":
                continue  # what the laxer server lets in of its own will is no hole
            holes = [hole for hole in row.holes if hole.who.flaw is not None]
            found[sockets[row.socket.key.port]] = {(hole.sni, hole.who) for hole in holes}
            around = {(hole.sni, hole.who.flaw.kind) for hole in holes if hole.who.flaw is not None}
            for flaw in clients:
                for sni in (None, row.name):
                    reply = request(
                        row.socket.key.port,
                        sni=sni,
                        host=row.name,
                        certificate=tmp_path / f"client-{flaw}.pem",
                        key=tmp_path / f"client-{flaw}.key",
                    )
                    if _is_meant(row, flaw):
                        # Its own SNI leads there as surely as none does, where the server is alone.
                        known = {(sni, flaw), (row.name, flaw)} & around
                        assert (reply.status == 200) is bool(known), (
                            row.name,
                            sockets[row.socket.key.port],
                            sni,
                        )
    kinds = {name: {(sni, who.flaw and who.flaw.kind) for sni, who in at} for name, at in found.items() if at}
    assert kinds == HOLES


def _is_meant(row: Row, flaw: str) -> bool:
    """Whether the server, by its settings, refuses the flaw: else that it lets it in is no hole."""
    checks = {
        REVOKED: row.server.setting("ssl_crl").is_set or row.server.setting("ssl_ocsp").is_on,
        TOO_DEEP: row.server.setting("ssl_verify_depth").value == "1",
        EXPIRED: True,
    }
    return checks[flaw]


@pytest.mark.usefixtures("clients")
def test_what_the_holes_say(tmp_path: Path) -> None:
    text = TEXT
    for number, name in enumerate(sorted(["back", *SOCKETS], reverse=True)):
        text = text.replace(f"PORT_{name}", str(8000 + number))
    ca, crl = (str(tmp_path / name) for name in ("ca.pem", "crl.pem"))
    said = [hole.who for row in rows(text, tmp_path) for hole in row.holes if hole.who.flaw is not None]
    assert set(said) == {
        Who(CERTIFICATES, (ca,), Flaw(REVOKED, crl)),
        Who(CERTIFICATES, (ca,), Flaw(REVOKED)),
        Who(CERTIFICATES, (ca,), Flaw(TOO_DEEP, intermediates=2)),
        Who(ANY_CERTIFICATE, (), Flaw(EXPIRED)),
    }


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize(
    ("default", "reason"),
    [("ssl_crl absent.pem;", "absent.pem"), ("ssl_crl delta.pem;", "delta CRL")],
)
def test_a_crl_that_cannot_be_compared_leaves_it_uncertain(tmp_path: Path, default: str, reason: str) -> None:
    (tmp_path / "delta.pem").write_bytes(Authority.root("Root").crl(number=2, delta_of=1))
    servers = [server("x", "a.test", default), server("x", "b.test", "ssl_crl crl.pem;")]
    text = "\n".join(servers).replace("PORT_x", "443").replace("PORT_back", "81")
    first, second = rows(text, tmp_path)
    assert (first.uncertain, first.holes, second.holes) == ((), (), ())
    assert any(reason in one for one in second.uncertain)


def test_without_files_nobody_asks_about_flaws(tmp_path: Path) -> None:
    text = "\n".join(SOCKETS["crl"]).replace("PORT_crl", "443").replace("PORT_back", "81")
    tree = load_text(text, "nginx.conf", main_directory=str(tmp_path))
    assert [row.holes for row in matrix(build(tree), NOW)] == [(), ()]
