"""Whether one place goes with the certificate of another one: the rule and real nginx say the same."""

from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.testing import NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import content

FILES = (
    "server.pem",
    "server.key",
    "two-roots.pem",
    "client.pem",
    "client.key",
    "stranger.pem",
    "stranger.key",
)
ALICE = "proxy_ssl_certificate client.pem; proxy_ssl_certificate_key client.key;"
EVE = ALICE.replace("client", "stranger")
OFF = "proxy_ssl_session_reuse off;"
KEEP = "proxy_http_version 1.1; proxy_set_header Connection '';"
TEXT = """\
events {{}}
http {{
    upstream app {{ server 127.0.0.1:PORT_back; {keepalive} }}
    upstream twin {{ server 127.0.0.1:PORT_back; {keepalive} }}
    {http}
    server {{
        listen 127.0.0.1:PORT_back ssl http2;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_verify_client optional_no_ca;
        ssl_client_certificate two-roots.pem;
        return 200 "$ssl_client_s_dn";
    }}
    server {{ listen 127.0.0.1:PORT_a; location / {{ {a} }} }}
    server {{ listen 127.0.0.1:PORT_b; location / {{ {b} }} }}
}}
{stream}
"""
STREAM = """\
stream {{
    server {{ listen 127.0.0.1:PORT_sa; proxy_pass 127.0.0.1:PORT_back; proxy_ssl on; {alice} {settings} }}
    server {{ listen 127.0.0.1:PORT_sb; proxy_pass 127.0.0.1:PORT_back; proxy_ssl on; {eve} {settings} }}
}}
"""


class Pair(Struct, frozen=True):
    """Two places; ``own`` is what the second one presents by its own settings."""

    what: str
    a: str = f"proxy_pass https://app; {ALICE}"
    b: str = f"proxy_pass https://app; {EVE}"
    http: str = ""
    keepalive: str = ""
    stream: str = ""
    own: str = "CN=eve"
    since: tuple[int, int, int] = (1, 0, 0)

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


def both(template: str) -> tuple[str, str]:
    """The same two places, each with its certificate."""
    return template.format(ALICE), template.format(EVE)


DIRECT = "proxy_pass https://127.0.0.1:PORT_back;"
PAIRS = [
    Pair("an upstream"),
    Pair("an address", f"{DIRECT} {ALICE}", f"{DIRECT} {EVE}"),
    Pair("no certificate", b="proxy_pass https://app;", own=""),
    Pair("none on purpose", b='proxy_pass https://app; proxy_ssl_certificate "";', own="", since=(1, 23, 0)),
    Pair("grpc", b="grpc_pass grpcs://app;", own=""),
    Pair("no sessions", http=OFF),
    Pair("no sessions of the first", a=f"proxy_pass https://app; {ALICE} {OFF}"),
    Pair("no sessions of the second", b=f"proxy_pass https://app; {EVE} {OFF}"),
    Pair("two upstreams", b=f"proxy_pass https://twin; {EVE}"),
    Pair("an upstream and its address", b=f"{DIRECT} {EVE}"),
    Pair("an upstream in a variable", *both("set $to app; proxy_pass https://$to; {}")),
    Pair("an address in a variable", *both("set $to 127.0.0.1; proxy_pass https://$to:PORT_back; {}")),
    Pair("connections", http=OFF, keepalive="keepalive 4;"),
    Pair("connections kept", http=f"{OFF} {KEEP}", keepalive="keepalive 4;"),
    Pair("connections closed", http=f"{OFF} proxy_set_header Connection close;", keepalive="keepalive 4;"),
    Pair("no connections", http=f"{OFF} {KEEP}", keepalive="keepalive 0;", since=(1, 29, 7)),
    Pair("connections of each", http=OFF, keepalive="keepalive 4 local;", since=(1, 29, 7)),
    Pair("connections by themselves", http=f"{OFF} {KEEP}"),
    Pair(
        "connections of grpc",
        f"grpc_pass grpcs://app; {ALICE} {OFF}".replace("proxy_", "grpc_"),
        f"grpc_pass grpcs://app; {EVE} {OFF}".replace("proxy_", "grpc_"),
        keepalive="keepalive 4;",
    ),
    Pair("in stream", "return 204;", "return 204;", stream=STREAM.format(alice=ALICE, eve=EVE, settings="")),
    Pair(
        "no sessions in stream",
        "return 204;",
        "return 204;",
        stream=STREAM.format(alice=ALICE, eve=EVE, settings=OFF),
    ),
]


