"""Which maps a server may read."""

import pytest

from mtls_lint.nginx.model import build
from mtls_lint.nginx.read_maps import read_maps
from mtls_lint.syntax.loader import load_text

MAPS = "map $host $a { x $b; } map $uri $b { x 1; } map $arg_x $c { x 1; } map $a$c $D { x 1; }"


@pytest.mark.parametrize(
    ("directives", "around", "expected"),
    [
        ("", "", []),
        ("return 200 $c;", "", ["c"]),
        ("return 200 ${C};", "", ["c"]),
        ("location / { if ($a) { return 403; } }", "", ["a", "b"]),
        ("proxy_set_header X $d;", "", ["a", "b", "c", "d"]),
        ("return 200 $b;", "log_format x $c; access_log logs/a x;", ["b", "c"]),
        ("return 200 $b;", "server { return 200 $c; }", ["b"]),
        ("include absent.conf;", "", ["a", "b", "c", "d"]),
    ],
)
def test_maps_read(directives: str, around: str, expected: list[str]) -> None:
    text = f"{MAPS} server {{ {directives} }} {around}"
    configuration = build(load_text(text, "site.conf", context=("http",)))
    assert read_maps(configuration, configuration.servers[0]) == expected
