"""Servers, sockets and names as nginx makes them."""

from collections.abc import Sequence

import pytest

from mtls_lint.nginx.listen import SocketKey
from mtls_lint.nginx.lookup import NameTable
from mtls_lint.nginx.model import Configuration, VirtualServer, build
from mtls_lint.nginx.names import NameKind
from mtls_lint.nginx.version import NEWEST_STABLE, parse_version
from mtls_lint.syntax.loader import load_text


def model(
    text: str, version: str = str(NEWEST_STABLE), context: Sequence[str] | None = None
) -> Configuration:
    tree = load_text(text, "nginx.conf", context=tuple(context) if context else None)
    assert tree.problems == ()
    return build(tree, parse_version(version))


def http(body: str, version: str = str(NEWEST_STABLE)) -> Configuration:
    return model(f"events {{}} http {{ {body} }}", version)


def only(configuration: Configuration) -> VirtualServer:
    (server,) = configuration.servers
    return server


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("443", SocketKey("ipv4", "*", 443)),
        ("*:443", SocketKey("ipv4", "*", 443)),
        ("0.0.0.0:443", SocketKey("ipv4", "*", 443)),
        ("127.0.0.1:8443", SocketKey("ipv4", "127.0.0.1", 8443)),
        ("192.0.2.1", SocketKey("ipv4", "192.0.2.1", 80)),
        ("[::]:443", SocketKey("ipv6", "[::]", 443)),
        ("[0:0:0:0:0:0:0:1]:443", SocketKey("ipv6", "[::1]", 443)),
        ("localhost:8080", SocketKey("name", "localhost", 8080)),
        ("unix:/run/nginx.sock", SocketKey("unix", "unix:/run/nginx.sock", 0)),
        ("443 quic", SocketKey("ipv4", "*", 443, "udp")),
    ],
)
def test_a_listen_names_its_socket(words: str, key: SocketKey) -> None:
    (listen,) = only(http(f"server {{ listen {words}; }}")).listens
    assert listen.key == key


def test_a_range_of_ports_makes_a_socket_for_each() -> None:
    server = only(http("server { listen 127.0.0.1:8001-8003; }"))
    assert [listen.key.port for listen in server.listens] == [8001, 8002, 8003]


def test_no_listen_means_port_80_in_http_only() -> None:
    assert str(only(http("server { }")).listens[0].key) == "*:80"
    assert only(model("events {} stream { server { return ok; } }")).listens == ()


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1:80", True), ("[::1]:80", True), ("localhost:80", True), ("unix:/x", True), ("80", False)],
)
def test_only_loopback_and_unix_sockets_are_local(address: str, local: bool) -> None:
    assert only(http(f"server {{ listen {address}; }}")).listens[0].key.is_local is local


def test_the_socket_owns_the_tls_flag_and_the_default_server() -> None:
    configuration = http(
        "server { listen 443; server_name a; } server { listen 443 ssl default_server; server_name b; }"
    )
    (socket,) = configuration.sockets
    assert socket.ssl
    assert [server.label for server in socket.servers] == ["a:443", "b:443"]
    assert socket.default_server.label == "b:443"
    assert configuration.servers[0].tls_sockets == (socket,)


@pytest.mark.parametrize(("version", "tls"), [("1.22.1", True), ("1.25.0", True), ("1.25.1", False)])
def test_ssl_on_of_the_default_server_counts_until_1_25_1(version: str, tls: bool) -> None:
    (socket,) = http("server { listen 443; ssl on; }", version).sockets
    assert socket.ssl is tls


def test_wildcard_and_address_are_two_sockets() -> None:
    configuration = http("server { listen 443 ssl; } server { listen 192.0.2.1:443; }")
    assert [(str(socket.key), socket.ssl) for socket in configuration.sockets] == [
        ("*:443", True),
        ("192.0.2.1:443", False),
    ]


def test_names_keep_the_form_nginx_gives_them() -> None:
    names = r'A.Test *.a.test .b.test mail.* ~^(?<x>.+)\.Z$ "" _ $hostname'
    server = only(http(f"server {{ server_name {names}; }}"))
    assert [(name.kind, name.text) for name in server.names] == [
        (NameKind.EXACT, "a.test"),
        (NameKind.LEADING_WILDCARD, "*.a.test"),
        (NameKind.DOTTED, ".b.test"),
        (NameKind.TRAILING_WILDCARD, "mail.*"),
        (NameKind.REGEX, r"~^(?<x>.+)\.Z$"),
        (NameKind.EMPTY, ""),
        (NameKind.PLACEHOLDER, "_"),
        (NameKind.VARIABLE, "$hostname"),
    ]


def test_locations_nest_and_keep_their_modifier() -> None:
    nested = "location / { location ~* \\.php$ { } if ($a = b) { } }"
    server = only(http(f"server {{ {nested} location =/x {{ }} location @n {{ }} }}"))
    assert [(loc.kind, loc.modifier, loc.pattern) for loc in server.all_locations()] == [
        ("location", "", "/"),
        ("location", "~*", "\\.php$"),
        ("if", "", "($a = b)"),
        ("location", "=", "/x"),
        ("location", "@", "n"),
    ]


@pytest.mark.parametrize(
    ("context", "module", "complete"),
    [(("http",), "http", True), (("http", "server"), "http", False), (("stream", "server"), "stream", False)],
)
def test_a_fragment_gets_the_server_it_is_meant_for(
    context: tuple[str, ...], module: str, complete: bool
) -> None:
    text = "server { listen 443 ssl; }" if context == ("http",) else "ssl_verify_client on;"
    server = only(model(text, context=context))
    assert server.module == module
    assert server.complete is complete


def test_directives_for_a_location_make_no_server() -> None:
    assert model("proxy_pass http://b;", context=("http", "server", "location")).servers == ()


@pytest.mark.parametrize("text", ["nginx version: nginx/1.22.1", "1.22.1", "nginx/1.22.1", " 1.22.1\n"])
def test_versions_are_read_as_people_and_nginx_write_them(text: str) -> None:
    assert parse_version(text) == (1, 22, 1)


@pytest.mark.parametrize("text", ["1.22", "latest", "", "1.22.1-9+deb12u1", "nginx"])
def test_other_words_are_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="not an nginx version"):
        parse_version(text)


@pytest.mark.parametrize("ports", ["0", "65536", "8080-8000", "1-99999999"])
def test_ports_that_nginx_refuses_make_no_socket(ports: str) -> None:
    assert only(http(f"server {{ listen 127.0.0.1:{ports}; }}")).listens == ()


@pytest.mark.parametrize(
    ("first", "second", "host", "answers"),
    [
        ("b.test", ".b.test", "x.b.test", None),
        ("*.b.test", ".b.test", "b.test", None),
        (".b.test", "b.test", "b.test", "first"),
        ("a.test", ".b.test", "x.b.test", "second"),
        ("*.test", "*.b.test", "x.b.test", "second"),
        ("x.*", "x.b.*", "x.b.test", "second"),
        ("~^x", "~b", "x.b.test", "first"),
        ("~^X", "a.test", "x.b.test", "first"),
    ],
)
def test_which_server_answers_a_name(first: str, second: str, host: str, answers: str | None) -> None:
    one, two = (f"server {{ listen 80; server_name {name}; }}" for name in (first, second))
    configuration = http(one + two)
    found = NameTable.of(configuration.sockets[0]).find(host)
    servers = {None: None, "first": configuration.servers[0], "second": configuration.servers[1]}
    assert found is servers[answers]
