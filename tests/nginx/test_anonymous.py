"""What anyone gets of a server: which places are asked for, and which answers count as content."""

import pytest

from mtls_lint.nginx.anonymous import content_for_anyone, is_housekeeping, open_places
from mtls_lint.nginx.answering import answering, example_name
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.tree import Unknown
from mtls_lint.testing.pki import CLOCK

BACKEND = "proxy_pass http://127.0.0.1:8080;"


def model(text: str) -> Configuration:
    return build(load_text(text, "site.conf", context=("http",)))


def first_door(directives: str) -> str | None:
    """The URI at which a plain server with these directives serves content."""
    configuration = model(f"server {{ listen 80; server_name a.test; {directives} }}")
    served = content_for_anyone(configuration, configuration.servers[0], configuration.sockets[0], CLOCK)
    return served.request.uri if served is not None else None


@pytest.mark.parametrize(
    ("directives", "uri"),
    [
        (f"location / {{ {BACKEND} }}", "/"),
        (f"location = / {{ return 204; }} location / {{ {BACKEND} }}", "/example"),
        (f"return 301 https://a.test/; location / {{ {BACKEND} }}", None),
        (f'if ($https = "") {{ return 301 https://a.test/; }} location / {{ {BACKEND} }}', None),
        (f"if ($ssl_client_verify != SUCCESS) {{ return 403; }} location / {{ {BACKEND} }}", None),
        # NONE is what TLS says; without TLS the variable is empty.
        (f"if ($ssl_client_verify = NONE) {{ return 403; }} location / {{ {BACKEND} }}", "/"),
        (f"location / {{ return 404; }} location /a/ {{ location /a/b/ {{ {BACKEND} }} }}", "/a/b/"),
        (f"location / {{ return 404; }} location /a/ {{ deny all; location /a/b/ {{ {BACKEND} }} }}", None),
        (rf"location / {{ return 404; }} location ~ ^/v[0-9]+/(x|y)$ {{ {BACKEND} }}", "/v0/x"),
        (
            r"location / { return 404; } location ~* \.(php|inc)$ { fastcgi_pass 127.0.0.1:9000; }",
            "/example.php",
        ),
        (f"location / {{ deny all; {BACKEND} }}", None),
        (f"location / {{ return 404; }} location /i {{ internal; {BACKEND} }}", None),
        (f"location / {{ try_files $uri @app; }} location @app {{ {BACKEND} }}", "/"),
        ("location / { try_files $uri =404; }", None),
        ("", None),
        ("root /srv/www;", "/"),
        ("error_page 404 /50x.html; location / { return 404; } location = /50x.html { root /srv; }", None),
        (f"error_page 404 = @app; location / {{ return 404; }} location @app {{ {BACKEND} }}", "/"),
        ("location / { stub_status; }", None),
        ("location / { return 200 fine; }", None),
        (f"location / {{ return 301 /x; }} location = /healthz {{ {BACKEND} }}", None),
        ("location / { return 301 /x; } location ^~ /.well-known/acme-challenge/ { root /srv; }", None),
    ],
)
def test_where_content_is(directives: str, uri: str | None) -> None:
    assert first_door(directives) == uri


def test_a_certain_place_comes_before_a_doubtful_one() -> None:
    doubtful = f"location /a {{ if ($inside) {{ return 403; }} {BACKEND} }}"
    geo = "geo $inside { default 0; }"
    for certain, uri, doubts in ((f"location /b {{ {BACKEND} }}", "/b", False), ("", "/a", True)):
        configuration = model(f"{geo} server {{ listen 80; {doubtful} {certain} }}")
        served = content_for_anyone(configuration, configuration.servers[0], configuration.sockets[0], CLOCK)
        assert served is not None
        assert (served.request.uri, bool(served.doubts)) == (uri, doubts)


def test_a_name_that_another_server_takes_is_not_asked_for() -> None:
    configuration = model(
        "server { listen 80; server_name a.test; return 301 https://a.test/; }"
        f"server {{ listen 80; server_name a.test; location / {{ {BACKEND} }} }}"
    )
    assert list(open_places(configuration, configuration.servers[1], configuration.sockets[0], CLOCK)) == []


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/health", True),
        ("/api/v1/healthz/", True),
        ("/.well-known/acme-challenge/x", True),
        ("/ca/root.crl", True),
        ("/favicon.ico", True),
        ("/", False),
        ("/healthcare", False),
        ("/status/users", False),
    ],
)
def test_housekeeping(uri: str, expected: bool) -> None:
    assert is_housekeeping(uri) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("server_name a.test b.test;", "a.test"),
        ("server_name *.a.test;", "www.a.test"),
        ("server_name .a.test;", "a.test"),
        ("server_name mail.*;", "mail.example"),
        ("", "localhost"),
    ],
)
def test_a_name_to_ask_for(names: str, expected: str) -> None:
    configuration = model(f"server {{ listen 80; {names} }}")
    assert example_name(configuration.servers[0]) == expected


def test_who_answers_a_name() -> None:
    configuration = model(
        "server { listen 443 ssl; server_name *.a.test; }"
        "server { listen 443 ssl; listen [::]:443 ssl; server_name api.a.test; }"
        "server { listen 80; server_name a.test; }"
        "server { listen 81; server_name $hostname; } server { listen 81; server_name b.test; }"
    )
    servers = configuration.servers

    def found(name: str) -> list[tuple[str, int]]:
        return [
            (str(socket.key), servers.index(server))
            for socket, server in answering(configuration, name)
            if not isinstance(server, Unknown)
        ]

    assert found("API.a.test") == [("*:443", 1), ("[::]:443", 1)]
    assert found("www.a.test") == [("*:443", 0)]
    assert found("a.test") == [("*:80", 2)]
    assert found("nobody.test") == []
    unknown = [server for _, server in answering(configuration, "nobody.test") if isinstance(server, Unknown)]
    assert len(unknown) == 1