BY_VARIABLE = """\
events {{}}
http {{
    upstream app {{ server 127.0.0.1:PORT_back; {keepalive} }}
    server {{
        listen 127.0.0.1:PORT_back ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_verify_client optional_no_ca;
        ssl_client_certificate two-roots.pem;
        return 200 "$ssl_client_s_dn";
    }}
    server {{
        listen 127.0.0.1:PORT_front;
        location / {{
            set $port PORT_back;
            proxy_pass https://{backend};
            proxy_ssl_certificate $arg_c.pem;
            proxy_ssl_certificate_key $arg_c.key;
            {settings}
        }}
    }}
}}
"""
PLACES = [
    ("app", "", ""),
    ("127.0.0.1:PORT_back", "", ""),
    ("app", OFF, ""),
    ("app", OFF, "keepalive 0;"),
    ("app", OFF, "keepalive 4;"),
    ("app", f"{OFF} {KEEP}", "keepalive 4;"),
    ("app", f"{OFF} proxy_set_header Connection close;", "keepalive 4;"),
    ("127.0.0.1:PORT_back", OFF, ""),
    ("127.0.0.1:$port", "", ""),
]


@pytest.mark.parametrize(("backend", "settings", "keepalive"), PLACES)
def test_a_certificate_of_a_variable_goes_with_the_next_request(
    backend: str, settings: str, keepalive: str, nginx: NginxBinary, tmp_path: Path
) -> None:
    if keepalive == "keepalive 0;" and nginx.version < (1, 29, 7):
        pytest.skip("this nginx has no such thing")
    for name in FILES:
        (tmp_path / name).write_bytes(content(name))
    text = BY_VARIABLE.format(backend=backend, settings=settings, keepalive=keepalive)
    known = text.replace("PORT_back", "2000").replace("PORT_front", "2001")
    rules = ["upstream-client-cert-by-variable"]
    report = lint_text(known, rules=rules, version=nginx.version, directory=tmp_path)
    with nginx.run(text, tmp_path) as server:
        port = server.ports["front"]
        assert request(port, tls=False, uri="/?c=client").body == "CN=alice"
        body = request(port, tls=False, uri="/?c=stranger").body
    assert body == ("CN=alice" if report.findings else "CN=eve")


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_second_goes_with_the_certificate_of_the_first(
    pair: Pair, nginx: NginxBinary, tmp_path: Path
) -> None:
    text = TEXT.format(a=pair.a, b=pair.b, http=pair.http, keepalive=pair.keepalive, stream=pair.stream)
    if nginx.version < pair.since or not nginx.can_run(text):
        pytest.skip("this nginx has no such thing")
    for name in FILES:
        (tmp_path / name).write_bytes(content(name))
    known = text
    for number, port in enumerate(("back", "a", "b", "sa", "sb")):
        known = known.replace(f"PORT_{port} ", f"{2000 + number} ").replace(
            f"PORT_{port};", f"{2000 + number};"
        )
    rules = ["upstream-client-certs-mixed"]
    report = lint_text(known, rules=rules, version=nginx.version, directory=tmp_path)
    with nginx.run(text, tmp_path) as server:
        first, second = ("sa", "sb") if pair.stream else ("a", "b")
        assert request(server.ports[first], tls=False).body == "CN=alice"
        body = request(server.ports[second], tls=False).body
    assert body == ("CN=alice" if report.findings else pair.own)
