"""What nginx says of its backends' certificates, on real handshakes: 200, or 502 and a line in the log."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.host_check import host_matches, peer_names
from mtls_lint.pki.peer import Peer
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.nginx import NginxBinary, request
from pki.chains import SERVER_CASES, pem, random_case
from pki.chains import Case as Chain

ROOT = authority("root")
HANDSHAKE = "the handshake fails"


@dataclass(frozen=True)
class Asked:
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
