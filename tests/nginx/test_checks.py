"""Which conditions look at the client's certificate, and what else they depend on."""

import pytest

from mtls_lint.nginx.checks import Check, client_checks, client_variables
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load_text


def checks(directives: str, before: str = "") -> list[tuple[str, bool, bool]]:
    configuration = build(load_text(f"{before} server {{ {directives} }}", "site.conf", context=("http",)))
    return [
        (check.condition, check.refuses, check.mixed)
        for check in client_checks(configuration, configuration.servers[0])
    ]


NO_CERTIFICATE = "if ($ssl_client_verify = NONE) { set $no 1; }"
REFUSE = "if ($no) { return 403; }"
FROM_MAP = "map $ssl_client_verify $no { default 1; SUCCESS 0; }"
CAPTURES = "map $ssl_client_s_dn $no { ~CN=(?<name>[^,]+) $name; ~O=(.*) $1; }"


@pytest.mark.parametrize(
    ("directives", "before", "expected"),
    [
        ("if ($ssl_client_verify != SUCCESS) { return 403; }", "", [(True, False)]),
        ("if ($ssl_client_verify != SUCCESS) { return 444; }", "", [(True, False)]),
        ("if ($ssl_client_verify = SUCCESS) { set $ok 1; }", "", [(False, False)]),
        ("if ($ssl_client_verify != SUCCESS) { return 302 /login; }", "", [(False, False)]),
        ("if (${ssl_client_s_dn} ~ alice) { return 200; }", "", [(False, False)]),
        (REFUSE, FROM_MAP, [(True, False)]),
        (REFUSE, "map $a $no { default 0; } map $ssl_client_i_dn $a { default 0; }", [(True, False)]),
        (REFUSE, CAPTURES, [(True, False)]),
        (f"set $no $ssl_client_verify; {REFUSE}", "", [(True, False)]),
        (f"{NO_CERTIFICATE} {REFUSE}", "", [(False, False), (True, False)]),
        (f"if ($uri = /a) {{ set $no 1; }} {NO_CERTIFICATE} {REFUSE}", "", [(False, False), (True, True)]),
        (REFUSE, "map $ssl_client_verify$host $no { default 1; }", [(True, True)]),
        ("if ($host = x) { return 403; }", "", []),
        (REFUSE, "map $host $no { default 1; }", []),
        (REFUSE, "map $no $no { default 1; }", []),
        ("location / { if ($ssl_client_verify = NONE) { return 403; } }", "", [(True, False)]),
    ],
)
def test_checks(directives: str, before: str, expected: list[tuple[bool, bool]]) -> None:
    assert [(refuses, mixed) for _, refuses, mixed in checks(directives, before)] == expected


def test_where_a_check_stands() -> None:
    inside = "location /a { if ($ssl_client_serial) { } }"
    text = f"server {{ if ($ssl_client_verify = NONE) {{ return 403; }} {inside} }}"
    configuration = build(load_text(text, "site.conf", context=("http",)))
    first, second = client_checks(configuration, configuration.servers[0])
    assert isinstance(first, Check)
    assert (first.condition, first.location) == ("($ssl_client_verify = NONE)", None)
    assert second.location is not None
    assert second.location.pattern == "/a"


def test_variables_of_the_http_level() -> None:
    text = "map $ssl_client_verify $a { default 0; } map $a $B { default 0; } map $host $c { default 0; }"
    assert client_variables(build(load_text(text, "site.conf", context=("http",)))) == {"a", "b"}
