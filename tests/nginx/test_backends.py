"""Where content comes from: addresses and URIs behind nginx."""

from pathlib import Path

import pytest

from mtls_lint.nginx.anonymous import content_places
from mtls_lint.nginx.backends import destination, server_addresses
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import CLOCK

APP = "upstream app { server 10.0.0.1:8080; server [2001:db8::1]:80; server unix:/run/app.sock; }"

APP_ADDRESSES = {"10.0.0.1:8080", "[2001:db8::1]:80", "unix:/run/app.sock"}


@pytest.mark.parametrize(
    ("location", "addresses", "uri"),
    [
        ("location / { proxy_pass http://10.0.0.1; }", {"10.0.0.1:80"}, "/"),
        ("location / { proxy_pass https://LOCALHOST; }", {"127.0.0.1:443"}, "/"),
        ("location / { proxy_pass http://127.0.0.1:8080; }", {"127.0.0.1:8080"}, "/"),
        ("location /a { proxy_pass http://10.0.0.1/; }", {"10.0.0.1:80"}, "/"),
        ("location /a/ { proxy_pass http://10.0.0.1:81/b/; }", {"10.0.0.1:81"}, "/b/"),
        ("location ~ ^/a { proxy_pass http://10.0.0.1:81; }", {"10.0.0.1:81"}, "/a"),
        ("location / { proxy_pass http://[::1]:81; }", {"[::1]:81"}, "/"),
        ("location / { proxy_pass http://unix:/run/x.sock; }", {"unix:/run/x.sock"}, "/"),
        ("location /a { proxy_pass http://unix:/run/x.sock:/b; }", {"unix:/run/x.sock"}, "/b"),
        ("location / { proxy_pass http://App; }", APP_ADDRESSES, "/"),
        ("location / { grpc_pass grpc://10.0.0.1:50051; }", {"10.0.0.1:50051"}, "/"),
        ("location / { fastcgi_pass 127.0.0.1:9000; }", {"127.0.0.1:9000"}, "/"),
        ("location /a/ { root /srv/www/; }", {"root /srv/www"}, "/a/"),
        ("location / { proxy_pass http://$backend; }", None, None),
        ("location /a { set $to 10.0.0.1:81; proxy_pass http://$to; }", {"10.0.0.1:81"}, "/a"),
        ("location /a { set $to http://10.0.0.1:81; proxy_pass $to/b; }", {"10.0.0.1:81"}, "/b"),
        ("location /a { set $to 10.0.0.1:81; proxy_pass http://$to$request_uri; }", {"10.0.0.1:81"}, "/a"),
        ("location /a { proxy_pass http://10.0.0.1:81$uri$is_args$args; }", {"10.0.0.1:81"}, "/a"),
        ("location ~ ^/a(.*) { proxy_pass http://10.0.0.1:81/b$1; }", None, None),
        ("location / { alias /srv/www/; }", None, None),
    ],
)  # fmt: skip
def test_destination(location: str, addresses: set[str] | None, uri: str | None) -> None:
    configuration = build(load_text(f"{APP} server {{ {location} }}", "site.conf", context=("http",)))
    server = configuration.servers[0]
    place = next(content_places(configuration, server, server.sockets[0], CLOCK))
    found = destination(configuration, place)
    if addresses is None:
        assert found is None
        return
    assert found is not None
    assert (set(found.addresses), found.uri) == (addresses, uri)
    assert "root html" not in server_addresses(configuration, server)
    assert addresses <= server_addresses(configuration, server)


def test_nginx_passes_these_uris_on(nginx: NginxBinary, tmp_path: Path) -> None:
    """The URI behind proxy_pass takes the place of the prefix; without one it stays as it is."""
    locations = (
        "location /a { proxy_pass http://127.0.0.1:PORT_back/; }"
        " location /b/ { proxy_pass http://127.0.0.1:PORT_back/c/; }"
        " location ~ ^/d { proxy_pass http://127.0.0.1:PORT_back; }"
        " location /e { set $to 127.0.0.1:PORT_back; proxy_pass http://$to; }"
        " location /f { set $to 127.0.0.1:PORT_back; proxy_pass http://$to/g; }"
        " location /h { set $to 127.0.0.1:PORT_back; proxy_pass http://$to$request_uri; }"
    )
    text = (
        f"events {{}} http {{ server {{ listen 127.0.0.1:PORT_front; {locations} }}"
        " server { listen 127.0.0.1:PORT_back; return 200 $request_uri; } }"
    )
    configuration = build(load_text(text.replace("PORT_front", "1").replace("PORT_back", "2")))
    front = configuration.servers[0]
    places = content_places(configuration, front, front.sockets[0], CLOCK)
    wanted = {
        place.request.uri: found.uri
        for place in places
        if (found := destination(configuration, place)) is not None
    }
    assert len(wanted) == 6
    with nginx.run(text, tmp_path) as server:
        for uri, there in wanted.items():
            assert request(server.ports["front"], tls=False, uri=uri).body == there
