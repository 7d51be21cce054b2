"""What the other rules of forwarding say, put to real nginx with recording backends."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from textwrap import dedent
from wsgiref.simple_server import make_server

import pytest
from _pytest.mark.structures import ParameterSet
from cryptography import x509

from mtls_lint.lint.finding import Witness
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.testing import lint_text, with_material
from mtls_lint.testing.catalogue import identity
from mtls_lint.testing.client import request
from mtls_lint.testing.nginx import NginxBinary
from mtls_lint.testing.pki import Identity
from rules.forwarding.live import Live, running
from rules.forwarding.recorder import Recorder
from rules.forwarding.test_cases import CASES, MTLS

PAGES = {rule.id: rule.documentation for rule in load_packs([built_in_pack()]) if rule.family == "forwarding"}


def bad(rule: str) -> list[ParameterSet]:
    """The Bad examples and cases with findings of a rule."""
    pages = [pytest.param(one.text, id=f"bad-{number}") for number, one in enumerate(PAGES[rule].bad)]
    return pages + [pytest.param(dedent(case.text), id=str(case)) for case in CASES[rule] if case.lines]


def good(rule: str, *without: str) -> list[ParameterSet]:
    """The Good examples and near misses of a rule."""
    pages = [pytest.param(one.text, id=f"good-{number}") for number, one in enumerate(PAGES[rule].good)]
    return pages + [
        pytest.param(dedent(case.text), id=str(case))
        for case in CASES[rule]
        if not case.lines and case.what not in without
    ]


def received(live: Live) -> set[str]:
    """All values of headers and parameters that the backends got."""
    lines = [line for one in live.backends.values() for head in one.heads for line in head.split(b"\r\n")]
    parameters = [v for one in live.backends.values() for request in one.parameters for _, v in request]
    return {line.partition(b": ")[2].decode() for line in lines} | set(parameters)


@pytest.mark.parametrize("text", bad("identity-header-underscore-alias"))
def test_the_second_spelling_arrives(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    report = lint_text(text, rules=["identity-header-underscore-alias"], version=nginx.version)
    with running(text, nginx, tmp_path) as live:
        for found in report.findings:
            witness = found.finding.witness
            assert isinstance(witness, Witness)
            live.clear()
            assert live.show(witness).status == 200
            for header in witness.headers:
                name, _, value = header.partition(": ")
                assert value in [v for one in live.backends.values() for v in one.values(name)]


NOBODY_ASKED = "nobody is asked for a certificate"


@pytest.mark.parametrize("text", good("identity-header-underscore-alias", NOBODY_ASKED))
def test_no_other_spelling_arrives(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    with running(text, nginx, tmp_path) as live:
        for backend, forwarded, header in list(live.carried()):
            name = forwarded.name if forwarded.directive.name == "proxy_set_header" else header
            spelled = {name.replace("-", "_"), name.replace("_", "-")}
            live.clear()
            live.knock(tuple(f"{spell}: forged" for spell in sorted(spelled)))
            assert backend.heads or backend.parameters
            assert "forged" not in received(live)


def test_wsgi_takes_one_for_the_other(nginx: NginxBinary, tmp_path: Path) -> None:
    """What the page says of backends: without a certificate the second spelling is all that there is."""
    seen: list[str] = []

    def application(environ: dict[str, str], start: Callable[..., object]) -> list[bytes]:
        seen.append(environ.get("HTTP_SSL_DN", ""))
        start("200 OK", [])
        return [b"ok"]

    with make_server("127.0.0.1", 0, application) as wsgi:
        threading.Thread(target=wsgi.serve_forever, daemon=True).start()
        text = (
            "events {} http { server { listen 127.0.0.1:PORT_web; location / {"
            " proxy_set_header SSL_DN $ssl_client_s_dn;"
            f" proxy_pass http://127.0.0.1:{wsgi.server_port}; }} }} }}"
        )
        with nginx.run(text, tmp_path) as server:
            request(server.ports["web"], tls=False, headers=("SSL-DN: CN=forged",))
        wsgi.shutdown()
    assert seen == ["CN=forged"]


@pytest.mark.parametrize("text", bad("dn-without-verify-forwarded"))
def test_a_made_up_name_arrives(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    report = lint_text(text, rules=["dn-without-verify-forwarded"], version=nginx.version)
    assert len(report.findings) == 1
    witness = report.findings[0].finding.witness
    assert isinstance(witness, Witness)
    assert witness.certificate is not None
    with running(text, nginx, tmp_path) as live:
        assert live.show(witness).status == 200
        shown = x509.load_pem_x509_certificate((tmp_path / witness.certificate.file).read_bytes())
        size = (shown.serial_number.bit_length() + 7) // 8
        names = {shown.subject.rfc4514_string(), shown.serial_number.to_bytes(size, "big").hex().upper()}
        assert names & received(live)


TOO_WEAK = "a check that is too weak is another matter"


@pytest.mark.parametrize("text", good("dn-without-verify-forwarded", TOO_WEAK))
def test_no_made_up_name_goes_alone(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    """Where one arrives, what became of the check arrives with it, or the whole certificate does."""
    certificate = tmp_path / "stranger.pem"
    stranger = Identity.self_signed("stranger", subject="CN=forged")
    certificate.write_bytes(stranger.pem + stranger.key_pem())
    with running(text, nginx, tmp_path) as live:
        request(
            live.server.ports["p443"], sni="api.example.com", host="api.example.com", certificate=certificate
        )
        values = received(live)
        judged = any(value.startswith("FAILED") for value in values) or "map $ssl_client_verify $ok" in text
        assert "CN=forged" not in values or judged


@pytest.mark.parametrize("text", bad("trusts-inbound-cert-header"))
def test_the_header_opens(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    report = lint_text(text, rules=["trusts-inbound-cert-header"], version=nginx.version)
    witness = report.findings[0].finding.witness
    assert isinstance(witness, Witness)
    with running(text, nginx, tmp_path) as live:
        live.knock(())
        assert not any(backend.heads for backend in live.backends.values())
        assert live.show(witness).status == 200
        assert any(backend.heads for backend in live.backends.values())


@contextmanager
def python_backend() -> Iterator[tuple[int, list[Message]]]:
    seen: list[Message] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, seen
        server.shutdown()


@pytest.mark.parametrize(
    ("variable", "by_nginx", "lines", "loses"),
    [
        ("ssl_client_raw_cert", 400, 1, True),
        ("ssl_client_cert", 400, 10, False),
        ("ssl_client_escaped_cert", 200, 1, False),
    ],
)
def test_what_backends_make_of_several_lines(
    variable: str, by_nginx: int, lines: int, loses: bool, nginx: NginxBinary, tmp_path: Path
) -> None:
    certificate = tmp_path / "client.pem"
    certificate.write_bytes(identity("client").pem + identity("client").key_pem())
    with python_backend() as (port, seen):
        text = (
            "events {} http { server { listen 127.0.0.1:PORT_back; return 200 ok; } server {"
            f" {with_material(MTLS).replace('443', '127.0.0.1:PORT_web')}"
            f" proxy_set_header X-Cert ${variable}; proxy_set_header X-Verify $ssl_client_verify;"
            " location /nginx { proxy_pass http://127.0.0.1:PORT_back; }"
            f" location /python {{ proxy_pass http://127.0.0.1:{port}; }} }} }}"
        )
        with nginx.run(text, tmp_path) as server:
            web = server.ports["web"]
            assert request(web, uri="/nginx", certificate=certificate).status == by_nginx
            assert request(web, uri="/python", certificate=certificate).status == 200
    (headers,) = seen
    assert headers["X-Cert"].count("\n") + 1 >= lines
    assert (headers["X-Verify"] is None) is loses


@pytest.mark.parametrize("variable", ["ssl_client_raw_cert", "ssl_client_cert", "ssl_client_escaped_cert"])
def test_headers_over_grpc(variable: str, nginx: NginxBinary, tmp_path: Path) -> None:
    """They replace the client's as those of proxy_set_header do, and have no room for a second line."""
    certificate = tmp_path / "client.pem"
    certificate.write_bytes(identity("client").pem + identity("client").key_pem())
    text = (
        "events {} http { server { listen 127.0.0.1:PORT_back http2; return 200 $http_x_dn; } server {"
        f" {with_material(MTLS).replace('443', '127.0.0.1:PORT_web')}"
        " grpc_set_header X-DN $ssl_client_s_dn;"
        " location /set { grpc_pass grpc://127.0.0.1:PORT_back; }"
        " location /passed { grpc_set_header A b; grpc_pass grpc://127.0.0.1:PORT_back; }"
        f" location /cert {{ grpc_set_header X-Cert ${variable};"
        " grpc_pass grpc://127.0.0.1:PORT_back; } } }"
    )
    with nginx.run(text, tmp_path) as server:
        replies = {
            uri: request(server.ports["web"], uri=uri, certificate=certificate, headers=("X-DN: CN=forged",))
            for uri in ("/set", "/passed", "/cert")
        }
    assert (replies["/set"].body, replies["/passed"].body) == ("CN=alice", "CN=forged")
    assert (replies["/cert"].status == 200) is (variable == "ssl_client_escaped_cert")


