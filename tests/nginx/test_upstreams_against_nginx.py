"""What nginx says of its backends' certificates, on real handshakes: 200, or 502 and a line in the log."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.nginx.chain_check import ChainCheck, reader, upstream_check
from mtls_lint.nginx.model import build
from mtls_lint.nginx.upstream_names import expected_names
from mtls_lint.nginx.upstream_tls import upstream_passes
from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.host_check import host_matches, peer_names
from mtls_lint.pki.peer import Peer
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing import lint_text, with_material
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import CLOCK
from pki.chains import SERVER_CASES, pem, random_case
from pki.chains import Case as Chain

ROOT = authority("root")
HANDSHAKE = "the handshake fails"


class Asked(Struct, frozen=True):
    """A chain that a backend shows, and the directives of the location that leads to it."""

    chain: Chain
    name: str
    settings: str = ""


def configuration(asked: Sequence[Asked], directory: Path) -> str:
    """A location and a backend for each."""
    front, back = "", ""
    for number, one in enumerate(asked):
        (directory / f"{number}.pem").write_bytes(pem(one.chain.sent))
        (directory / f"{number}.key").write_bytes(one.chain.sent[0].key_pem())
        (directory / f"{number}.ca").write_bytes(pem(one.chain.trusted))
        crl = ""
        if one.chain.crls:
            (directory / f"{number}.crl").write_bytes(b"".join(one.chain.crls))
            crl = f"proxy_ssl_crl {number}.crl;"
        front += (
            f"location = /{number} {{ proxy_pass https://unix:{directory}/{number}; proxy_ssl_verify on;"
            f" proxy_ssl_trusted_certificate {number}.ca; proxy_ssl_name '{one.name}';"
            f" proxy_ssl_verify_depth {one.chain.depth}; {crl} proxy_ssl_session_reuse off;"
            f" proxy_ssl_ciphers DEFAULT:@SECLEVEL={one.chain.level}; {one.settings} }}\n"
        )
        back += (
            f"server {{ listen unix:{directory}/{number} ssl; ssl_certificate {number}.pem;"
            f" ssl_certificate_key {number}.key; ssl_ciphers DEFAULT:@SECLEVEL=0; return 200; }}\n"
        )
    return f"events {{}} http {{ server {{ listen 127.0.0.1:PORT_web; {front} }} {back} }}"


def answers(nginx: NginxBinary, asked: Sequence[Asked], directory: Path) -> list[str]:
    """For each "" (200), or the words of the log."""
    found = []
    with nginx.run(configuration(asked, directory), directory) as running:
        for number in range(len(asked)):
            before = len(running.log)
            reply = request(running.ports["web"], tls=False, uri=f"/{number}")
            said = running.log[before:]
            assert reply.status in {200, 502}, (reply, said)
            refused = re.search(r"verify error: \(\d+:([^)]*)\)|certificate (does not match)|(SSL_do_)", said)
            assert (refused is None) is (reply.status == 200), said
            found.append("" if refused is None else refused[1] or refused[2] or HANDSHAKE)
    return found


def verdict(one: Asked) -> str:
    judged = one.chain.verdict()
    if judged.error is not None:
        return judged.error.text
    leaf = Certificate.from_der(one.chain.sent[0].der)
    return "" if host_matches(leaf, one.name.partition(":")[0]) else "does not match"


def named(chain: Chain) -> Asked:
    names = peer_names(Certificate.from_der(chain.sent[0].der))
    return Asked(chain, names[0].replace("*", "x") if names else "app.test")


def test_known_chains(nginx: NginxBinary, tmp_path: Path) -> None:
    asked = [named(chain) for chain, _ in SERVER_CASES.values()]
    found = answers(nginx, asked, tmp_path)
    # An OpenSSL as server may be the first to find that this key may sign no handshake.
    doubtful = list(SERVER_CASES).index("cRLSign")
    if found[doubtful] == HANDSHAKE:
        found[doubtful] = SERVER_CASES["cRLSign"][1]
    assert dict(zip(SERVER_CASES, found, strict=True)) == {
        name: error for name, (_, error) in SERVER_CASES.items()
    }


def chain_of(**deviation: object) -> Chain:
    leaf = ROOT.server("app.test", **deviation)  # type: ignore[arg-type]
    return Chain([leaf], [ROOT], peer=Peer.SERVER)


NAMES = {
    "exact": (Asked(chain_of(), "app.test"), ""),
    "another case": (Asked(chain_of(), "APP.Test"), ""),
    "a port is cut off": (Asked(chain_of(), "app.test:8443"), ""),
    "a final dot": (Asked(chain_of(), "app.test."), "does not match"),
    "empty": (Asked(chain_of(), ""), "does not match"),
    "another": (Asked(chain_of(), "b.test"), "does not match"),
    "common name": (Asked(chain_of(dns=()), "app.test"), ""),
    "common name beside an address": (Asked(chain_of(dns=(), ips=("127.0.0.1",)), "app.test"), ""),
    "an address": (Asked(chain_of(dns=(), ips=("127.0.0.1",)), "127.0.0.1"), "does not match"),
    "an address as name": (Asked(chain_of(dns=("127.0.0.1",)), "127.0.0.1"), ""),
    "wildcard": (Asked(chain_of(dns=("*.back.test",)), "a.back.test"), ""),
    "wildcard, two labels": (Asked(chain_of(dns=("*.back.test",)), "a.b.back.test"), "does not match"),
    "wildcard, none": (Asked(chain_of(dns=("*.back.test",)), "back.test"), "does not match"),
    "wildcard of a top level": (Asked(chain_of(dns=("*.test",)), "app.test"), "does not match"),
    "part of a label": (Asked(chain_of(dns=("b*.back.test",)), "bx.back.test"), ""),
    "not verified": (Asked(SERVER_CASES["expired"][0], "b.test", "proxy_ssl_verify off;"), ""),
}


def test_names(nginx: NginxBinary, tmp_path: Path) -> None:
    asked = [Asked(one.chain, one.name) if not one.settings else one for one, _ in list(NAMES.values())[:-1]]
    found = dict(zip(NAMES, answers(nginx, asked, tmp_path), strict=False))
    assert found == {name: error for name, (_, error) in list(NAMES.items())[:-1]}
    assert [verdict(one) for one in asked] == list(found.values())


@pytest.mark.parametrize("first", [31000])
def test_random_chains(first: int, nginx: NginxBinary, tmp_path: Path) -> None:
    """Chains with CRLs and with namesakes among the anchors are left to the tests of clients."""
    chains = [random_case(seed, Peer.SERVER) for seed in range(first, first + 120)]
    plain = [
        chain
        for chain in chains
        if not chain.crls and len({one.certificate.subject for one in chain.trusted}) == len(chain.trusted)
    ]
    asked = [named(chain) for chain in plain]
    wanted = [verdict(one) for one in asked]
    assert 10 < wanted.count("") < len(wanted) - 10
    assert answers(nginx, asked, tmp_path) == wanted


VERIFIED = "proxy_ssl_verify on; proxy_ssl_trusted_certificate /pki/root.pem; proxy_ssl_name api.example.com;"
PROTOCOLS = {
    "proxy_": ("proxy_pass https://", ""),
    "grpc_": ("grpc_pass grpcs://", ""),
    "uwsgi_": ("uwsgi_pass suwsgi://", ""),
    "stream": ("proxy_pass ", "proxy_ssl on;"),
}
SETTINGS = {
    "off by default": ("", False),
    "the CA is given, but not asked": ("ssl_trusted_certificate /pki/other-root.pem;", False),
    "good": ("ssl_verify on; ssl_trusted_certificate /pki/root.pem; ssl_name api.example.com;", False),
    "another CA": (
        "ssl_verify on; ssl_trusted_certificate /pki/other-root.pem; ssl_name api.example.com;",
        True,
    ),
    "another name": ("ssl_verify on; ssl_trusted_certificate /pki/root.pem; ssl_name b.example.com;", True),
    "the address": ("ssl_verify on; ssl_trusted_certificate /pki/root.pem;", True),
    "off inside": ("ssl_verify off; ssl_trusted_certificate /pki/other-root.pem;", False),
}
BACKEND = (
    "listen 127.0.0.1:PORT_back ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_protocol(protocol: str, setting: str, nginx: NginxBinary, tmp_path: Path) -> None:
    """The log tells: a certificate that was taken is followed by another complaint, or none."""
    passing, more = PROTOCOLS[protocol]
    prefix = "proxy_" if protocol == "stream" else protocol
    words, refused = SETTINGS[setting]
    settings = re.sub(r"ssl_\w+ ", lambda match: prefix + match[0], words)
    place = f"listen 127.0.0.1:PORT_web; {{}}{passing}127.0.0.1:PORT_back; {more} {settings}{{}}"
    http2 = "http2 on;" if nginx.version >= (1, 25, 1) else ""
    shown = BACKEND if http2 else BACKEND.replace(" ssl;", " ssl http2;", 1)
    backend = f"http {{ server {{ {shown} {http2} return 200; }} }}"
    if protocol == "stream":
        text = f"events {{}} stream {{ server {{ {place.format('', '')} }} }} {backend}"
    else:
        front = f"http {{ server {{ {place.format('location / { ', ' }')} }}"
        text = f"events {{}} {front}{backend.removeprefix('http {')}"
    text = with_material(text)
    if not nginx.can_run(text):
        pytest.skip("this nginx has no such module")
    (passed,) = upstream_passes(build(load_text(text.replace("PORT_web", "1").replace("PORT_back", "2"))))
    assert passed.tls is True
    with nginx.run(text, tmp_path) as running:
        request(running.ports["web"], tls=False)
        log = running.log
    assert ("verify error" in log or "does not match" in log) is refused, log
    check = upstream_check(passed, reader(PemStore()))
    if passed.verify.is_on:
        (expected,) = expected_names(passed)
        assert isinstance(check, ChainCheck)
        leaf = Certificate.from_der(identity("server").der)
        taken = check.verify([leaf], CLOCK).ok and host_matches(leaf, expected.text)
        assert taken is not refused


def test_an_anonymous_backend_is_no_verified_one(nginx: NginxBinary, tmp_path: Path) -> None:
    ciphers = "proxy_ssl_ciphers aNULL:@SECLEVEL=0; proxy_ssl_protocols TLSv1.2;"
    text = (
        "events {} http { server { listen 127.0.0.1:PORT_web;"
        f" location /on {{ proxy_pass https://127.0.0.1:PORT_back; {ciphers} {VERIFIED} }}"
        f" location /off {{ proxy_pass https://127.0.0.1:PORT_back; {ciphers} }} }}"
        f" server {{ {BACKEND} ssl_ciphers aNULL:@SECLEVEL=0; ssl_protocols TLSv1.2; return 200; }} }}"
    )
    with nginx.run(with_material(text), tmp_path) as running:
        statuses = [request(running.ports["web"], tls=False, uri=uri).status for uri in ("/on", "/off")]
    assert statuses == [502, 200]


def test_old_versions_need_security_level_0(nginx: NginxBinary, tmp_path: Path) -> None:
    old = "proxy_ssl_protocols TLSv1.1;"
    text = (
        "events {} http { server { listen 127.0.0.1:PORT_web;"
        f" location /2 {{ proxy_pass https://127.0.0.1:PORT_back; {old} }}"
        f" location /0 {{ proxy_pass https://127.0.0.1:PORT_back; {old}"
        " proxy_ssl_ciphers ALL:@SECLEVEL=0; } }"
        f" server {{ {BACKEND} ssl_ciphers ALL:@SECLEVEL=0; ssl_protocols TLSv1.1; return 200; }} }}"
    )
    with nginx.run(with_material(text), tmp_path) as running:
        statuses = [request(running.ports["web"], tls=False, uri=uri).status for uri in ("/2", "/0")]
    assert statuses == [502, 200]


def test_sni(nginx: NginxBinary, tmp_path: Path) -> None:
    """Without proxy_ssl_server_name no name is sent, and addresses never are."""
    back = "127.0.0.1:PORT_back"
    places = {
        "a": (back, "", ""),
        "b": (back, "proxy_ssl_name b.test;", ""),
        "c": (back, "proxy_ssl_name c.test; proxy_ssl_server_name on;", "c.test"),
        "d": (back, "proxy_ssl_server_name on;", ""),
        "e": (back, "proxy_ssl_name e.test:8443; proxy_ssl_server_name on;", "e.test"),
        "f": (back, "proxy_ssl_name $host; proxy_ssl_server_name on;", "localhost"),
        "g": ("block", "proxy_ssl_server_name on;", "block"),
    }
    locations = "".join(
        f"location /{name} {{ proxy_pass https://{host}; proxy_ssl_session_reuse off; {words} }}"
        for name, (host, words, _) in places.items()
    )
    text = (
        f"events {{}} http {{ server {{ listen 127.0.0.1:PORT_web; {locations} }}"
        " upstream block { server 127.0.0.1:PORT_back; }"
        f" server {{ {BACKEND} return 200 $ssl_server_name; }} }}"
    )
    with nginx.run(with_material(text), tmp_path) as running:
        sent = {name: request(running.ports["web"], tls=False, uri=f"/{name}").body for name in places}
    assert sent == {name: wanted for name, (_, _, wanted) in places.items()}


PLACES = {
    "good": VERIFIED,
    "other-ca": VERIFIED.replace("root", "other-root"),
    "crl": f"{VERIFIED} proxy_ssl_crl /pki/crl-expired.pem;",
    "other-name": VERIFIED.replace("api.example.com", "b.example.com"),
    "off": "",
    "without-reuse": f"{VERIFIED} proxy_ssl_crl /pki/crl-expired.pem; proxy_ssl_session_reuse off;",
}
SESSIONS = [
    # The CAs and CRLs of the place that made the session count, not those of the one that resumes it.
    (["good", "other-ca", "crl"], [200, 200, 200]),
    (["other-ca", "crl"], [502, 502]),
    # A session that was never verified is refused where verification is on.
    (["off", "good"], [200, 502]),
    (["good", "off", "good"], [200, 200, 200]),
    # The name is compared each time, and without reuse everything is verified again.
    (["good", "other-name"], [200, 502]),
    (["good", "without-reuse"], [200, 502]),
]


@pytest.mark.parametrize("protocol", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("backend", ["127.0.0.1:PORT_back", "block"])
def test_sessions_cross_places(protocol: str, backend: str, nginx: NginxBinary, tmp_path: Path) -> None:
    for number, (order, statuses) in enumerate(SESSIONS):
        locations = "".join(
            f"location /{name} {{ proxy_pass https://{backend}; proxy_ssl_protocols {protocol}; {words} }}"
            for name, words in PLACES.items()
        )
        text = (
            f"events {{}} http {{ server {{ listen 127.0.0.1:PORT_web; {locations} }}"
            " upstream block { server 127.0.0.1:PORT_back; }"
            f" server {{ {BACKEND} ssl_protocols {protocol}; return 200; }} }}"
        )
        directory = tmp_path / str(number)
        directory.mkdir()
        with nginx.run(with_material(text), directory) as running:
            found = [request(running.ports["web"], tls=False, uri=f"/{name}").status for name in order]
        assert found == statuses, order


REFUSED = {
    "verify without CAs": ("proxy_pass https://127.0.0.1:1; proxy_ssl_verify on;", True),
    "an empty file": (
        'proxy_pass https://127.0.0.1:1; proxy_ssl_verify on; proxy_ssl_trusted_certificate "";',
        True,
    ),
    "a variable": ("proxy_pass http://$host; proxy_ssl_verify on;", True),
    "plain": ("proxy_pass http://127.0.0.1:1; proxy_ssl_verify on;", False),
    "grpc": ("grpc_pass grpcs://127.0.0.1:1; grpc_ssl_verify on;", True),
    "grpc, plain": ("grpc_pass 127.0.0.1:1; grpc_ssl_verify on;", False),
    "uwsgi": ("uwsgi_pass suwsgi://127.0.0.1:1; uwsgi_ssl_verify on;", True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nginx_refuses(name: str, nginx: NginxBinary) -> None:
    words, refused = REFUSED[name]
    text = f"events {{}} http {{ server {{ listen 127.0.0.1:12345; location / {{ {words} }} }} }}"
    assert nginx.check(text).accepted is not refused
    report = lint_text(text, rules=["upstream-verify-without-trust"], version=nginx.version)
    assert [found.finding.fatal for found in report.findings] == [True] * refused


@pytest.mark.parametrize("protocol", ["TLSv1.2", "TLSv1.3"])
def test_sessions_cross_servers_of_stream(protocol: str, nginx: NginxBinary, tmp_path: Path) -> None:
    common = f"proxy_ssl on; proxy_ssl_protocols {protocol}; proxy_pass 127.0.0.1:PORT_back;"
    places = {name: PLACES[name] for name in ("good", "crl", "off")}
    servers = "".join(
        f"server {{ listen 127.0.0.1:PORT_{name}; {common} {words} }}" for name, words in places.items()
    )
    backend = f"http {{ server {{ {BACKEND} ssl_protocols {protocol}; return 200; }} }}"
    text = with_material(f"events {{}} stream {{ {servers} }} {backend}")
    if not nginx.can_run(text):
        pytest.skip("this nginx has no such module")
    for order, statuses in ((["good", "crl"], [200, 200]), (["crl"], [None]), (["off", "good"], [200, None])):
        directory = tmp_path / "-".join(order)
        directory.mkdir()
        with nginx.run(text, directory) as running:
            found = [request(running.ports[name], tls=False).status for name in order]
        assert found == statuses, order


@pytest.mark.parametrize(
    ("kept", "order", "statuses"),
    [
        ("keepalive 4;", ["off", "other-ca", "other-name"], [200, 200, 200]),
        ("keepalive 4;", ["good", "other-ca"], [200, 200]),
        ("", ["off", "other-ca", "other-name"], [200, 502, 502]),
        ("keepalive 4 local;", ["off", "other-ca", "other-name"], [200, 502, 502]),
    ],
)
def test_connections_cross_places(
    kept: str, order: list[str], statuses: list[int], nginx: NginxBinary, tmp_path: Path
) -> None:
    """A connection that is kept was verified by the place that opened it, and by nobody else."""
    if "local" in kept and nginx.version < (1, 29, 7):
        pytest.skip("keepalive has no such parameter")
    alive = "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_ssl_session_reuse off;"
    locations = "".join(
        f"location /{name} {{ proxy_pass https://block; {PLACES[name]} }}"
        for name in ("good", "off", "other-ca", "other-name")
    )
    text = (
        f"events {{}} http {{ {alive} server {{ listen 127.0.0.1:PORT_web; {locations} }}"
        f" upstream block {{ server 127.0.0.1:PORT_back; {kept} }} server {{ {BACKEND} return 200; }} }}"
    )
    with nginx.run(with_material(text), tmp_path) as running:
        found = [request(running.ports["web"], tls=False, uri=f"/{name}").status for name in order]
    assert found == statuses
