"""Names where nginx runs, and places here."""

import pytest

from mtls_lint.syntax.path_map import PathMap, parse_pair

MAP = PathMap((("/etc/nginx", "./nginx"), ("/etc/nginx/tls", "/srv/copies"), ("/opt/x.pem", "x.pem")))


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("/etc/nginx", "./nginx"),
        ("/etc/nginx/nginx.conf", "./nginx/nginx.conf"),
        ("/etc/nginx/conf.d/*.conf", "./nginx/conf.d/*.conf"),
        ("/etc/nginx/tls/a.pem", "/srv/copies/a.pem"),
        ("/opt/x.pem", "x.pem"),
        ("/etc/nginx2/a.pem", "/etc/nginx2/a.pem"),
        ("nginx.conf", "nginx.conf"),
    ],
)
def test_there_and_here(there: str, here: str) -> None:
    assert MAP.here(there) == here
    assert MAP.there(here) == there


def test_the_root_of_an_image() -> None:
    image = PathMap((("/", "/tmp/image"),))
    assert image.here("/etc/nginx/a.pem") == "/tmp/image/etc/nginx/a.pem"
    assert image.there("/tmp/image/etc/nginx/a.pem") == "/etc/nginx/a.pem"
    assert image.here("a.pem") == "a.pem"


@pytest.mark.parametrize("text", ["", "x", "/etc/nginx", "/etc/nginx=", "etc/nginx=./nginx", "=x"])
def test_what_is_no_pair(text: str) -> None:
    with pytest.raises(ValueError, match=r"FROM|absolute"):
        parse_pair(text)


def test_pairs() -> None:
    assert parse_pair("/etc/nginx/=./nginx") == ("/etc/nginx", "./nginx")
    assert parse_pair("/=image") == ("/", "image")
    assert parse_pair("/a=b=c") == ("/a", "b=c")
