"""Where requests are handed on, and with which settings of TLS."""

import pytest

from mtls_lint.nginx.model import build
from mtls_lint.nginx.upstream_tls import UpstreamPass, upstream_passes
from mtls_lint.syntax.loader import load_text


def passes(text: str) -> tuple[UpstreamPass, ...]:
    return upstream_passes(build(load_text(text, "nginx.conf")))


def in_location(text: str, around: str = "") -> UpstreamPass:
    (found,) = passes(f"events {{}} http {{ {around} server {{ listen 80; location / {{ {text} }} }} }}")
    return found


def in_stream(text: str, around: str = "") -> UpstreamPass:
    (found,) = passes(f"events {{}} stream {{ {around} server {{ listen 12345; {text} }} }}")
    return found


UPSTREAM = "upstream Backend { server 10.0.0.1:8443; server b.internal; server unix:/run/a; }"

TARGETS: dict[str, tuple[str, bool | None, tuple[str, ...]]] = {
    "proxy_pass https://App.internal;": ("app.internal", True, ("app.internal:443",)),
    "proxy_pass https://app.internal:8443/api/;": ("app.internal", True, ("app.internal:8443",)),
    "proxy_pass HTTPS://[::1]:8443;": ("[::1]", True, ("[::1]:8443",)),
    "proxy_pass https://[::1];": ("[::1]", True, ("[::1]:443",)),
    "proxy_pass http://app.internal;": ("app.internal", False, ("app.internal:80",)),
    "proxy_pass https://unix:/run/app.sock:/uri;": ("unix:/run/app.sock", True, ("unix:/run/app.sock",)),
    "grpc_pass app.internal:50051;": ("app.internal", False, ("app.internal:50051",)),
    "grpc_pass grpcs://app.internal;": ("app.internal", True, ("app.internal:443",)),
    "uwsgi_pass suwsgi://app.internal:3031;": ("app.internal", True, ("app.internal:3031",)),
    "uwsgi_pass uwsgi://app.internal:3031;": ("app.internal", False, ("app.internal:3031",)),
    "proxy_pass https://backend;": ("backend", True, ("10.0.0.1:8443", "b.internal:80", "unix:/run/a")),
    "proxy_pass https://app.internal$request_uri;": ("app.internal", True, ("app.internal:443",)),
    "set $to https://app.internal; proxy_pass $to;": ("app.internal", True, ("app.internal:443",)),
    "set $to app.internal; proxy_pass https://$to:8443;": ("app.internal", True, ("app.internal:8443",)),
    "proxy_pass https://$host;": ("$host", True, ()),
    "proxy_pass $scheme://app.internal;": ("", None, ()),
}


@pytest.mark.parametrize("text", TARGETS)
def test_targets(text: str) -> None:
    host, tls, addresses = TARGETS[text]
    found = in_location(text, UPSTREAM)
    (target,) = found.targets
    assert found.tls is tls
    if target.host is not None:
        assert (target.host, target.addresses) == (host, addresses)
    else:
        assert addresses == ()


def test_an_upstream_is_found_by_its_name_alone() -> None:
    assert in_location("proxy_pass https://backend;", UPSTREAM).targets[0].block is not None
    assert in_location("proxy_pass https://backend:8443;", UPSTREAM).targets[0].block is None
    assert in_stream("proxy_pass backend;", UPSTREAM).targets[0].block is not None


def test_a_map_may_lead_to_several() -> None:
    around = "map $host $to { default https://a.internal; b.test http://b.internal; }"
    found = in_location("proxy_pass $to;", around)
    assert [(one.host, one.tls) for one in found.targets] == [("a.internal", True), ("b.internal", False)]
    assert found.tls is None
    assert found.prepares_tls


def test_stream_speaks_tls_where_proxy_ssl_says_so() -> None:
    assert in_stream("proxy_pass app.internal:443;").tls is False
    assert in_stream("proxy_ssl on; proxy_pass app.internal:443;").tls is True
    assert in_stream("proxy_pass app.internal:443;", "proxy_ssl on;").tls is True


def test_settings_are_inherited_one_by_one() -> None:
    text = """
        events {} http {
            grpc_ssl_verify on; grpc_ssl_trusted_certificate ca.pem; grpc_ssl_verify_depth 3;
            server { listen 80; server_name a.test;
                grpc_ssl_server_name on;
                location /a { grpc_pass grpcs://a.internal; }
                location = /b { grpc_pass grpcs://a.internal; grpc_ssl_verify off; }
                location ~ c { grpc_pass grpcs://a.internal; grpc_ssl_trusted_certificate ""; }
                location /d { proxy_pass https://a.internal; }
            }
        }"""
    a, b, c, d = passes(text)
    assert (a.verify.is_on, a.depth, a.sends_name) == (True, 3, True)
    assert a.trusted is not None
    assert a.trusted.written == "ca.pem"
    assert (b.verify.is_on, b.label) == (False, "location = /b of a.test:80")
    assert c.trusted is None
    assert (d.verify.is_on, d.trusted, d.depth, d.sends_name) == (False, None, 1, False)


def test_an_if_passes_on_with_the_settings_of_its_location() -> None:
    text = "if ($arg_x) { proxy_pass https://b.internal; } proxy_ssl_verify on;"
    found = in_location(text)
    assert found.location is not None
    assert (found.location.kind, found.verify.is_on) == ("if", True)


ASSIGNED = {
    "set $a x.test; set $a y.test;": {"y.test"},
    "set $a x.test; if ($arg_q) { set $a y.test; }": {"x.test", "y.test"},
    "if ($arg_q) { set $a y.test; }": {"y.test", "server.test"},
    "": {"server.test"},
    "set $b x.test; set $a $b;": {"x.test"},
    "set $a $host;": {None},
    "auth_request_set $a x.test;": {None},
}


@pytest.mark.parametrize("text", ASSIGNED)
def test_what_set_may_have_given(text: str) -> None:
    around = "set $a server.test; location /other { set $a other.test; }"
    http = f"events {{}} http {{ server {{ {around} location / {{ {text} proxy_pass https://$a; }} }} }}"
    (found,) = passes(http)
    assert {target.host for target in found.targets} == ASSIGNED[text]


def test_another_location_may_have_set_it() -> None:
    around = "location /a { set $a x.test; rewrite ^ /b last; } location /b { proxy_pass https://$a; }"
    (found,) = passes(f"events {{}} http {{ server {{ {around} }} }}")
    assert [target.host for target in found.targets] == ["x.test"]


def test_each_location_has_its_own() -> None:
    locations = "".join(
        f"location /{n} {{ set $to {n}.test; set $how https; proxy_pass $how://$to:8443; }}"
        for n in range(40)
    )
    found = passes(f"events {{}} http {{ server {{ {locations} }} }}")
    assert [one.targets[0].host for one in found] == [f"{n}.test" for n in range(40)]
    assert all(one.tls for one in found)
