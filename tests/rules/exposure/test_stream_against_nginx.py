"""Modes of stream servers that share a socket: what real nginx enforces, and when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtls_lint.testing import NginxBinary, lint_text, request, with_material
from mtls_lint.testing.client import client_context

RULE = "stream-servers-with-different-modes"
PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
ON = f"{CA} ssl_verify_client on;"

NEVER = 300
"""Connections that all must be refused where the modes are equal."""

UNTIL = 5000
"""Connections of which one must get through where they are not. It is a matter of timing: the first after a
start as a rule, later one in twenty or less; with both processors busy it took up to 462."""


def configuration(first: str, second: str) -> str:
    return with_material(
        f"""events {{}}
stream {{
    {PAIR}
    server {{ listen 127.0.0.1:PORT_tls ssl; server_name a.test; {first} }}
    server {{ listen 127.0.0.1:PORT_tls ssl; server_name b.test; {second} proxy_pass 127.0.0.1:PORT_b; }}
}}
http {{
    server {{ listen 127.0.0.1:PORT_a; return 200 a; }}
    server {{ listen 127.0.0.1:PORT_b; return 200 b; }}
}}
"""
    )


@pytest.fixture
def mixing(nginx: NginxBinary) -> NginxBinary:
    """An nginx with names in stream that reads the mode before the handshake."""
    if not (1, 25, 5) <= nginx.version < (1, 30, 7) and not (1, 31, 0) <= nginx.version < (1, 31, 9):
        pytest.skip(f"{nginx} does not mix the modes of stream servers")
    return nginx


def findings(text: str, nginx: NginxBinary) -> list[str]:
    numbered = text.replace("PORT_tls", "443").replace("PORT_a", "1").replace("PORT_b", "2")
    return [
        found.finding.message
        for found in lint_text(numbered, rules=[RULE], version=str(nginx.version)).findings
    ]


def answers(port: int, sni: str | None, count: int) -> Iterator[str]:
    """What a client without a certificate gets from the backend, connection by connection.

    TLS 1.2 and 1.3 take turns: how often all of a handshake is there at once differs.
    """
    contexts = [client_context(maximum=version) for version in ("1.2", "1.3")]
    for number in range(count):
        yield request(port, context=contexts[number % 2], sni=sni).body


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ("proxy_pass 127.0.0.1:PORT_a;", ON, "b"),
        (f"{CA} ssl_verify_client optional; proxy_pass 127.0.0.1:PORT_a;", ON, "b"),
        ("ssl_verify_client optional_no_ca; proxy_pass 127.0.0.1:PORT_a;", ON, "b"),
        ('ssl_reject_handshake on; return "";', ON, "b"),
        (f"{ON} proxy_pass 127.0.0.1:PORT_a;", "", ""),
        (f"{ON} proxy_pass 127.0.0.1:PORT_a;", f"{CA} ssl_verify_client optional;", ""),
    ],
)
def test_the_mode_of_the_default_server_is_enforced_at_times(
    first: str, second: str, wrong: str, mixing: NginxBinary, tmp_path: Path
) -> None:
    text = configuration(first, second)
    assert findings(text, mixing)
    with mixing.run(text, tmp_path) as server:
        seen = set()
        for answer in answers(server.ports["tls"], "b.test", UNTIL):
            seen.add(answer)
            if wrong in seen:
                break
    assert wrong in seen


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        (f"{ON} proxy_pass 127.0.0.1:PORT_a;", ON, ""),
        (
            "ssl_client_certificate /pki/other-root.pem; ssl_verify_client on; proxy_pass 127.0.0.1:PORT_a;",
            ON,
            "",
        ),
        (f'ssl_reject_handshake on; {ON} return "";', ON, ""),
        (f"{CA} ssl_verify_client optional; proxy_pass 127.0.0.1:PORT_a;", "", "b"),
        ("proxy_pass 127.0.0.1:PORT_a;", f"{CA} ssl_verify_client optional;", "b"),
        ("deny all; proxy_pass 127.0.0.1:PORT_a;", ON, ""),
    ],
)
def test_nothing_is_found_where_it_makes_no_difference(
    first: str, second: str, right: str, mixing: NginxBinary, tmp_path: Path
) -> None:
    text = configuration(first, second)
    assert findings(text, mixing) == []
    with mixing.run(text, tmp_path) as server:
        assert set(answers(server.ports["tls"], "b.test", NEVER)) == {right}


@pytest.mark.parametrize("sni", [None, "unknown.test"])
@pytest.mark.parametrize(
    ("first", "served"),
    [
        ("proxy_pass 127.0.0.1:PORT_b;", "b"),
        (f"{CA} ssl_verify_client optional; proxy_pass 127.0.0.1:PORT_b;", "b"),
        ("ssl_reject_handshake on; proxy_pass 127.0.0.1:PORT_b;", ""),
        (f"{ON} proxy_pass 127.0.0.1:PORT_b;", ""),
        ("deny all; proxy_pass 127.0.0.1:PORT_b;", ""),
    ],
)
def test_without_a_known_name_the_default_server_answers(
    first: str, served: str, sni: str | None, nginx: NginxBinary, tmp_path: Path
) -> None:
    if nginx.version < (1, 25, 5):
        pytest.skip(f"{nginx} has one server for each stream socket")
    text = configuration(first, ON)
    mended = lint_text(
        text.replace("PORT_tls", "443").replace("PORT_b", "2"), rules=[RULE], version="1.30.7"
    ).findings
    assert bool(mended) is (served == "b")
    with nginx.run(text.replace("PORT_a", "PORT_unused"), tmp_path) as server:
        assert set(answers(server.ports["tls"], sni, 10)) == {served}


def test_access_rules_are_those_of_the_default_server(nginx: NginxBinary, tmp_path: Path) -> None:
    if nginx.version < (1, 25, 5):
        pytest.skip(f"{nginx} has one server for each stream socket")
    for first, second, served in (("deny all;", "", ""), ("", "deny all;", "b")):
        text = configuration(f"{first} proxy_pass 127.0.0.1:PORT_a;", second)
        with nginx.run(text, tmp_path) as server:
            assert set(answers(server.ports["tls"], "b.test", 5)) == {served}


def test_one_server_for_each_socket_before(nginx: NginxBinary) -> None:
    if nginx.version >= (1, 25, 5) or not nginx.can_run("stream {}"):
        pytest.skip(f"{nginx} has names in stream, or no stream at all")
    server = f"server {{ listen 127.0.0.1:12345 ssl; {PAIR} proxy_pass 127.0.0.1:1; }}"
    result = nginx.check(with_material(f"events {{}}\nstream {{ {server} {server} }}\n"))
    assert not result.accepted
    assert "duplicate" in result.output
