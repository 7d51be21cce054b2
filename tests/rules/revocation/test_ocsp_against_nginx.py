"""Whether real clients get in past OCSP, and what the rules say about the same settings."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.testing import Identity, NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import authority, content
from rules.revocation.responder import Responder, all_of, responding

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_web ssl;
        ssl_certificate        {directory}/server.pem;
        ssl_certificate_key    {directory}/server.key;
        ssl_client_certificate {directory}/ca.pem;
        {directives}
        return 200;
    }}
}}
"""
ON = "ssl_verify_client on; ssl_ocsp on;"
LEAF = "ssl_verify_client on; ssl_ocsp leaf;"
CACHE = "ssl_ocsp_cache shared:ocsp:1m;"
RULES = (
    "ocsp-intermediate-without-responder",
    "ocsp-leaf-only",
    "ocsp-without-cache",
    "ocsp-without-resolver",
    "revocation-none",
    "revocation-without-verification",
)
ROOT = authority("root")


@pytest.fixture
def responder() -> Iterator[Responder]:
    with responding() as running:
        yield running


class Run(Struct):
    """One configuration with one client: the findings, the statuses, and nginx's log."""

    said: set[str]
    statuses: list[int | None]
    log: str


@pytest.fixture
def run(nginx: NginxBinary, tmp_path: Path, responder: Responder) -> Callable[..., Run]:
    def run(directives: str, client: Identity, ca: bytes = ROOT.pem, times: int = 1) -> Run:
        responder.known += all_of(client)
        for name in ("server.pem", "server.key"):
            (tmp_path / name).write_bytes(content(name))
        (tmp_path / "ca.pem").write_bytes(ca)
        (tmp_path / "client.pem").write_bytes(client.pem)
        (tmp_path / "client.key").write_bytes(client.key_pem())
        text = TEXT.format(directory=tmp_path, directives=directives)
        report = lint_text(text.replace("PORT_web", "443"), rules=RULES, version=nginx.version)
        assert report.crashes == ()
        with nginx.run(text, tmp_path) as server:
            statuses = [
                request(
                    server.ports["web"], certificate=tmp_path / "client.pem", key=tmp_path / "client.key"
                ).status
                for _ in range(times)
            ]
            log = server.log
        return Run({found.rule for found in report.findings}, statuses, log)

    return run


def url(responder: Responder, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{responder.port}/"


def test_a_responder_by_address_needs_no_resolver(run: Callable[..., Run], responder: Responder) -> None:
    """So that ocsp-without-resolver is only likely: what clients' certificates name is not known."""
    found = run(ON + CACHE, ROOT.client("a", ocsp=url(responder)))
    assert (found.said, found.statuses) == ({"ocsp-without-resolver"}, [200])


def test_a_responder_by_name_needs_one(run: Callable[..., Run], responder: Responder) -> None:
    found = run(ON + CACHE, ROOT.client("a", ocsp=url(responder, "localhost")))
    assert (found.said, found.statuses) == ({"ocsp-without-resolver"}, [400])
    assert "no resolver defined to resolve" in found.log
    assert responder.asked == []


def test_a_named_responder_is_looked_up_by_the_system(run: Callable[..., Run], responder: Responder) -> None:
    named = f" ssl_ocsp_responder {url(responder, 'localhost')};"
    found = run(ON + CACHE + named, ROOT.client("a"))
    assert (found.said, found.statuses, len(responder.asked)) == (set(), [200], 1)


def test_revoked(run: Callable[..., Run], responder: Responder) -> None:
    client = ROOT.client("a", ocsp=url(responder))
    responder.revoked.append(client)
    assert run(ON, client).statuses == [400]


def test_off_asks_nobody(run: Callable[..., Run], responder: Responder) -> None:
    client = ROOT.client("a", ocsp=url(responder))
    responder.revoked.append(client)
    found = run("ssl_verify_client off; ssl_ocsp on;", client)
    # The client CAs stand beside it: mtls-not-enforced says what is missing.
    assert (found.said, found.statuses, responder.asked) == (set(), [200], [])


@pytest.mark.parametrize(("cache", "requests"), [("", 3), (CACHE, 1)])
def test_a_cache_saves_requests(
    run: Callable[..., Run], responder: Responder, cache: str, requests: int
) -> None:
    found = run(ON + cache, ROOT.client("a", ocsp=url(responder)), times=3)
    assert ("ocsp-without-cache" in found.said) is (cache == "")
    assert (found.statuses, len(responder.asked)) == ([200] * 3, requests)


class TestIntermediates:
    RESOLVER = " resolver 127.0.0.1;"

    @pytest.mark.parametrize(
        ("mode", "responders", "status", "said"),
        [
            (ON, "none", 400, {"ocsp-intermediate-without-responder"}),
            (ON, "https", 400, {"ocsp-intermediate-without-responder"}),
            (ON, "http", 200, set()),
            (LEAF, "none", 200, {"ocsp-leaf-only"}),
            (LEAF, "http", 200, {"ocsp-leaf-only"}),
        ],
    )
    def test_each_needs_a_responder(
        self,
        run: Callable[..., Run],
        responder: Responder,
        mode: str,
        responders: str,
        status: int,
        said: set[str],
    ) -> None:
        ocsp = {"none": None, "http": url(responder), "https": url(responder).replace("http", "https")}
        intermediate = ROOT.intermediate("Asked CA", ocsp=ocsp[responders])
        client = intermediate.client("a", ocsp=url(responder))
        found = run(mode + CACHE + self.RESOLVER, client, intermediate.chain_pem(root=True))
        assert (found.said, found.statuses) == (said, [status])

    def test_one_responder_for_all(self, run: Callable[..., Run], responder: Responder) -> None:
        intermediate = ROOT.intermediate("Asked CA")
        named = f" ssl_ocsp_responder {url(responder)};"
        found = run(ON + CACHE + named, intermediate.client("a"), intermediate.chain_pem(root=True))
        assert (found.said, found.statuses, len(responder.asked)) == (set(), [200], 2)

    @pytest.mark.parametrize(("mode", "status"), [(ON, 400), (LEAF, 200)])
    def test_a_withdrawn_one(
        self, run: Callable[..., Run], responder: Responder, mode: str, status: int
    ) -> None:
        intermediate = ROOT.intermediate("Withdrawn CA", ocsp=url(responder))
        responder.revoked.append(intermediate)
        client = intermediate.client("a", ocsp=url(responder))
        assert run(mode, client, intermediate.chain_pem(root=True)).statuses == [status]
