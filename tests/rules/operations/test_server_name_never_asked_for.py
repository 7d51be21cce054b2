"""Names that clients write otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import NginxBinary, request

Check = Callable[..., Report]
TEXT = """\
events {{}}
http {{
    server {{ listen 127.0.0.1:PORT_web {default}; return 200 default; }}
    server {{ listen 127.0.0.1:PORT_web; server_name {names}; return 200 named; }}
}}
"""


@pytest.mark.parametrize(
    ("names", "asked", "chosen"),
    [
        ("bücher.example", "xn--bcher-kva.example", False),
        ("*.bücher.example", "www.xn--bcher-kva.example", False),
        (".bücher.example", "xn--bcher-kva.example", False),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("bücher.example xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("api.example.com:443", "api.example.com:443", False),
        ("api.example.com.", "api.example.com.", False),
        ("api.example.com", "api.example.com.", True),
        ("https://api.example.com/", "api.example.com", False),
        ("a.example.com,b.example.com", "b.example.com", False),
        ("a.example.com, b.example.com", "a.example.com", False),
        ("2001:db8::1", "[2001:db8::1]", False),
        ("[2001:db8::1]", "[2001:db8::1]", True),
        ("[2001:0DB8::1]", "[2001:0db8::1]", True),
        ("192.0.2.1", "192.0.2.1:443", True),
        ("API_v1.Example.COM", "api_v1.example.com", True),
        ("*.example.com", "a.example.com", True),
        (".example.com", "example.com", True),
    ],
)
def test_nginx_chooses_a_server_exactly_by_what_clients_send(
    names: str, asked: str, chosen: bool, check: Check, nginx: NginxBinary, tmp_path: Path
) -> None:
    text = TEXT.format(default="default_server", names=names)
    with nginx.run(text, tmp_path) as server:
        assert request(server.ports["web"], tls=False, host=asked).body == ("named" if chosen else "default")
    found = check(text.replace("PORT_web", "80"), version=nginx.version).findings
    assert bool(found) is not chosen
    assert all(each.span.line == 4 for each in found)


@pytest.mark.parametrize(
    "name",
    ["localhost", "_", '""', "~^b\u00fccher", "$hostname:443", "\u4f60\u7684\u57df\u540d", "{{domain}}"],
)
def test_other_forms_are_not_judged(name: str, check: Check) -> None:
    text = TEXT.format(default="default_server", names=f"'{name}'" if "{" in name else name)
    assert check(text.replace("PORT_web", "80")).findings == ()


def test_the_default_server_gets_the_requests_all_the_same(check: Check) -> None:
    text = "events {}\nhttp { server { listen 80; server_name a.example:80; } server { listen 80; } }\n"
    assert check(text).findings == ()
    assert check("events {}\nhttp { server { listen 80; server_name a.example:80; } }\n").findings == ()


def test_the_right_name_is_given(check: Check) -> None:
    (found,) = check(
        TEXT.format(default="", names="https://b\u00fccher.example:443/").replace("PORT_web", "80")
    ).findings
    assert found.finding.remedy == "write `xn--bcher-kva.example`"
