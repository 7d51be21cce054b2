"""Effective settings: value, origin, default by version, and what is not known."""

import pytest

from mtls_lint.nginx.inheritance import Origin, Setting
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import parse_version
from mtls_lint.syntax.loader import load_text


def setting(text: str, name: str, version: str = "1.30.7") -> Setting:
    """The value in the innermost location of the first server, or in the server."""
    configuration = build(load_text(text, "nginx.conf"), parse_version(version))
    server = configuration.servers[0]
    locations = list(server.all_locations())
    return locations[-1].setting(name) if locations else server.setting(name)


def http(outer: str, server: str) -> str:
    return f"events {{}} http {{ {outer} server {{ {server} }} }}"


def test_set_in_the_server() -> None:
    found = setting(http("", "ssl_verify_client on;"), "ssl_verify_client")
    assert (found.value, found.origin, found.overrides) == ("on", Origin.SET, ())


def test_inherited_even_from_behind_the_server() -> None:
    text = "events {} http { server { } ssl_verify_client on; }"
    found = setting(text, "ssl_verify_client")
    assert (found.value, found.origin) == ("on", Origin.INHERITED)
    assert found.span is not None
    assert found.span.column == text.index("ssl_verify_client") + 1


def test_overridden_names_what_it_displaces() -> None:
    found = setting(http("ssl_verify_client on;", "ssl_verify_client off;"), "ssl_verify_client")
    assert (found.value, found.origin) == ("off", Origin.OVERRIDDEN)
    assert [directive.text for directive in found.overrides] == ["ssl_verify_client on"]


def test_one_inner_occurrence_drops_all_outer_ones() -> None:
    outer = "ssl_conf_command Options A; ssl_conf_command MinProtocol TLSv1.2;"
    found = setting(http(outer, "ssl_conf_command Options B;"), "ssl_conf_command")
    assert found.words == ("Options", "B")
    assert len(found.overrides) == 2


def test_locations_inherit_through_all_levels() -> None:
    text = http("", "proxy_ssl_verify on; location / { location /a { } }")
    assert setting(text, "proxy_ssl_verify").origin is Origin.INHERITED


@pytest.mark.parametrize(
    ("version", "protocols"),
    [
        ("1.9.0", "SSLv3 TLSv1 TLSv1.1 TLSv1.2"),
        ("1.9.1", "TLSv1 TLSv1.1 TLSv1.2"),
        ("1.22.1", "TLSv1 TLSv1.1 TLSv1.2"),
        ("1.23.4", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("1.27.2", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("1.27.3", "TLSv1.2 TLSv1.3"),
        ("1.31.3", "TLSv1.2 TLSv1.3"),
    ],
)
def test_the_default_protocols_follow_the_version(version: str, protocols: str) -> None:
    found = setting(http("", "listen 443 ssl;"), "ssl_protocols", version)
    assert (" ".join(found.words), found.origin) == (protocols, Origin.DEFAULT)


def test_repeated_protocols_add_up() -> None:
    found = setting(http("", "ssl_protocols TLSv1.2; ssl_protocols TLSv1.3;"), "ssl_protocols")
    assert found.words == ("TLSv1.2", "TLSv1.3")


def test_a_default_in_a_fragment_is_an_assumption() -> None:
    assert setting("server { listen 443 ssl; }", "ssl_verify_client").assumed
    assert not setting(http("", "listen 443 ssl;"), "ssl_verify_client").assumed


def test_an_include_that_is_absent_makes_what_is_not_set_unknown() -> None:
    text = http("ssl_protocols TLSv1.2;", "include missing/tls.conf; ssl_verify_client on;")
    absent = setting(text, "ssl_ciphers")
    assert absent.unknown is not None
    assert "missing/tls.conf" in absent.unknown.reason
    assert setting(text, "ssl_verify_client").unknown is None
    inherited = setting(text, "ssl_protocols")
    assert inherited.value == "TLSv1.2"
    assert inherited.unknown is not None


def test_mime_types_leave_nothing_unknown() -> None:
    assert setting(http("include mime.types;", ""), "ssl_verify_client").unknown is None