def ask(live: Live, name: str, host: str = "api.example.com", *, tls: bool = True) -> int | None:
    certificate = live.directory / f"{name}.pem"
    if tls:
        shown = identity("client").issuer.client(name, subject=f"CN={name}")  # type: ignore[union-attr]
        certificate.write_bytes(shown.pem + shown.key_pem())
    return request(
        live.server.ports["p443" if tls else "p80"],
        tls=tls,
        sni=host if tls else None,
        host=host,
        certificate=certificate if tls else None,
    ).status


def asked(backends: dict[int, Recorder]) -> int:
    return sum(len(one.heads) + len(one.parameters) for one in backends.values())


@pytest.mark.parametrize("text", bad("cache-key-ignores-identity"))
def test_one_answer_for_two_clients(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    open_to_all = "listen 80" in text
    with running(text, nginx, tmp_path) as live:
        assert ask(live, "alice") == 200
        assert asked(live.backends) == 1
        if open_to_all:
            assert ask(live, "nobody", "intern.example.com", tls=False) == 200
        else:
            assert ask(live, "bob") == 200
        assert asked(live.backends) == 1  # the second one was answered from the cache


KEPT_FOR_ALL = "the same for every client"


@pytest.mark.parametrize("text", good("cache-key-ignores-identity", KEPT_FOR_ALL))
def test_each_client_its_own_answer(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    with running(text, nginx, tmp_path) as live:
        assert ask(live, "alice") == 200
        if "listen 80" in text:
            assert ask(live, "nobody", "intern.example.com", tls=False) == 200
        else:
            assert ask(live, "bob") == 200
        wanted = 1 if "map $ssl_client_s_dn $user" in text else 2
        assert asked(live.backends) >= wanted
