"""No quadratic step: configurations of many servers in which a shortcut for servers that are alike fails.

Calls are counted by function at two sizes: four times the servers may make about four times the calls of
each, so that a cheap question of every pair is seen beside thousands of calls for each server. A shape is one
function that writes a configuration of so many servers, and one row of ``SHAPES``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.testing.pki import Authority

SOURCES = Path(__file__).resolve().parent.parent.parent / "src"
COUNTED = """
import cProfile, json, re, sys
from mtls_lint.__main__ import main

def named(code):
    if isinstance(code, str):
        return re.sub(" at 0x[0-9a-f]+", "", code)
    return f"{code.co_filename.rpartition('mtls_lint/')[2]}:{code.co_firstlineno} {code.co_name}"

profile = cProfile.Profile()
code = profile.runcall(main)
calls = {}
for entry in profile.getstats():
    name = named(entry.code)
    calls[name] = calls.get(name, 0) + entry.callcount
print(json.dumps([code, calls]), file=sys.stderr)
"""

FEW, MANY = 50, 200
LEEWAY = 1.1
"""What a function may be called more than four times as often; n - 1 times for n servers is a bit more."""
ONCE = 3 * MANY
"""Calls that are too few to be for every pair, whatever their growth: of what begins above some size."""


class Shape(Struct, frozen=True):
    """Lines of the http block for so many servers, and how mtls-lint is called with them."""

    lines: Callable[[int], Iterator[str]]
    arguments: tuple[str, ...] = ("check", "-qq")
    exits: frozenset[int] = frozenset({0, 1})


def server(
    index: int,
    *more: str,
    listen: str = "8443 ssl",
    pair: str = "shared",
    verify: str = "on",
    cas: str = "pki/shared.pem",
) -> str:
    """A server that verifies its clients and tells a backend of its own who they are."""
    return "\n".join(
        (
            f"server {{ listen {listen}; server_name t{index}.example.com;",
            f"ssl_certificate pki/{pair}.pem; ssl_certificate_key pki/{pair}.key;",
            f"ssl_verify_client {verify}; ssl_client_certificate {cas};",
            *more,
            f"location / {{ proxy_pass http://10.0.{index >> 8}.{index & 255}:8080;",
            "proxy_set_header X-Client $ssl_client_s_dn; } }",
        )
    )


def depth_of_its_own(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, f"ssl_verify_depth {index};")


def cas_of_its_own(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, pair=f"{index}", cas=f"pki/{index}.pem")


def no_sessions(count: int) -> Iterator[str]:
    yield "ssl_session_tickets off;"
    for index in range(count):
        yield server(index, f"ssl_trusted_certificate pki/{index}.pem;")


def no_way_in(count: int) -> Iterator[str]:
    yield "server { listen 8443 ssl default_server; ssl_reject_handshake on; }"
    for index in range(count):
        yield server(index, f"ssl_trusted_certificate pki/{index}.pem;")


def unread(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, pair=f"none-{index}", cas=f"pki/none-{index}.pem")


CACHE = "ssl_session_cache shared:all:10m;"


def sockets(count: int) -> Iterator[str]:
    yield CACHE
    for index in range(count):
        yield server(index, f"ssl_verify_depth {index};", listen=f"{10000 + index} ssl")


def sockets_with_keys(count: int) -> Iterator[str]:
    yield CACHE
    for index in range(count):
        key = f"ssl_session_ticket_key pki/{index}.key; ssl_session_ticket_key pki/shared.key;"
        yield server(
            index,
            f"ssl_trusted_certificate pki/{index}.pem; {key}",
            listen=f"{10000 + index} ssl",
            pair=f"{index % 3}",
        )


def unread_on_sockets(count: int) -> Iterator[str]:
    yield CACHE
    for index in range(count):
        depth = f"ssl_verify_depth {1 + index % 3};"
        yield server(index, depth, listen=f"{10000 + index} ssl", pair=f"none-{index}", cas="pki/none.pem")


def two_sockets(count: int) -> Iterator[str]:
    yield CACHE
    yield "ssl_session_tickets off; ssl_protocols TLSv1.2;"
    yield server(count, listen="8443 ssl")
    for index in range(count):
        trusted = f"ssl_trusted_certificate pki/{index}.pem;"
        yield server(index, trusted, listen="8443 ssl; listen 9443 ssl")


def two_sockets_each(count: int) -> Iterator[str]:
    yield CACHE
    for index in range(count):
        trusted = f"ssl_trusted_certificate pki/{index}.pem;"
        yield server(index, trusted, listen=f"8443 ssl; listen {10000 + index} ssl")


def open_server(index: int) -> str:
    """A server in plain HTTP that leads to the backend of the server of this number."""
    return (
        f"server {{ listen 80; server_name open{index}.example.com;"
        f" location / {{ proxy_pass http://10.0.{index >> 8}.{index & 255}:8080; }} }}"
    )


def open_beside_protected(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index)
        yield open_server(index)


def one_upstream(count: int) -> Iterator[str]:
    yield from ("upstream app {", *(f"server 10.1.0.{index & 255}:{index};" for index in range(9)), "}")
    for index in range(count):
        yield server(index).replace(f"10.0.{index >> 8}.{index & 255}:8080", "app")
        yield open_server(index).replace(f"10.0.{index >> 8}.{index & 255}:8080", "app")


def upstream_for_each(count: int) -> Iterator[str]:
    """One upstream has as many members as there are servers that lead to it, in TLS and in plain."""
    yield from (
        "upstream app {",
        *(f"server 10.1.0.{index & 255}:{9 + index};" for index in range(count)),
        "}",
    )
    for index in range(count):
        backend = f"http://10.0.{index >> 8}.{index & 255}:8080"
        yield server(index).replace(backend, "https://app" if index % 2 else "http://app")
        yield open_server(index).replace(backend, "http://app")


def one_cache(count: int) -> Iterator[str]:
    yield "proxy_cache_path cache keys_zone=app:1m;"
    for index in range(count):
        yield server(index, "proxy_cache app;", verify="on" if index % 2 else "off")


def stapling(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, "ssl_stapling on;", cas=f"pki/{index}.pem", pair=str(index))


def error_pages(count: int) -> Iterator[str]:
    places = (f"location = /e{index} {{ root /srv; }}" for index in range(count))
    pages = (f"error_page {400 + index % 90} /e{index};" for index in range(count))
    yield server(0, *pages, *places, verify="optional")


def map_for_each(count: int) -> Iterator[str]:
    for index in range(count):
        yield f"map $ssl_client_s_dn $known{index} {{ default 0; CN=client{index} 1; }}"
        yield server(index, f"if ($known{index} = 0) {{ return 403; }}")


def map_for_all(count: int) -> Iterator[str]:
    yield from ("map $ssl_client_s_dn $known {", *(f"CN=client{index} 1;" for index in range(count)), "}")
    yield from ("map $host $backend {", *(f"t{index}.example.com 10.1.1.1;" for index in range(count)), "}")
    for index in range(count):
        yield server(index, 'if ($known = "") { return 403; } location /b { proxy_pass http://$backend; }')


def checked_places(count: int) -> Iterator[str]:
    """One server whose locations compare names themselves, and half of them set no header of their own."""
    yield server(
        0,
        *(
            f"location /a{index:03}/ {{ if ($ssl_client_s_dn !~ CN=client{index:03}) {{ return 403; }}"
            f" proxy_pass http://10.1.1.{index + 9:03};"
            f" {'proxy_set_header X-Client $ssl_client_s_dn;' if index % 2 else ''} }}"
            for index in range(count)
        ),
        verify="optional",
    )


def a_bundle(count: int) -> Iterator[str]:
    yield server(0, cas=f"pki/bundle-{count}.pem")


def a_bundle_for_all(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, cas=f"pki/bundle-{count}.pem")


def a_snippet(count: int) -> Iterator[str]:
    for index in range(count):
        yield f"server {{ listen 8443 ssl; server_name t{index}.example.com; include pki/snippet.conf; }}"


def many_certificates(count: int) -> Iterator[str]:
    pairs = (
        f"ssl_certificate pki/{index}.pem; ssl_certificate_key pki/{index}.key;" for index in range(count)
    )
    yield server(0, *pairs)


def names_in_conditions(count: int) -> Iterator[str]:
    """One server whose conditions compare names, for all of it and in one place."""
    named = (f'if ($ssl_client_s_dn = "CN=client{index}") {{ return 403; }}' for index in range(count))
    serials = (f"if ($ssl_client_serial = {index:04}) {{ return 403; }}" for index in range(count))
    yield server(0, *named, "location /b {", *serials, "}", verify="optional")


def places_by_expressions(count: int) -> Iterator[str]:
    yield server(0, *(f"location ~ ^/a{index:03}/ {{ root /srv/{index}; }}" for index in range(count)))


def early_data(count: int) -> Iterator[str]:
    """Servers that take early data and set a variable; a map for each makes another of it."""
    for index in range(count):
        yield f"map $own $made{index} {{ default 0; {index} 1; }}"
        yield server(index, f"ssl_early_data on; set $own $request_uri; add_header X-Made $made{index};")


def patterns_of_files(count: int) -> Iterator[str]:
    """Each server includes by a pattern of its own, and all look into one directory."""
    for index in range(count):
        yield server(index, f"include pki/{index}x*.none;")


def findings(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, f"ssl_protocols TLSv1 TLSv1.{1 + index % 2}; ssl_ciphers ALL:!T{index};")


def ignored(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, "ssl_protocols TLSv1; # mtls-lint: ignore[tls-legacy-only] an old partner")


def names(count: int) -> Iterator[str]:
    for index in range(count):
        yield server(index, f"server_name www.t{index}.test *.t{index}.org t{index}.* ~^x{index}[.];")


SHAPES = {
    "each server has a depth of its own": Shape(depth_of_its_own),
    "each server has a certificate and CAs of its own": Shape(cas_of_its_own),
    "each server has CAs of its own, and sessions are not kept": Shape(no_sessions),
    "each server has CAs of its own, and sessions open no other": Shape(
        no_way_in, ("check", "-qq", "--nginx-version", "1.28.0")
    ),
    "the same in two versions": Shape(cas_of_its_own, ("upgrade", "--from", "1.22.1", "--to", "1.31.3")),
    "no certificate and no CA can be read": Shape(unread),
    "each server has a socket of its own and they share a cache": Shape(sockets),
    "each server has a socket, CAs and a key of tickets of its own": Shape(sockets_with_keys),
    "each server has a socket of its own, and no certificate can be read": Shape(unread_on_sockets),
    "two sockets have the same servers, each with CAs of its own": Shape(two_sockets),
    "each server has CAs and a socket of its own beside a common one": Shape(two_sockets_each),
    "an open server beside each": Shape(open_beside_protected),
    "all lead to one upstream": Shape(one_upstream),
    "all lead to one upstream, which has a member for each": Shape(upstream_for_each),
    "all share a cache": Shape(one_cache),
    "each staples, with CAs of its own": Shape(stapling),
    "one server has many error pages": Shape(error_pages),
    "one server has many places with checks": Shape(checked_places),
    "one server has many certificates": Shape(many_certificates),
    "one server has many conditions on names": Shape(names_in_conditions),
    "one server has many places by regular expressions": Shape(places_by_expressions),
    "each takes early data": Shape(early_data),
    "each includes files of one directory by a pattern": Shape(patterns_of_files),
    "each has a map of names": Shape(map_for_each),
    "all share two maps with a row for each": Shape(map_for_all),
    **{
        f"each has findings, as {form}": Shape(findings, ("check", "--format", form))
        for form in ("concise", "json", "sarif", "markdown", "html")
    },
    "each has findings that are ignored": Shape(ignored),
    "each has names of all kinds": Shape(names),
    "each has names of all kinds, in a matrix": Shape(names, ("matrix",)),
    "one server trusts many CAs": Shape(a_bundle),
    "all trust the same, many CAs": Shape(a_bundle_for_all),
    "all include a snippet": Shape(a_snippet),
}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``shared`` and one pair for each server: a CA, which is not too proud to be a server's certificate."""
    directory = tmp_path_factory.mktemp("pki")
    for name in chain(["shared"], map(str, range(MANY))):
        usage = ("digitalSignature", "keyCertSign", "cRLSign")
        Authority.root(f"CA {name}", dns=("*.example.com",), key_usage=usage).write(directory, name)
    for count in (FEW, MANY):
        cas = [(directory / f"{name}.pem").read_bytes() for name in range(count)]
        (directory / f"bundle-{count}.pem").write_bytes(b"".join(cas))
    (directory / "snippet.conf").write_text(
        "ssl_certificate pki/shared.pem; ssl_certificate_key pki/shared.key; ssl_verify_client on;"
        " ssl_client_certificate pki/shared.pem; ssl_protocols TLSv1 TLSv1.2; ssl_ciphers ALL:RC4;"
        " ssl_verify_depth 100; ssl_session_cache shared:tls:1m;"
        " location / { proxy_pass http://127.0.0.1:8080; proxy_set_header X-DN $ssl_client_s_dn; }",
        encoding="ascii",
    )
    return directory


def calls(directory: Path, shape: Shape) -> dict[str, int]:
    """How often each function is called in a run."""
    command = [sys.executable, "-c", COUNTED, *shape.arguments, "nginx.conf"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, check=False)
    said, _, counted = done.stderr.rstrip().rpartition("\n")
    code, counts = json.loads(counted)
    assert code in shape.exits, said
    return dict(counts)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_function_is_called_for_every_pair(shape: Shape, pki: Path, tmp_path: Path) -> None:
    counted = []
    for count in (FEW, MANY):
        directory = tmp_path / str(count)
        directory.mkdir()
        (directory / "pki").symlink_to(pki)
        text = "\n".join(("events {}", "http {", *shape.lines(count), "}", ""))
        (directory / "nginx.conf").write_text(text, encoding="ascii")
        counted.append(calls(directory, shape))
    few, many = counted
    allowed = MANY / FEW * LEEWAY
    grown = [
        f"{name}: {few.get(name, 0)}, then {number}"
        for name, number in many.items()
        if number > allowed * few.get(name, 0) + ONCE
    ]
    assert not grown, "\n".join(grown)
